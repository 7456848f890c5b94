"""Workers of dask, which are killed and replaced while they lint."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dtlink
from dtlink.cli.main import cli
from dtlink.engine.cluster import ClusterExecutor, check, connected
from dtlink.engine.executors import ExecutorError
from dtlink.report.json import line
from tests.support.boards import FIXTURES

distributed = pytest.importorskip("distributed", reason="dask is not installed (dtlink[dask])")

FILES = [*sorted(FIXTURES.glob("*.dtb")), FIXTURES / "none.dtb"]


class Poison(distributed.WorkerPlugin):  # type: ignore[misc,name-defined]
    """Stands for a fault in C: a worker that opens a certain file is no more."""

    name = "poison"

    def setup(self, worker: Any) -> None:
        del worker
        sys.addaudithook(lambda event, given: _end(given[0]) if event == "open" else None)


def _end(path: Any) -> None:
    if str(path).endswith("poison.dtb"):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    import dask

    with (
        # A machine under load takes its time to replace a worker.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "600s"}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=60
        ) as made,
        distributed.Client(made, set_as_default=False),
    ):
        yield made


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster, set_as_default=False) as made:
        made.wait_for_workers(2, timeout=60)
        yield made


@pytest.fixture
def address(cluster: Any) -> str:
    return str(cluster.scheduler_address).replace("tcp://", "dask://")


def run(*given: object) -> Any:
    return CliRunner().invoke(cli, [str(each) for each in given])


def lines(reports: Any) -> list[str]:
    return [line(dtlink.Report("lint", [each])) for each in reports]


def test_a_client_makes_the_same_reports(client: Any) -> None:
    expected = dtlink.lint(FILES, config=False)
    executor = client.get_executor()
    assert dtlink.lint(FILES, config=False, executor=executor) == expected
    found = dtlink.lint_iter(FILES * 3, config=False, executor=executor)
    assert lines(found) == lines(expected.inputs) * 3


def test_the_command_writes_the_same_bytes(address: str) -> None:
    given = ("lint", "--no-config", "--format", "json", *map(str, FILES))
    there, here = run(*given, "--executor", address), run(*given)
    assert there.stdout == here.stdout
    assert there.exit_code == here.exit_code == 2
    assert there.stderr == here.stderr


def test_workers_may_be_killed_and_replaced(client: Any) -> None:
    paths = FILES * 100
    expected = lines(dtlink.lint(FILES, config=False).inputs) * 100
    killed: list[int] = []
    over = threading.Event()
    killer = threading.Thread(target=_kill, args=(client, killed, over))
    killer.start()
    try:
        found = dtlink.lint_iter(paths, config=False, executor=client.get_executor(), batch=4)
        assert lines(found) == expected
    finally:
        over.set()
        killer.join()
    assert killed


def _kill(client: Any, killed: list[int], over: threading.Event) -> None:
    """Kill one of the workers, again and again."""
    chance = random.Random(19)  # noqa: S311
    while not over.wait(0.1 if not killed else 0.5 + chance.random()):
        number = chance.choice([*client.run(os.getpid, on_error="ignore").values(), 0])
        if number and not over.is_set():
            os.kill(number, signal.SIGKILL)
            killed.append(number)


def test_an_input_that_kills_each_worker_is_named(client: Any, tmp_path: Path) -> None:
    client.register_plugin(Poison())
    names = [f"{number}.dtb" for number in range(12)]
    names[5] = "poison.dtb"
    for name in names:
        (tmp_path / name).write_bytes(FILES[0].read_bytes())
    paths = [tmp_path / name for name in names]
    try:
        executor = client.get_executor()
        found = list(dtlink.lint_iter(paths, config=False, executor=executor, batch=3))
    finally:
        client.unregister_worker_plugin("poison")
        client.restart()
    assert [each.path for each in found] == [str(path) for path in paths]
    assert [each.name for each in found if each.error] == [str(paths[5])]
    error = found[5].error
    assert error is not None
    assert error.message == "the worker that read it was lost each time (KilledWorker)"
    assert error.bug


class _Client:
    """A client of a scheduler without dtlink, or with another version of it."""

    def __init__(self, scheduler: object, worker: object) -> None:
        self._scheduler = scheduler
        self._worker = worker

    def run_on_scheduler(self, *_: object) -> object:
        if isinstance(self._scheduler, Exception):
            raise self._scheduler
        return self._scheduler

    def run(self, *_: object, **__: object) -> dict[str, object]:
        return {"tcp://a:1": dtlink.__version__, "tcp://b:2": self._worker}


@pytest.mark.parametrize(
    ("scheduler", "worker", "told"),
    [
        (ModuleNotFoundError("dtlink"), dtlink.__version__, "the scheduler has no dtlink"),
        (dtlink.__version__, "0.0.1", "the worker tcp://b:2 has dtlink 0.0.1"),
        (dtlink.__version__, ModuleNotFoundError("dtlink"), "the worker tcp://b:2 has no dtlink"),
    ],
)
def test_a_worker_that_could_answer_nothing_is_named(
    scheduler: object, worker: object, told: str
) -> None:
    with pytest.raises(ExecutorError, match=told):
        check(_Client(scheduler, worker))


def test_a_place_where_nothing_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtlink.engine.cluster._PATIENCE", 0.5)
    result = run("lint", str(FILES[0]), "--executor", "dask://127.0.0.1:9")
    assert result.exit_code == 2
    assert result.stderr.startswith("dtlink: dask://127.0.0.1:9: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_scheduler_that_ends() -> None:
    with distributed.LocalCluster(
        n_workers=0, dashboard_address=":0", silence_logs=60, protocol="tcp"
    ) as made:
        address = made.scheduler_address.replace("tcp://", "dask://")
        with connected(address) as executor:
            assert isinstance(executor, ClusterExecutor)
            assert not executor.has_workers
            call = executor.submit(len, "")
            made.close()
            with pytest.raises(ExecutorError, match="the scheduler is lost"):
                call.result()
