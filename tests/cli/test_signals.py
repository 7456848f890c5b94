"""Signals at random moments: nothing half-written, nothing left, the status that shells know."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT
from tests.cli.test_two_runs import FOUND, SOURCE
from tests.support.boards import FIXTURES

SEED, MOMENTS = 19, 2
OLD = '{"schema": "old"}\n'
COMMANDS = {
    "report": f"lint -j2 {FIXTURES} --format json -o out",
    "lines": f"lint -j2 {FIXTURES} --format jsonl",
    "fix": "lint b.dts c.dts --fix --unsafe-fixes --select legacy",
    "cache": f"lint -j1 {FIXTURES} --cache-dir cache --format json -o out",
    "graph": f"graph {FIXTURES / 'clean-board.dtb'} --format json -o out",
}
CASES = [
    (number, name, at)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
    for name in COMMANDS
    for at in range(MOMENTS if number != signal.SIGKILL else 1)
]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "out").write_text(OLD)
    for name in ("b.dts", "c.dts"):
        (tmp_path / name).write_text(SOURCE)
    return tmp_path


def _started(folder: Path, command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dtlink", *command.split()],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A shell that starts the tests in the background has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def _session(number: int) -> Iterator[int]:
    """The processes of a session that have not ended."""
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                state, *fields = (each / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if state != "Z" and int(fields[2]) == number:
                yield int(each.name)


def _left(number: int) -> list[int]:
    """Those that have not ended after a while."""
    end = time.monotonic() + 20
    while (there := list(_session(number))) and time.monotonic() < end:
        time.sleep(0.1)
    return there


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")
@pytest.mark.parametrize(("number", "name", "at"), CASES)
def test_nothing_is_left_half_done(number: signal.Signals, name: str, at: int, here: Path) -> None:
    moment = random.Random(f"{SEED} {number} {name} {at}").random()  # noqa: S311 - not a secret
    begun = time.monotonic()
    assert _started(here, COMMANDS[name]).communicate(timeout=120)
    took = time.monotonic() - begun
    for each in ("b.dts", "c.dts"):
        (here / each).write_text(SOURCE)
    (here / "out").write_text(OLD)
    run = _started(here, COMMANDS[name])
    time.sleep(moment * took)
    run.send_signal(number)
    output, errors = run.communicate(timeout=120)
    is_stopped = run.returncode in (-number, 128 + number)
    assert is_stopped or run.returncode in (0, 1), errors
    assert b"bug" not in errors
    assert _left(run.pid) == []
    _check_files(here, is_killed=number == signal.SIGKILL)
    assert output.endswith(b"\n") or not output or number == signal.SIGKILL
    for line in output.splitlines() if name == "lines" and number != signal.SIGKILL else ():
        json.loads(line)


def _check_files(here: Path, *, is_killed: bool) -> None:
    """A report is the old one or a whole one, a source is as it was or fixed."""
    assert json.loads((here / "out").read_text())["schema"] in ("old", "report-1")
    counts = {(here / each).read_text().count("cd-gpios = ") for each in ("b.dts", "c.dts")}
    # Nothing can be done between two files by a process that is killed.
    assert counts <= {0, FOUND}
    assert is_killed or len(counts) == 1
    names = {each.name for each in here.iterdir()} - {"out", "b.dts", "c.dts", "cache"}
    assert is_killed or not names
    parts = [each for each in (here / "cache").glob("*") if "." in each.name]
    assert is_killed or not parts
