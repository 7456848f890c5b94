"""What options name besides inputs: looked at once, and refused if it can't be of use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dtlink import cache
from tests.cli.conftest import ROOT, Run


@pytest.fixture
def boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fixtures: Path) -> Path:
    """A working folder with two boards in a folder, and a kernel's configuration."""
    monkeypatch.chdir(tmp_path)
    folder = Path("boards")
    folder.mkdir()
    for name in ("a.dtb", "b.dtb"):
        shutil.copy(fixtures / "clean-board.dtb", folder / name)
    Path("config").write_text("CONFIG_MODULES=y\n")
    return folder


@pytest.mark.parametrize("command", ["lint", "drivers", "modules"])
@pytest.mark.parametrize(
    "options",
    [
        ("--kernel", "gone"),
        ("--kernel", "config", "--initramfs", "gone"),
        ("--kernel", "config", "--kernel-index", "gone"),
        ("--kernel", "config", "--overlay", "gone"),
    ],
    ids=" ".join,
)
def test_a_file_of_an_option_that_is_not_there_is_reported_once(
    run: Run, boards: Path, command: str, options: tuple[str, ...]
) -> None:
    result = run(command, boards, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("dtlink: gone: ")
    assert result.stderr.lower().count("no such file") == 1


def test_bases_that_are_not_there_are_refused_without_overlays_too(
    run: Run, boards: Path, bad_dts: Path
) -> None:
    result = run("lint", boards, "--bases", "gone")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "dtlink: gone: no such file or folder (bases)\n"
    told = run("lint", boards, "--bases", boards).stderr
    assert "--bases has no effect: no input is an overlay" in told
    Path("empty").mkdir()
    Path("x.dtso").write_text("/dts-v1/;\n/plugin/;\n/ { };\n")
    found = run("lint", "x.dtso", "--bases", "empty")
    assert found.exit_code == 2
    assert "empty: no devicetree (.dtb, .dts) in it (bases)" in found.stderr
    assert "has no effect" not in run("lint", "x.dtso", "--bases", bad_dts).stderr


@pytest.mark.parametrize("command", ["lint", "links", "devlink"])
def test_a_folder_of_included_files_that_is_not_there_is_a_warning(
    run: Run, boards: Path, command: str
) -> None:
    result = run(command, boards, "-I", "gone", "--allow-include", "config")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "dtlink: gone: no such folder (include)",
        "dtlink: config: not a folder (allow-include)",
    ]
    assert run(command, boards, "-I", boards).stderr == ""


@pytest.mark.parametrize(
    "sides", [("boards", "gone"), ("gone", "boards"), ("gone", "boards/a.dtb")]
)
def test_a_side_of_a_comparison_that_is_not_there(
    run: Run, boards: Path, sides: tuple[str, str]
) -> None:
    result = run("diff", *sides)
    assert boards.is_dir()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "dtlink: gone: No such file or directory\n"


def test_the_configuration_of_what_is_not_there(run: Run, boards: Path) -> None:
    result = run("config", "gone")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "dtlink: gone: No such file or directory\n"
    assert run("config", boards / "a.dtb").exit_code == 0


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("[", "the ] of a [ is missing"),
        ("a[b", "the ] of a [ is missing"),
        ("[]", "the ] of a [ is missing"),
        ("a\\", "it ends with a backslash"),
        ("#a", "it is a comment"),
        ("!", "give a name"),
    ],
)
def test_a_pattern_that_git_would_pass_over_is_refused(
    run: Run, boards: Path, pattern: str, wrong: str
) -> None:
    for where in (boards, boards / "a.dtb"):
        result = run("lint", where, "--exclude", pattern)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"--exclude: {pattern} is not a pattern of files" in result.stderr
        assert wrong in result.stderr


@pytest.mark.parametrize("pattern", [r"\[", "[]a]", "[!b]", r"x\#", "[[:alpha:]]", r"\#a"])
def test_a_pattern_of_git_is_taken(run: Run, boards: Path, pattern: str) -> None:
    result = run("lint", boards / "a.dtb", "--exclude", pattern)
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_cache_is_a_folder(
    run: Run, boards: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = run("lint", boards, "--cache-dir", "config")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'--cache-dir': config is not a folder" in result.stderr
    monkeypatch.setenv("DTLINK_CACHE", "config")
    result = run("lint", boards)
    assert result.exit_code == 0
    assert result.stderr == "dtlink: config: the cache needs a folder: nothing is kept\n"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DTLINK_CACHE", "~/kept")
    assert cache.folder() == f"{tmp_path}/kept"


def test_a_tilde_of_cache_dir_is_the_home_folder(
    run: Run, boards: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for number in range(16):
        os.link(boards / "a.dtb", boards / f"{number}.dtb")
    assert run("lint", boards, "--cache-dir=~/kept").exit_code == 0
    assert list((tmp_path / "kept").iterdir())


def test_a_graph_in_no_format_that_is_known(run: Run, boards: Path) -> None:
    result = run("graph", boards / "a.dtb", "-o", "graph.CSV")
    assert result.exit_code == 2
    assert (
        "graph.CSV: no format has the suffix .CSV; give --format, or one of .html" in result.stderr
    )
    assert not Path("graph.CSV").exists()
    assert run("graph", boards / "a.dtb", "-o", "graph.csv", "--format", "dot").exit_code == 0


@pytest.mark.parametrize("name", ["plain", "tmp.p35Qjy6Ed2", "my.board.v1", ".html.new"])
def test_a_name_that_tells_no_format_is_of_a_page(run: Run, boards: Path, name: str) -> None:
    assert run("graph", boards / "a.dtb", "-o", name).exit_code == 0
    assert Path(name).read_text(encoding="utf-8").lower().startswith("<!doctype html>")


def test_a_history_of_boards_that_no_report_has(run: Run, boards: Path) -> None:
    Path("report.json").write_text(run("lint", boards, "--format", "json").stdout)
    result = run("history", "report.json", "--board", "gone")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "dtlink: --board gone: the reports have no such board\n"
    there = ("history", "report.json", "--board", "*/a.dtb")
    both = run(*there, "--board", "gone", "--format", "json")
    assert both.exit_code == 2
    [board] = json.loads(both.stdout)["history"]["boards"]
    assert board["board"] == "boards/a.dtb"
    assert run(*there).exit_code == 0


def test_a_comparison_warns_of_folders_too(run: Run, boards: Path) -> None:
    result = run("diff", boards / "a.dtb", boards / "b.dtb", "-I", "gone")
    assert result.exit_code == 0
    assert result.stderr == "dtlink: gone: no such folder (include)\n"


def test_a_root_that_a_board_does_not_have_is_a_note(run: Run, boards: Path) -> None:
    result = run("lint", boards / "a.dtb", "--root", "mmc@99")
    assert "boards/a.dtb: no node, label or alias 'mmc@99' (root)" in result.stderr
    assert run("lint", boards / "a.dtb", "--root", "/").stderr == ""


def test_a_root_is_known_by_a_name_that_one_node_has(
    run: Run, boards: Path, tmp_path: Path
) -> None:
    assert boards.is_dir()
    board = tmp_path / "disks.dts"
    disk = 'mmc@{0} {{ compatible = "arasan,sdhci-8.9a"; reg = <{0} 1>; }};'
    cells = "#address-cells = <1>; #size-cells = <1>;"
    board.write_text(f"/dts-v1/;\n/ {{ {cells} {disk.format(1)} {disk.format(2)} }};\n")

    def ways(*words: str) -> list[str]:
        result = run("modules", board, "--kernel", "config", "--format", "json", *words)
        (item,) = json.loads(result.stdout)["inputs"]
        return list(item["modules"]["nodes"])

    every, by_path, by_name = ways(), ways("--root", "/mmc@2"), ways("--root", "mmc@2")
    assert every == ["/mmc@1", "/mmc@2"]
    assert by_path == by_name == ["/mmc@2"]


def test_a_text_that_is_no_config_txt_is_no_overlay(run: Run, boards: Path) -> None:
    Path("notes.txt").write_text("remember the milk\n")
    result = run("lint", boards / "a.dtb", "--overlay", "notes.txt")
    assert result.exit_code == 2
    assert "notes.txt: not a config.txt: no line of it is a [filter]" in result.stderr
    for text in ("", "# nothing\n", "[all]\n", "arm_64bit=1\n"):
        Path("config.txt").write_text(text)
        assert run("lint", boards / "a.dtb", "--overlay", "config.txt").exit_code == 0


@pytest.mark.parametrize(
    ("line", "noted"),
    [
        (
            "fw_devlink.strickt=1",
            "fw_devlink.strickt has no effect; did you mean fw_devlink.strict?",
        ),
        ("fw-devlnk=off", "fw-devlnk has no effect; did you mean fw_devlink?"),
        ("fw_devlink=on rootwait rootdelay=1 root=/dev/sda1 quiet initcall_debug", ""),
    ],
)
def test_a_parameter_that_is_probably_mistyped(
    run: Run, boards: Path, line: str, noted: str
) -> None:
    result = run("lint", boards / "a.dtb", "--cmdline", line)
    assert result.exit_code == 0
    assert result.stderr == (f"dtlink: --cmdline: {noted}\n" if noted else "")


@pytest.mark.parametrize(
    "words",
    [
        ("lint", "boards", "--baseline", "LONG", "--write-baseline"),
        ("lint", "boards", "--kernel", "config", "--initramfs", "LONG"),
        ("report-bug", "LONG"),
    ],
    ids=" ".join,
)
def test_a_name_that_no_file_can_have_is_no_fault_of_dtlink(
    boards: Path, words: tuple[str, ...]
) -> None:
    long = 300 * "x"
    line = [each.replace("LONG", long) for each in words]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "dtlink", *line],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert boards.is_dir()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"dtlink: {long}: File name too long\n"
