"""Lines of ``jsonl`` are written by the process that made the report: the same lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.boards import FIXTURES

ROWS = """/dts-v1/;
/ { compatible = "x,board"; /* dtlink: allow phandle/dangling: not there yet */ };
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Boards with findings and without, one that is none, and one with a comment."""
    for number in range(3):
        for file in sorted(FIXTURES.glob("*.dtb")):
            (tmp_path / f"{number}-{file.name}").write_bytes(file.read_bytes())
    (tmp_path / "2-none.dtb").write_bytes(b"\xd0\x0d\xfe\xed")
    (tmp_path / "3-comment.dts").write_text(ROWS)
    return tmp_path


def lint(folder: Path, *given: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "dtlink", "lint", "--no-cache", "--format", "jsonl"]
    return subprocess.run([*command, *given, str(folder)], capture_output=True, check=False)


@pytest.mark.parametrize("more", [(), ("--fail-on", "never")])
def test_the_lines_are_those_of_one_process(folder: Path, more: tuple[str, ...]) -> None:
    # With another format beside it the reports come whole, and are written where they are gathered.
    expected = lint(folder, "-j1", f"--format=json={folder / 'report.json'}", *more)
    for jobs in ("-j1", "-j2", "-j3"):
        done = lint(folder, jobs, *more)
        assert done.stdout == expected.stdout
        assert done.stderr == expected.stderr
        assert done.returncode == expected.returncode == 2


def test_what_is_in_a_baseline_is_not_written(folder: Path) -> None:
    baseline = str(folder / "baseline.json")
    for name in ("2-none.dtb", "3-comment.dts"):
        (folder / name).unlink()
    assert lint(folder, "--baseline", baseline, "--write-baseline").returncode in (0, 1)
    done = lint(folder, "-j2", "--baseline", baseline)
    assert done.returncode == 0
    assert b'"findings":[{' not in done.stdout
    assert len(done.stdout.splitlines()) == 3 * len(list(FIXTURES.glob("*.dtb")))
