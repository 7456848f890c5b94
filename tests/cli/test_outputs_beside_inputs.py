"""What an output may replace, and which pipes are read: what a user types twice, and `<(…)`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dtlink import reading
from dtlink.firmware.dts import read_text
from tests.cli.conftest import Run
from tests.support.boards import FIXTURES
from tests.support.cached import kept

__all__ = ["kept"]

BOARD = (
    '/ { compatible = "v,soc"; clk: clock { #clock-cells = <0>; compatible = "fixed-clock"; }; };'
)
OVERLAY = '/dts-v1/;\n/plugin/;\n&{/clock} { status = "disabled"; };\n'
LOG = "[    0.000000] Linux version 6.12.0 (a@b)\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    Path("board.dtb").write_bytes(read_text(BOARD).blob)
    Path("boot.log").write_text(LOG, encoding="utf-8")
    Path("tables").mkdir()
    table = next((FIXTURES.parent / "tables").rglob("VIOT.dat"))
    Path("tables/VIOT.dat").write_bytes(table.read_bytes())
    yield tmp_path
    reading.watch(())


@pytest.mark.parametrize("name", ["report.txt", "run.log", "LINT", "out.dat", "tables/report.txt"])
@pytest.mark.parametrize("command", ["lint .", "lint tables board.dtb", "devlink ."])
@pytest.mark.usefixtures("here")
def test_a_report_may_be_written_again(run: Run, command: str, name: str) -> None:
    """Files are opened to see whether they are tables: a report is none."""
    first = run(*command.split(), "-o", name)
    assert first.exit_code in (0, 1), first.stderr
    again = run(*command.split(), "-o", name)
    assert (again.exit_code, again.stderr) == (first.exit_code, first.stderr)


@pytest.mark.parametrize("name", ["report.txt", "LINT", "tables/out.dat", "tables/report.txt"])
@pytest.mark.usefixtures("here", "kept")
def test_a_report_may_be_written_again_where_results_are_kept(run: Run, name: str) -> None:
    board, table = Path("board.dtb").read_bytes(), Path("tables/VIOT.dat").read_bytes()
    for number in range(8):
        Path(f"board{number}.dtb").write_bytes(board)
        Path(f"tables{number}").mkdir()
        Path(f"tables{number}/VIOT.dat").write_bytes(table)
        Path(f"tables{number}/ACPI.dat").write_bytes(table)
    for _ in range(3):
        again = run("lint", ".", "--format", "json", "-o", name)
        assert (again.exit_code, again.stderr) == (0, "")


@pytest.mark.usefixtures("here")
def test_a_table_of_the_folder_is_not_replaced(run: Run) -> None:
    before = Path("tables/VIOT.dat").read_bytes()
    Path("tables/report.txt").symlink_to("VIOT.dat")
    assert run("lint", "tables", "-o", "tables/report.txt").exit_code == 2
    assert Path("tables/VIOT.dat").read_bytes() == before


@contextmanager
def piped(data: bytes) -> Iterator[str]:
    """The name of a pipe with these bytes, as a shell gives one for ``<(…)``."""
    if not Path("/dev/fd").is_dir():
        pytest.skip("this system has no /dev/fd")
    read, write = os.pipe()
    try:
        os.write(write, data)  # less than a pipe holds
        os.close(write)
        yield f"/dev/fd/{read}"
    finally:
        os.close(read)


@pytest.mark.parametrize(
    "command",
    ["lint {}", "why {} /clock", "order {}", "cycles {}", "links {}", "graph {} --format dot"],
)
@pytest.mark.usefixtures("here")
def test_a_pipe_that_is_named_is_read(run: Run, command: str) -> None:
    with piped(Path("board.dtb").read_bytes()) as pipe:
        done = run(*command.format(pipe).split())
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.usefixtures("here")
def test_a_pipe_beside_the_input_is_read(run: Run) -> None:
    with piped(OVERLAY.encode()) as pipe:
        assert run("lint", "board.dtb", "--overlay", pipe).exit_code == 0
    with piped(Path("board.dtb").read_bytes()) as pipe:
        assert run("log", "boot.log", "--dtb", pipe).exit_code == 0


@pytest.mark.usefixtures("here")
def test_a_pipe_that_a_configuration_names_is_not_read(run: Run, here: Path) -> None:
    os.mkfifo("pipe.dtbo")
    Path("dtlink.toml").write_text('overlay = ["pipe.dtbo"]\n', encoding="utf-8")
    done = run("lint", str(here / "board.dtb"))
    assert done.exit_code == 2
    assert "is a pipe or a device" in done.stderr


@pytest.mark.parametrize("command", ["lint -", "why - /clock", "log -", "diff - other.dtb"])
@pytest.mark.usefixtures("here")
def test_standard_input_is_not_replaced(command: str) -> None:
    name = "boot.log" if "log" in command else "board.dtb"
    Path("other.dtb").write_bytes(read_text('/ { compatible = "v,other"; };').blob)
    before = Path(name).read_bytes()
    words = [sys.executable, "-m", "dtlink", *command.split(), "-o", name]
    with open(name, "rb") as stream:
        done = subprocess.run(words, stdin=stream, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "is an input" in done.stderr
    assert Path(name).read_bytes() == before
