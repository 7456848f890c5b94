"""Work in order on executors of every kind, whose workers are lost."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dtlink.engine.executors import workers_of
from dtlink.engine.ordered import Work, in_order
from dtlink.engine.pool import Processes

POISON = -1


def double(chunk: Sequence[int]) -> list[int]:
    if POISON in chunk:
        signal.raise_signal(signal.SIGKILL)
    return [2 * number for number in chunk]


def double_at_the_second_try(folder: str, chunk: Sequence[int]) -> list[int]:
    """A process that is killed once for each chunk, whatever is in it."""
    with suppress(FileExistsError):
        Path(folder, str(chunk[0])).touch(exist_ok=False)
        signal.raise_signal(signal.SIGKILL)
    return double(chunk)


def lost(item: int, how: str) -> str:
    return f"{item}: {how}"


def chunks(items: Sequence[int], size: int = 3) -> Iterator[Sequence[int]]:
    return (items[at : at + size] for at in range(0, len(items), size))


def executors() -> dict[str, Any]:
    fork, spawn = map(multiprocessing.get_context, ("fork", "spawn"))
    return {
        "own": partial(Processes, 2),
        "interpreters": partial(Processes, 2, fork=False),
        "threads": partial(ThreadPoolExecutor, 2),
        "fork": partial(ProcessPoolExecutor, 2, mp_context=fork),
        "spawn": partial(ProcessPoolExecutor, 2, mp_context=spawn),
    }


@pytest.fixture(params=executors())
def executor(request: pytest.FixtureRequest) -> Iterator[Any]:
    with executors()[request.param]() as made:
        yield made


@pytest.fixture(params=["own", "interpreters", "fork", "spawn"])
def processes(request: pytest.FixtureRequest) -> Iterator[Any]:
    with executors()[request.param]() as made:
        yield made


@pytest.fixture
def spare() -> Iterator[Any]:
    with Processes(2) as made:
        yield lambda: made


def test_results_are_in_order(executor: Executor) -> None:
    items = list(range(100))
    assert list(in_order(chunks(items), Work(double, lost), executor)) == double(items)
    assert workers_of(executor) == 2


def test_an_endless_source_is_read_as_far_as_it_is_wanted(executor: Executor) -> None:
    read: list[int] = []
    source = ([number] for number in itertools.count() if read.append(number) is None)
    results = in_order(source, Work(double, lost), executor, in_flight=5)
    assert [next(results) for _ in range(20)] == double(range(20))
    results.close()
    assert 20 <= len(read) <= 26


def test_an_item_that_no_worker_survives_is_named(processes: Any, spare: Any) -> None:
    items = [*range(10), POISON, *range(10, 20), POISON]
    *found, last = in_order(chunks(items), Work(double, lost), processes, spare)
    others = [each for each in found if not isinstance(each, str)]
    assert others == double(range(20))
    assert {found[10], last} == {"-1: the process that read it was killed by SIGKILL"}


def test_what_a_lost_worker_had_is_done_again(processes: Any, spare: Any, tmp_path: Path) -> None:
    work = Work(partial(double_at_the_second_try, str(tmp_path)), lost)
    assert list(in_order(chunks(range(12)), work, processes, spare)) == double(range(12))
    assert len(list(tmp_path.iterdir())) >= 4


class _Losing:
    """An executor that raises what some others raise for a lost worker, each time."""

    def __init__(self, error: Exception, first: int = 2) -> None:
        self._error = error
        self._good = first

    def submit(self, function: Any, /, *arguments: Any) -> Any:
        from concurrent.futures import Future

        future: Future[Any] = Future()
        self._good -= 1
        if self._good < 0:
            future.set_exception(self._error)
        else:
            future.set_result(function(*arguments))
        return future


class KilledWorker(Exception):  # noqa: N818 - the name that dask has for it
    pass


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            KilledWorker("at tcp://host:1"),
            "the worker that read it was lost each time (KilledWorker)",
        ),
        (TypeError("no such result"), "TypeError: no such result"),
    ],
)
def test_what_is_raised_for_some_calls_is_about_their_items(error: Exception, told: str) -> None:
    found = list(in_order(chunks(range(9)), Work(double, lost), _Losing(error)))
    assert found == [*double(range(6)), *(f"{number}: {told}" for number in (6, 7, 8))]


def test_workers_that_can_do_nothing_end_the_run() -> None:
    for error in (ModuleNotFoundError("No module named 'dtlink'"), _caused(ImportError("x"))):
        with pytest.raises(type(error)):
            list(in_order(chunks(range(9)), Work(double, lost), _Losing(error, first=0)))


def _caused(cause: Exception) -> Exception:
    error = RuntimeError("the task was not read")
    error.__cause__ = cause
    return error


def test_a_call_that_is_taken_back_ends_the_run() -> None:
    from concurrent.futures import CancelledError

    with pytest.raises(CancelledError):
        list(in_order(chunks(range(12)), Work(double, lost), _Losing(CancelledError())))


def test_an_executor_that_was_shut_down_ends_the_run() -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(RuntimeError, match="shutdown"):
        list(in_order(chunks(range(3)), Work(double, lost), executor, spare=os.abort))
