"""What the system may refuse: streams, files, memory, the working folder, the time to end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dtlink.cli.writing import opened, write_file
from dtlink.firmware.programs import program
from dtlink.firmware.termination import terminable
from tests.cli.conftest import Run
from tests.support.boards import FIXTURES

BOARD = FIXTURES / "clean-board.dtb"
TABLES = FIXTURES.parent / "tables"
INCOMPLETE = "the output is not complete"


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a shell says of a command, in which ``dtlink`` is this one."""
    return subprocess.run(
        ["/bin/sh", "-c", f'dtlink() {{ "{sys.executable}" -m dtlink "$@"; }}; {command}'],
        cwd=folder,
        # Unbuffered, Python does not see that a pipe took a part only.
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("command", "status", "told"),
    [
        (f"dtlink links {BOARD} >&-", 2, INCOMPLETE),
        (f"dtlink lint --format json {BOARD} >&-", 2, INCOMPLETE),
        (f"dtlink lint {BOARD} nothing.dtb 2>&-", 2, ""),
        ("dtlink lint - <&-", 2, "-: Bad file descriptor"),
        (f"dtlink lint {BOARD} <&-", 0, ""),
        (f"dtlink links {BOARD} <&- >&- 2>&-", 2, ""),
        (f"dtlink lint {BOARD} --format json=report <&- >&- 2>&-", 0, ""),
        ("mkdir gone; cd gone; rmdir ../gone; dtlink lint x.dtb", 2, "the working folder is gone"),
        (f"mkdir gone; cd gone; rmdir ../gone; dtlink lint {BOARD}", 0, ""),
        (f"ulimit -n 12; dtlink lint -j4 {FIXTURES}", 2, "Too many open files"),
    ],
)
def test_one_line_tells_what_is_missing(
    command: str, status: int, told: str, tmp_path: Path
) -> None:
    done = shell(command, tmp_path)
    assert done.returncode == status
    assert told in done.stderr
    assert "bug" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", ["links", "lint --format json", "lint --format jsonl"])
def test_a_full_disk_is_told(command: str, tmp_path: Path) -> None:
    done = shell(f"dtlink {command} {BOARD} > /dev/full", tmp_path)
    assert (done.returncode, INCOMPLETE in done.stderr) == (2, True)
    assert shell("dtlink lint nothing.dtb 2> /dev/full", tmp_path).returncode == 2


def test_closed_streams_do_not_become_files(tmp_path: Path) -> None:
    done = shell(f"dtlink lint --format json=report {BOARD} >&- 2>&-", tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "report").read_text().startswith("{\n")


def interrupted(file: str, number: int) -> None:
    with opened(file) as stream:
        stream.write("half")
        signal.raise_signal(number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_the_old_file_and_no_part(number: int, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text("old")
    # A shell that starts this in the background has SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    hangup = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup
    try:
        with pytest.raises((SystemExit, KeyboardInterrupt)):
            interrupted(str(file), number)
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGHUP, hangup)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"report.json": "old"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_termination_has_the_status_that_shells_report(number: int) -> None:
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit) as stop, terminable():
            signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert stop.value.code == 128 + number


def test_the_handler_of_a_program_that_uses_dtlink_stays() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: seen.append(number))
    try:
        with terminable():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == [signal.SIGTERM]


def test_a_file_that_can_not_be_replaced_stays_without_a_part(tmp_path: Path) -> None:
    import click

    (tmp_path / "out").mkdir()
    with pytest.raises(click.UsageError, match="Is a directory"):
        write_file(b"new", str(tmp_path / "out"))
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_programs_are_found_by_absolute_entries_of_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = tmp_path / "iasl"
    hostile.write_text("#!/bin/sh\n")
    hostile.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for path in (".", "", "bin:.", f"{os.pathsep}"):
        monkeypatch.setenv("PATH", path)
        assert program("iasl") is None
    monkeypatch.setenv("PATH", f".{os.pathsep}{tmp_path}")
    assert program("iasl") == str(hostile)


WRITERS = [
    ("lint board.dtb -o board.dtb", "board.dtb"),
    ("lint folder --format jsonl=folder/../board.dtb board.dtb", "board.dtb"),
    ("lint folder --format json=folder/other.dtb", "folder/other.dtb"),
    ("links board.dtb -o link.dtb", "board.dtb"),
    ("links board.dtb -o hard.dtb", "board.dtb"),
    ("devlink board.dtb -o board.dtb", "board.dtb"),
    ("order board.dtb --format json -o board.dtb", "board.dtb"),
    ("graph board.dtb --format dot -o board.dtb", "board.dtb"),
    ("inspect board.dtb -o board.dtb", "board.dtb"),
    ("diff board.dtb folder/other.dtb -o board.dtb", "board.dtb"),
    ("log boot.log -o boot.log", "boot.log"),
    ("history report.json -o report.json", "report.json"),
    ("preprocess source.dts -o source.dts", "source.dts"),
    ("lint folder -o source.dts", "source.dts"),
    ("devlink folder -o source.dts", "source.dts"),
    ("lint folder -o VIOT.dat", "VIOT.dat"),
]


@pytest.mark.parametrize(("words", "file"), WRITERS)
def test_an_input_is_not_overwritten(
    words: str, file: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name in ("board.dtb", "folder/other.dtb"):
        shutil.copy(BOARD, name)
    Path("link.dtb").symlink_to("board.dtb")
    os.link("board.dtb", "hard.dtb")
    shutil.copy(next(TABLES.rglob("*.dat")), "VIOT.dat")
    Path("source.dts").write_text("/dts-v1/;\n/ { };\n")
    Path("boot.log").write_text("[    0.000000] Linux version 6.12.0\n")
    Path("report.json").write_text(run("lint", "--format", "json", "board.dtb").stdout)
    before = Path(file).read_bytes()
    done = run(*words.split())
    assert (done.exit_code, "is an input" in done.stderr) == (2, True)
    assert Path(file).read_bytes() == before
    assert not list(tmp_path.rglob("*.part"))


def test_a_report_is_overwritten(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report"
    for _ in range(2):
        assert run("lint", str(BOARD), "--format", f"json={file}").exit_code == 0


@pytest.mark.parametrize("words", ["", "kernel"])
def test_a_group_without_a_command_shows_its_help(words: str, tmp_path: Path) -> None:
    done = shell(f"dtlink {words}", tmp_path)
    lines = (done.stdout + done.stderr).splitlines()
    assert "Commands:" in lines
    assert all("\N{REPLACEMENT CHARACTER}" not in line for line in lines)


@pytest.mark.parametrize("command", ["links", "links --format json", "lint --format jsonl"])
def test_a_reader_that_goes_away_is_told_to_the_shell_only(command: str, tmp_path: Path) -> None:
    names = [tmp_path / f"{number}.dts" for number in range(40)]
    clocks = "".join(f"c{n} {{ #clock-cells = <0>; clocks = <&c>; }};" for n in range(200))
    for each in names:
        each.write_text(f"/dts-v1/;\n/ {{ c: clock {{ #clock-cells = <0>; }}; {clocks} }};\n")
    done = shell(f"{{ dtlink {command} *.dts; echo $? >status; }} | head -c 1", tmp_path)
    assert (done.stderr, (tmp_path / "status").read_text()) == ("", "141\n")


def test_source_is_printed_over_source(run: Run, tmp_path: Path) -> None:
    source, printed = tmp_path / "a.dts", tmp_path / "printed.dts"
    source.write_text("/dts-v1/;\n/ { };\n")
    for _ in range(2):
        assert run("preprocess", str(source), "-o", str(printed)).exit_code == 0


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="this system has no /dev/stdout")
def test_standard_output_by_its_name(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    done = shell(f"dtlink links {BOARD} -o /dev/stdout | head -n 1", tmp_path)
    assert (done.stderr, "220 links" in done.stdout) == ("", True)
    shell(f"dtlink lint --format json {BOARD} -o /dev/stdout >> log", tmp_path)
    assert log.read_text().startswith("before\n{\n")
