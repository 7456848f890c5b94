"""Damaged inputs for every reader: a small part here, a longer one with the marker ``corpus``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz import __main__ as command
from tests.fuzz import oracle, run
from tests.fuzz.case import Case
from tests.fuzz.limits import LIMIT
from tests.fuzz.readers import READERS, case
from tests.fuzz.run import Chunk, Tally, run_chunks, work

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of a process as on Linux")
SEED = 20261130
#: Inputs of each share of a reader.
FEW = 2


@pytest.mark.parametrize("reader", READERS)
def test_damaged_inputs_are_read_or_refused(reader: str, tmp_path: Path) -> None:
    count = FEW * READERS[reader].share
    tally = work(Chunk(reader, SEED, range(count)), tmp_path)
    assert [str(fault) for fault in tally.faults] == []
    assert tally.inputs[reader] == count


@pytest.mark.corpus
def test_many_damaged_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    status = command.main(["--seed", str(SEED), "--count", "5000", "--seconds", "35"])
    told = capsys.readouterr().out
    assert status == 0, told
    assert "\n0 faults" in told


@pytest.mark.parametrize("reader", READERS)
def test_a_number_makes_the_same_input_again(reader: str) -> None:
    assert [case(reader, 5, number) for number in range(20)] == [
        case(reader, 5, number) for number in range(20)
    ]
    assert case(reader, 5, 1) != case(reader, 6, 1)


def _broken(monkeypatch: pytest.MonkeyPatch, instead: Callable[..., object]) -> Tally:
    """What a run makes of a dtlink that does something else in the place of a lint."""
    from dtlink.engine import runner

    monkeypatch.setattr(runner, "process", instead)
    monkeypatch.setattr(oracle, "invoke", lambda _: instead())
    tally = Tally()
    for _, each in run_chunks(iter([Chunk("blob", SEED, range(3))]), jobs=1):
        tally.add(each)
    return tally


def test_an_exception_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises() -> None:
        raise StopIteration("within a rule")

    tally = _broken(monkeypatch, raises)
    assert [fault.number for fault in tally.faults] == [0, 1, 2]
    told = str(tally.faults[1])
    assert told.startswith(f"python -m tests.fuzz --reader blob --seed {SEED} --number 1\n")
    assert "StopIteration" in told


def test_too_much_time_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def loops() -> None:
        while True:
            pass

    monkeypatch.setattr(oracle, "LIMIT", LIMIT / 20)
    assert "CPU time" in str(_broken(monkeypatch, loops).faults[2])


def test_too_much_memory_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def grows() -> None:
        bytearray(2 << 30)

    assert "MemoryError" in str(_broken(monkeypatch, grows).faults[0])


def test_a_process_that_is_killed_is_a_fault_and_the_rest_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dies() -> None:
        import os
        import signal

        os.kill(os.getpid(), signal.SIGKILL)

    tally = _broken(monkeypatch, dies)
    assert [(fault.number, fault.told) for fault in tally.faults] == [
        (number, "the process ended: SIGKILL") for number in range(3)
    ]
    assert tally.inputs["blob"] == 3


def test_a_process_that_is_stuck_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setattr(run, "STUCK", 0.3)
    tally = _broken(monkeypatch, lambda: time.sleep(60))
    assert len(tally.faults) == 3


@pytest.mark.parametrize(
    ("printed", "wrong"),
    [
        (oracle.Printed(0, "clean\n", ""), ""),
        (oracle.Printed(3, "", "dtlink: internal fault"), "exit status 3"),
        (oracle.Printed(0, "a\x1b[31mb", ""), "output has '\\x1b'"),
        (oracle.Printed(2, "", "a\u202eb"), "standard error has"),
        (oracle.Printed(2, "", ""), "without a word"),
        (oracle.Printed(0, "x" * (3 << 20), ""), "characters of output"),
    ],
)
def test_what_no_output_may_be(printed: oracle.Printed, wrong: str) -> None:
    found = oracle.wrong(["lint", "a.dtb"], printed, 100, 1)
    assert found.startswith(wrong) if not wrong else wrong in found


def test_a_patch_has_the_bytes_of_its_source() -> None:
    printed = oracle.Printed(1, "-a\rb\x1b\n", "")
    assert not oracle.wrong(["lint", "a.dts", "--diff"], printed, 100, 1)
    assert oracle.wrong(["lint", "a.dts"], printed, 100, 1)


def test_documents_are_parsed_and_compared_with_the_schema() -> None:
    call = ["lint", "a.dtb", "--format", "json"]
    assert "no json" in oracle.wrong(call, oracle.Printed(0, "{", ""), 1, 1)
    assert "not of the schema" in oracle.wrong(call, oracle.Printed(0, "{}", ""), 1, 0)
    call[-1] = "junit"
    assert "no junit" in oracle.wrong(call, oracle.Printed(0, "<a>", ""), 1, 1)


def test_a_fault_is_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.fuzz import shrink

    def run_one(made: Case, _folder: Path) -> oracle.Outcome:
        return oracle.Outcome([], "a fault" if b"bad" in made.files["x"] else "")

    monkeypatch.setattr(shrink, "run", run_one)
    lines = b"\n".join([b"good"] * 20 + [b"very bad line"] + [b"good"] * 20)
    assert shrink.shrunk(Case("log", 1, 1, {"x": lines}, [])).files == {"x": b"bad"}


def _journal(folder: Path, count: int, *more: str) -> int:
    words = ["--reader", "config", "--seed", "7", "--count", str(count), "--journal", str(folder)]
    return command.main([*words, *more])


def test_a_long_run_goes_on_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "warm", lambda _: None)
    monkeypatch.setattr(command, "CHUNK", 4)
    assert _journal(tmp_path, 8, "--first", "2") == 0
    chunks = tmp_path / "chunks.jsonl"
    with chunks.open("a") as file:
        file.write('{"reader": "config", "se')  # as of a run that was killed
    made = run.work

    def seen(chunk: Chunk, *rest: object) -> Tally:
        (tmp_path / str(chunk.numbers)).touch()
        return made(chunk, *rest)

    monkeypatch.setattr(run, "work", seen)
    capsys.readouterr()
    assert _journal(tmp_path, 15) == 0
    assert capsys.readouterr().out.startswith("15 inputs (config 15)")
    ran = sorted(path.name for path in tmp_path.glob("range*"))
    assert ran == ["range(0, 2)", "range(10, 12)", "range(12, 15)"]
    done = [json.loads(each) for each in chunks.read_text().splitlines() if each.endswith("}")]
    assert sorted((each["first"], each["stop"]) for each in done) == [
        (0, 2), (2, 6), (6, 10), (10, 12), (12, 15),
    ]  # fmt: skip
    assert " 15 inputs, " in (tmp_path / "progress.log").read_text()


def test_faults_are_written_when_they_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "warm", lambda _: None)

    def raises(_: object) -> None:
        raise StopIteration("within a rule")

    monkeypatch.setattr(oracle, "invoke", raises)
    assert _journal(tmp_path, 2) == 1
    found = (tmp_path / "faults.log").read_text()
    assert found.startswith("python -m tests.fuzz --reader config --seed 7 --number 0\n")
    assert found.count("StopIteration: within a rule") == 2
    assert "\n2 faults" in capsys.readouterr().out
    assert _journal(tmp_path, 2) == 1  # nothing is left to run: the faults still count
    assert "\n2 faults" in capsys.readouterr().out


def test_what_takes_too_long_once_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first input of a process may load what others find loaded, on a machine at work."""
    took = iter([True, True, False])

    def runs(_case: Case, _folder: Path) -> oracle.Outcome:
        slow = next(took)
        return oracle.Outcome([], "too long" if slow else "", slow)

    monkeypatch.setattr(run, "run", runs)
    assert work(Chunk("config", 7, range(1)), tmp_path).faults == []
