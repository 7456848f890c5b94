"""What somebody writes who does not know the command line yet, and what the answer is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fixtures: Path) -> None:
    """A working folder with a board, one of tables beside it, and a kernel's configuration."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(fixtures / "clean-board.dtb", "board.dtb")
    Path("config").write_text("CONFIG_MODULES=y\n")
    Path("mixed").mkdir()
    shutil.copy("board.dtb", "mixed")
    shutil.copytree(ROOT / "fixtures" / "tables" / "guest", "mixed/tables")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("board.dtb lint", "No such command 'board.dtb'. The command comes first: dtlink lint "),
        ("board.dtb", "No such command 'board.dtb'. To lint it: dtlink lint board.dtb"),
        ("gone.dtb", "No such command 'gone.dtb'. To lint it: dtlink lint gone.dtb"),
        (
            "--kernel x lint",
            "No such option '--kernel'. Options of a command follow it: dtlink lint ",
        ),
        ("why led board.dtb", "led is not a file, and board.dtb is one: PATH comes first"),
        ("graph led board.dtb", "led is not a file, and board.dtb is one: PATH comes first"),
        ("iommu 0:1.0 board.dtb", "0:1.0 is not a file, and board.dtb is one: PATH comes first"),
        ("lint board.dtb -j many", "'many' is not a valid whole number."),
        ("lint board.dtb --root-after x", "'x' is not a valid number of seconds."),
        ("lint board.dtb --format json=", "a file is missing after json="),
        (
            "lint board.dtb --baseline gone",
            "gone: No such file or directory (--write-baseline makes",
        ),
        ("lint board.dtb --config gone --no-config", "--config and --no-config exclude each other"),
        ("diff board.dtb board.dtb --config gone --no-config", "--no-config exclude each other"),
        ("lint board.dtb --config board.dtb", "board.dtb: not UTF-8 (byte 0x0)"),
        ("history board.dtb", "board.dtb: not a JSON document: not UTF-8"),
        ("iommu board.dtb 99:00.0", "0000:99:00.0: there is no PCI host"),
        ("lint board.dtb --source gone.dts", "gone.dts: No such file or directory (source)"),
        ("report-bug board.dtb", "board.dtb: no finding: there is nothing to report"),
    ],
)
def test_the_answer_says_what_to_write(run: Run, line: str, answer: str) -> None:
    result = run(*line.split())
    assert result.exit_code == 2
    assert answer in result.stderr


@pytest.mark.parametrize(
    "options", [("-o", "gone/x"), ("--format", "json=gone/x"), ("--format", "jsonl=gone/x")]
)
def test_a_report_in_no_folder_is_refused_before_the_inputs_are_read(
    run: Run, options: tuple[str, str]
) -> None:
    result = run("lint", "missing.dtb", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "gone/x: No such file or directory" in result.stderr
    assert "missing.dtb" not in result.stderr


def test_a_blob_is_no_schema(run: Run) -> None:
    pytest.importorskip("dtschema")
    pytest.importorskip("libfdt")
    result = run("lint", "board.dtb", "--schema-dir", "board.dtb")
    assert (result.exit_code, result.stdout) == (2, "")
    wrong = "not a processed schema file (dt-mk-schema -j makes one)"
    assert result.stderr == f"dtlink: board.dtb: {wrong}\n"


@pytest.mark.parametrize("command", ["devlink", "drivers", "modules"])
def test_tables_of_a_folder_are_no_boards(run: Run, command: str) -> None:
    kernel = () if command == "devlink" else ("--kernel", "config")
    mixed = run(command, "mixed", *kernel)
    assert mixed.exit_code == 0
    assert "ACPI tables passed over: 1 input\n" in mixed.stderr
    assert "this command is about devicetrees" not in mixed.stderr
    alone = run(command, "mixed/tables", *kernel)
    assert (alone.exit_code, alone.stdout) == (2, "")
    named = run(command, "mixed/tables/viot.dat", *kernel)
    assert named.exit_code == 2


def test_one_of_something_is_not_several(run: Run) -> None:
    body = 'a { compatible = "v,a"; clocks = <&b 0x99>; }; b: b { #clock-cells = <0>; };'
    Path("one.dts").write_text(f"/dts-v1/;\n/ {{ {body} }};\n")
    assert "one.dts · 3 nodes, 1 link\n" in run("lint", "one.dts").stdout
    Path("empty.dts").write_text("/dts-v1/;\n/ { };\n")
    assert "1 node, 0 devices" in run("devlink", "empty.dts").stdout
    Path("bad.dts").write_text('/dts-v1/;\n/ { a { compatible = "v,a"; clocks = <0x99>; }; };\n')
    made = run("lint", "bad.dts", "--baseline", "known", "--write-baseline")
    assert "known: 1 finding\n" in made.stderr
