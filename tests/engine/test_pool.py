"""The executor of dtlink's own: processes, forked or not, any of which may end."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

import dtlink
from dtlink.engine import ending
from dtlink.engine.pool import Processes
from dtlink.engine.worker import WorkerLostError, may_fork


@pytest.fixture(params=[True, False], ids=["fork", "interpreter"])
def pool(request: pytest.FixtureRequest) -> Iterator[Processes]:
    with Processes(2, fork=request.param) as made:
        yield made


def test_calls_return_what_the_functions_return(pool: Processes) -> None:
    calls = [pool.submit(divmod, number, 3) for number in range(10)]
    assert [call.result() for call in reversed(calls)] == [
        divmod(n, 3) for n in reversed(range(10))
    ]
    assert all(call.done() for call in calls)


def test_a_call_raises_what_the_function_raises(pool: Processes) -> None:
    failed, done = pool.submit(divmod, 1, 0), pool.submit(divmod, 1, 1)
    with pytest.raises(ZeroDivisionError):
        failed.result()
    assert done.result() == (1, 0)


def test_what_cannot_be_sent_is_raised(pool: Processes) -> None:
    there, back = pool.submit(lambda: None), pool.submit(threading.Lock)
    for call in (there, back):
        with pytest.raises(Exception, match="pickle"):
            call.result()
    assert pool.submit(len, "abc").result() == 3


def test_the_process_that_ends_is_known_and_the_others_go_on(pool: Processes) -> None:
    killed = pool.submit(signal.raise_signal, signal.SIGKILL)
    ended = pool.submit(os._exit, 7)
    done = [pool.submit(divmod, number, 3) for number in range(4)]
    with pytest.raises(WorkerLostError, match="was killed by SIGKILL"):
        killed.result()
    with pytest.raises(WorkerLostError, match="ended with 7"):
        ended.result()
    assert [call.result() for call in done] == [divmod(number, 3) for number in range(4)]


def test_a_process_that_is_killed_while_it_waits(pool: Processes) -> None:
    killed = pool.submit(os.getpid).result()
    os.kill(killed, signal.SIGKILL)
    while _is_there(killed):
        time.sleep(0.01)
    # It did not end because of a call: none is lost with it.
    assert pool.submit(os.getpid).result() != killed


def test_what_has_not_begun_can_be_cancelled() -> None:
    with Processes(1) as pool:
        running, waiting = pool.submit(time.sleep, 0.1), pool.submit(len, "")
        assert waiting.cancel()
        assert not running.cancel()
        assert running.result() is None
        with pytest.raises(RuntimeError, match="cancelled"):
            waiting.result()


def test_the_end_of_the_pool_is_the_end_of_what_its_processes_do(pool: Processes) -> None:
    number = pool.submit(os.getpid).result()
    sleeping = [pool.submit(time.sleep, 60) for _ in range(2)]
    began = time.monotonic()
    pool.shutdown()
    assert time.monotonic() - began < 10
    for call in sleeping:
        with pytest.raises(RuntimeError, match="ended"):
            call.result()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_processes_end_with_the_one_that_made_them() -> None:
    script = (
        "import os, sys; from dtlink.engine.pool import Processes\n"
        "pool = Processes(2)\n"
        "calls = [pool.submit(os.getpid) for _ in range(2)]\n"
        "print(*[call.result() for call in calls], flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    numbers = [int(each) for each in done.stdout.split()]
    assert numbers
    deadline = time.monotonic() + 10
    while any(map(_is_there, numbers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_is_there, numbers))


def _is_there(number: int) -> bool:
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_process_with_threads_is_not_forked() -> None:
    leave = threading.Event()
    thread = threading.Thread(target=leave.wait)
    thread.start()
    try:
        assert not may_fork()
    finally:
        leave.set()
        thread.join()


def test_a_new_interpreter_takes_no_module_of_the_working_folder(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    Path(str(tmp_path), "signal.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(str(tmp_path))
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    with Processes(1, fork=False) as pool:
        assert pool.submit(len, "abc").result() == 3


def test_the_collector_of_this_process_stays_as_it_is(pool: Processes) -> None:
    was = gc.isenabled(), gc.get_freeze_count()
    pool.submit(len, "abc").result()
    assert (gc.isenabled(), gc.get_freeze_count()) == was


def test_the_processes_of_a_pool_end_beside_those_of_another() -> None:
    """A fork of a later pool holds no pipe of an earlier one: that would never see its end."""
    first = Processes(1)
    assert first.submit(len, "ab").result() == 2
    with Processes(1) as second:
        assert second.submit(len, "abc").result() == 3
        begun = time.monotonic()
        first.shutdown()
        assert time.monotonic() - begun < 20


@pytest.fixture
def child() -> Iterator[Callable[[], int]]:
    """A fork of this process that has nothing to do with pools; it is made after their workers."""
    made: list[int] = []

    def fork() -> int:
        number = os.fork()
        if not number:
            time.sleep(60)
            os._exit(0)
        made.append(number)
        return number

    yield fork
    for number in made:
        os.kill(number, signal.SIGKILL)
        os.waitpid(number, 0)


def test_a_child_that_holds_the_pipes_delays_nothing(
    pool: Processes, child: Callable[[], int]
) -> None:
    assert [pool.submit(len, "ab").result() for _ in range(2)] == [2, 2]
    child()
    begun = time.monotonic()
    pool.shutdown()
    assert time.monotonic() - begun < ending._PATIENCE


def test_a_killed_process_is_seen_beside_other_pools_and_children(
    pool: Processes, child: Callable[[], int]
) -> None:
    number, sleeping = pool.submit(os.getpid).result(), pool.submit(time.sleep, 60)
    with Processes(1) as second:
        assert second.submit(len, "abc").result() == 3
        child()
        os.kill(number, signal.SIGKILL)
        with pytest.raises(WorkerLostError, match="was killed by SIGKILL"):
            sleeping.result()
        assert pool.submit(len, "ab").result() == 2
        assert second.submit(len, "abc").result() == 3


@pytest.mark.parametrize("calls", [0, 1])
def test_a_process_that_is_stopped_is_killed(
    pool: Processes, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    monkeypatch.setattr(ending, "_PATIENCE", 0.1)
    number = pool.submit(os.getpid).result()
    for _ in range(calls):
        pool.submit(time.sleep, 60)
    os.kill(number, signal.SIGSTOP)
    pool.shutdown()
    assert not _is_there(number)


def test_two_runs_that_are_alive_together(tmp_path: Path) -> None:
    """As the reports of one are compared with those of the other."""
    (tmp_path / "a.dts").write_text("/dts-v1/; / { };")
    inputs = [tmp_path / "a.dts"] * 4
    first, second = (dtlink.lint_iter(inputs, jobs=2, batch=1, config=False) for _ in range(2))
    pairs = list(zip_longest(first, second))
    assert len(pairs) == 4
    assert all(one == other for one, other in pairs)
    first, second = (dtlink.lint_iter(inputs, jobs=2, batch=1, config=False) for _ in range(2))
    assert next(first) == next(second)
    first.close()
    assert len(list(second)) == 3
