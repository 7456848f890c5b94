"""``lint_iter()``, and ``lint(executor=…)``: the same reports wherever they are made."""

from __future__ import annotations

import io
import itertools
import json
import multiprocessing
import os
import pickle
import shutil
import signal
import sys
import tarfile
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import dtlink
from dtlink.report.json import line
from tests.support.boards import FIXTURES

BOARDS = FIXTURES
FILES = [*sorted(BOARDS.glob("*.dtb")), BOARDS / "phandle-faults.dts", FIXTURES / "none.dtb"]


def lines(reports: Iterable[dtlink.InputReport]) -> list[str]:
    """Reports as they go out."""
    return [line(dtlink.Report("lint", [each])) for each in reports]


def pools() -> dict[str, Any]:
    fork, spawn = map(multiprocessing.get_context, ("fork", "spawn"))
    return {
        "threads": partial(ThreadPoolExecutor, 3),
        "fork": partial(ProcessPoolExecutor, 2, mp_context=fork),
        "spawn": partial(ProcessPoolExecutor, 2, mp_context=spawn),
    }


@pytest.fixture(params=pools())
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with pools()[request.param]() as made:
        yield made


@pytest.fixture(scope="module")
def expected() -> list[str]:
    return lines(dtlink.lint(FILES, config=False).inputs)


def test_the_reports_are_those_of_lint(expected: list[str]) -> None:
    """An input that comes again is linted again: it keeps no list of them."""
    assert lines(dtlink.lint_iter(FILES * 5, config=False)) == expected * 5
    assert lines(dtlink.lint_iter(FILES * 5, config=False, jobs=2)) == expected * 5


def test_an_executor_makes_the_same_reports(executor: Executor, expected: list[str]) -> None:
    assert lines(dtlink.lint_iter(FILES * 5, config=False, executor=executor)) == expected * 5
    report = dtlink.lint(FILES * 5, config=False, executor=executor)
    assert lines(report.inputs) == expected
    assert report == dtlink.lint(FILES * 5, config=False)


def test_bytes_are_read_as_the_file_that_they_are(executor: Executor) -> None:
    blob = (BOARDS / "phandle-faults.dtb").read_bytes()
    named = list(dtlink.lint_iter([("x.dtb", blob), blob, b""], executor=executor, config=False))
    assert [each.path for each in named] == ["x.dtb", "input", "input"]
    (alone,) = dtlink.Board.read(blob, name="x.dtb").lint().inputs
    assert named[0].findings == named[1].findings
    assert [each.message for each in named[0].findings] == [each.message for each in alone.findings]
    assert named[2].error is not None
    assert named[2].error.message == "an empty file"


def test_a_name_of_bytes_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.dts").write_text('/dts-v1/; / { compatible = "x,disk"; };')
    given = b'/dts-v1/; / { compatible = "x,given"; };'
    (report,) = dtlink.lint_iter([("a.dts", given)])
    assert report.compatible == ("x,given",)


def test_a_folder_and_an_archive_mean_what_is_in_them(tmp_path: Path) -> None:
    folder = tmp_path / "boards"
    folder.mkdir()
    names = ("clean-board.dtb", "phandle-faults.dtb")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in names:
            (folder / name).write_bytes((BOARDS / name).read_bytes())
            archive.add(folder / name, name)
    file = tmp_path / "boards.tar"
    file.write_bytes(packed.getvalue())
    first, *others = dtlink.lint([folder, file], config=False).inputs
    (empty := tmp_path / "empty").mkdir()
    given = [folder, file, first.input, ("boards.tar", packed.getvalue()), empty]
    found = list(dtlink.lint_iter(given, config=False))
    assert lines(found[:4]) == lines([first, *others])
    assert lines(found[4:5]) == lines([first])
    assert [each.name for each in found[5:7]] == [f"boards.tar!{name}" for name in names]
    assert [each.findings for each in found[5:7]] == [each.findings for each in found[2:4]]
    assert found[7].error is not None
    assert found[7].exit_status(None) == 2


def test_settings_and_options_hold_for_each_input(tmp_path: Path) -> None:
    path = BOARDS / "phandle-faults.dtb"
    settings = dtlink.Settings(kernel_version=dtlink.KernelVersion(5, 10))
    for given in ({"settings": settings}, {"kernel_version": "5.10"}):
        (found,) = dtlink.lint_iter([path], select="phandle/dangling", config=False, **given)
        whole = dtlink.lint(path, select="phandle/dangling", kernel_version="5.10", config=False)
        assert found.kernel == whole.kernel == {"version": "5.10"}
        assert lines([found._replace(kernel=None)]) == lines(whole.inputs)
    file = tmp_path / "dtlink.toml"
    file.write_text('select = ["phandle/duplicate-phandle"]')
    (found,) = dtlink.lint_iter([path], config=file, jobs=2)
    assert {each.rule for each in found.findings} <= {"phandle/duplicate-phandle"}


def test_each_report_has_its_kernel(tmp_path: Path) -> None:
    """There is no report of the run, whose kernel the others have."""
    for name, version in (("new", "6.18"), ("old", "5.10")):
        (tmp_path / name).mkdir()
        shutil.copy(BOARDS / "clean-board.dtb", tmp_path / name)
        (tmp_path / name / "dtlink.toml").write_text(f'kernel-version = "{version}"')
    inputs = [tmp_path, BOARDS / "clean-board.dtb", ("sent.dtb", FILES[0].read_bytes())]
    for jobs in (1, 2):
        found = [each.kernel for each in dtlink.lint_iter(inputs, jobs=jobs)]
        assert found == [{"version": "6.18"}, {"version": "5.10"}, None, None]
    whole = dtlink.lint(tmp_path)
    assert [each.kernel for each in whole.inputs] == found[:2]


def test_an_endless_source_is_read_no_further_than_it_has_to(executor: Executor) -> None:
    read: list[Path] = []

    def endless() -> Iterator[Path]:
        for path in itertools.cycle(FILES):
            read.append(path)
            yield path

    reports = dtlink.lint_iter(endless(), executor=executor, config=False, batch=3, in_flight=4)
    assert not read
    found = [next(reports) for _ in range(50)]
    assert [each.path for each in found] == [str(each) for each in read[:50]]
    assert len(read) <= 50 + 3 * 5
    reports.close()


def test_inputs_that_come_slowly_do_not_wait_for_one_another() -> None:
    arrived = []

    def slow() -> Iterator[Path]:
        for number in range(4):
            threading.Event().wait(0.1)
            arrived.append(number)
            yield FILES[0]

    with ThreadPoolExecutor(1) as executor:
        reports = dtlink.lint_iter(slow(), executor=executor, in_flight=1, config=False)
        next(reports)
    assert len(arrived) == 1


class SourceError(Exception):
    """What the source of inputs raises."""


def _inputs_until_an_error(number: int) -> Iterator[Path]:
    for _ in range(number):
        yield FILES[0]
    raise SourceError


@pytest.mark.parametrize("number", [0, 7])
@pytest.mark.parametrize("batch", [1, 3, 16])
@pytest.mark.parametrize("kind", ["here", "processes", "threads"])
def test_what_the_inputs_raise_comes_after_their_reports(
    kind: str, batch: int, number: int
) -> None:
    with ThreadPoolExecutor(2) as threads:
        options: dict[str, Any] = {
            "here": {},
            "processes": {"jobs": 2},
            "threads": {"executor": threads},
        }[kind]
        inputs = _inputs_until_an_error(number)
        reports = dtlink.lint_iter(inputs, batch=batch, config=False, **options)
        found = list(itertools.islice(reports, number))
        assert [each.path for each in found] == [str(FILES[0])] * number
        with pytest.raises(SourceError):
            next(reports)
        assert list(reports) == []


def test_an_input_that_is_none_is_refused_after_the_reports_before_it() -> None:
    reports = dtlink.lint_iter([FILES[0], 3], jobs=2, config=False)  # type: ignore[list-item]
    assert next(reports).path == str(FILES[0])
    with pytest.raises(TypeError, match="not int"):
        next(reports)


def test_reports_can_be_sent(expected: list[str]) -> None:
    reports = dtlink.lint(FILES, config=False).inputs
    assert lines(pickle.loads(pickle.dumps(reports))) == expected[: len(FILES)]  # noqa: S301


def poisoned(path: str) -> None:
    """Stands for a fault in C that an input triggers: reading the file ends the process."""
    if path.endswith("poison.dtb") and multiprocessing.parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)


def poison() -> None:
    """An initializer: what ends processes that read a certain file."""
    sys.addaudithook(lambda event, given: poisoned(str(given[0])) if event == "open" else None)


@pytest.mark.filterwarnings("ignore:the executor has broken")
def test_a_poisonous_input_is_named(tmp_path: Path) -> None:
    names = [f"{number:02}.dtb" for number in range(20)]
    names[7] = "poison.dtb"
    for name in names:
        (tmp_path / name).write_bytes((BOARDS / "phandle-faults.dtb").read_bytes())
    paths = [tmp_path / name for name in names]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, initializer=poison) as executor:
        found = list(dtlink.lint_iter(paths, executor=executor, config=False, batch=4))
    # The standard pool breaks; the rest is done in processes that the poison does not harm.
    assert lines(found) == lines(dtlink.lint(paths, config=False).inputs)


def lint_in_a_daemon(paths: list[str], answers: Any) -> None:
    answers.put(json.dumps(lines(dtlink.lint(paths, config=False, jobs=2).inputs)))


def test_a_daemonic_process_may_lint_in_several(expected: list[str]) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    paths = [str(each) for each in FILES]
    process = context.Process(target=lint_in_a_daemon, args=(paths, answers), daemon=True)
    process.start()
    assert json.loads(answers.get()) == expected[: len(FILES)]
    process.join()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"inputs": "board.dtb"}, "inputs: several are needed"),
        ({"inputs": b""}, "inputs: several are needed"),
        ({"inputs": [], "executor": 3}, "executor: what has submit"),
        ({"inputs": [], "batch": 0}, "batch: a number is needed, 1 or more"),
        ({"inputs": [], "in_flight": -1}, "in_flight: a number is needed, 0 or more"),
        ({"inputs": [], "baseline": "x"}, "baseline: lint"),
        ({"inputs": [], "jobs": -1}, "jobs: a number of processes"),
        ({"inputs": [], "select": "no/rule"}, "no/rule"),
        (
            {"inputs": [], "settings": dtlink.Settings(root="/a"), "root": "/b"},
            "root: it is given twice",
        ),
    ],
)
def test_what_is_refused_is_refused_at_once(given: dict[str, Any], told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=told):
        dtlink.lint_iter(**given)


def test_a_kernel_that_cannot_be_read_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(dtlink.InputError, match="none"):
        list(dtlink.lint_iter([FILES[0]], kernel=tmp_path / "none"))


def go(folder: str) -> None:
    os.chdir(folder)


def test_workers_elsewhere_do_not_take_a_path_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(BOARDS)
    there = partial(ProcessPoolExecutor, 1, initializer=go, initargs=(str(tmp_path),))
    with there() as executor:
        for lint in (dtlink.lint, dtlink.lint_iter):
            with pytest.raises(dtlink.ExecutorError, match=r"clean-board\.dtb is seen from"):
                list(lint(["clean-board.dtb"], executor=executor))  # type: ignore[operator]
        (found,) = dtlink.lint_iter([BOARDS / "clean-board.dtb"], executor=executor)
        assert found.error is None


def pretend(version: str) -> None:
    from dtlink.engine import remote

    remote.__version__ = version


def test_workers_of_another_version_are_refused() -> None:
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(
            1, mp_context=context, initializer=pretend, initargs=("0.0.1",)
        ) as executor,
        pytest.raises(dtlink.ExecutorError, match=r"has dtlink 0\.0\.1"),
    ):
        list(dtlink.lint_iter(FILES, executor=executor))
