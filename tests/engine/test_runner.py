"""Many inputs in several processes, some of which do not survive."""

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from dtlink import engine
from dtlink.firmware.tree import Tree

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "boards"


def count(tree: Tree) -> dict[str, Any]:
    return {"view": len(tree)}


def kill(tree: Tree) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return count(tree)


def stop(tree: Tree) -> dict[str, Any]:
    os._exit(7)
    return count(tree)


def kill_while_answering(tree: Tree) -> dict[str, Any]:
    """More than a pipe holds, sent by a process that a moment later is no more."""
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return {"view": bytes(50_000_000), "references": len(tree), "notes": [Slow()]}


class Slow:
    """Takes its time to be sent."""

    def __reduce__(self) -> tuple[Any, ...]:
        time.sleep(0.5)
        return Slow, ()


def fail(tree: Tree) -> dict[str, Any]:
    raise ZeroDivisionError(len(tree) and "no")


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Forty blobs, in chunks of five for two processes."""
    blob = (FIXTURES / "clean-board.dtb").read_bytes()
    made = [tmp_path / f"{number:02}.dtb" for number in range(40)]
    for path in made:
        path.write_bytes(blob)
    return [str(path) for path in made]


def reports_with(paths: list[str], harm: Any, *places: int, jobs: int = 2) -> list[Any]:
    harmed = {paths[place] for place in places}
    return list(
        engine.run(
            paths, lambda each: engine.Task(harm if each.path in harmed else count), jobs=jobs
        )
    )


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (kill, "was killed by SIGKILL"),
        (kill_while_answering, "was killed by SIGKILL"),
        (stop, "ended with 7"),
    ],
)
def test_a_process_that_ends_is_told_for_its_input(paths: list[str], harm: Any, told: str) -> None:
    reports = reports_with(paths, harm, 3, 17)
    assert [report.path for report in reports] == paths
    lost = [number for number, report in enumerate(reports) if report.error]
    assert lost == [3, 17]
    assert told in reports[3].error.message
    assert all(report.view for number, report in enumerate(reports) if number not in lost)
    assert {report.exit_status(None) for report in reports} == {0, 3}


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_unforeseen_exception_is_told_for_its_input(paths: list[str], jobs: int) -> None:
    reports = reports_with(paths, fail, 39, jobs=jobs)
    assert [bool(report.error) for report in reports] == [False] * 39 + [True]
    assert reports[39].error.message == "ZeroDivisionError: no"
    assert reports[39].exit_status(None) == 3


def test_each_path_may_have_its_own_task(paths: list[str]) -> None:
    reports = engine.run(
        paths[:2], lambda each: engine.Task(count if each.path == paths[0] else fail), jobs=1
    )
    assert [bool(report.error) for report in reports] == [False, True]


def test_the_disk_is_the_same_one_in_another_process() -> None:
    import pickle

    from dtlink.firmware.storage import DISK
    from dtlink.firmware.text_edits import EditedDisk

    def sent(disk: object) -> Any:
        return pickle.loads(pickle.dumps(disk))  # noqa: S301 - as to a process of the pool

    assert sent(DISK) is DISK
    assert sent(EditedDisk({"x": b"1"})).read("x", 9) == b"1"
