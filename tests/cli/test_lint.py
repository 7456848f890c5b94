import json
import subprocess
import sys
from pathlib import Path

import pytest

from dtlink.rules.catalogue import ChosenRule
from dtlink.rules.model import Rule
from tests.cli.conftest import Run
from tests.rules.test_examples import need_schemas


def test_a_clean_board_is_met_with_silence(run: Run, fixtures: Path) -> None:
    """On a default kernel there is one thing to know: nothing orders its IOMMU."""
    board = fixtures / "clean-board.dtb"
    strict = ("--cmdline", "fw_devlink.strict=1")
    result = run("lint", board, "--show", "info", "--fail-on", "info", *strict)
    assert (result.exit_code, result.output) == (0, "")


def test_a_finding_says_where_what_and_how_to_mend(run: Run, bad_dts: Path) -> None:
    result = run("lint", bad_dts)
    assert result.exit_code == 1
    assert f"{bad_dts}:3:" in result.stdout
    assert "phandle/dangling" in result.stdout
    assert "effect:" in result.stdout
    assert "fix:" in result.stdout
    assert "1 error, 0 warnings" in result.stdout


@pytest.mark.parametrize(("level", "status"), [("error", 1), ("warning", 1), ("never", 0)])
def test_fail_on_sets_the_exit_status(run: Run, bad_dts: Path, level: str, status: int) -> None:
    assert run("lint", bad_dts, "--fail-on", level).exit_code == status


def test_names_of_files_control_no_terminal(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[31mb"
    folder.mkdir()
    (folder / "x.dtb").write_bytes(b"\xd0\x0d\xfe\xed")
    (folder / "y.dts").write_text("/dts-v1/; / {")
    result = run("lint", folder)
    assert result.exit_code == 2
    assert "a\ufffd[31mb/x.dtb" in result.stderr
    assert "\x1b" not in result.stderr + result.stdout


def test_ignore_and_select(run: Run, bad_dts: Path) -> None:
    assert run("lint", bad_dts, "--ignore", "phandle").exit_code == 0
    assert run("lint", bad_dts, "--ignore", "phandle/dangling,legacy").exit_code == 0
    assert run("lint", bad_dts, "--select", "legacy").exit_code == 0
    assert run("lint", bad_dts, "--select", "phandle/dangling").exit_code == 1


def test_an_unknown_rule_is_wrong_usage(run: Run, bad_dts: Path) -> None:
    result = run("lint", bad_dts, "--select", "nonsense")
    assert result.exit_code == 2
    assert "no rule or family is named nonsense" in result.stderr


def test_what_cannot_be_read_is_told_and_the_rest_is_done(
    run: Run, bad_dts: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.dtb"
    broken.write_bytes(b"\xd0\x0d\xfe\xed" + bytes(10))
    result = run("lint", broken, bad_dts, tmp_path / "missing.dtb")
    assert result.exit_code == 2
    assert f"{broken}, byte 0x0: not a DTB" in result.stderr
    assert "missing.dtb: No such file or directory" in result.stderr
    assert "phandle/dangling" in result.stdout


def test_standard_input(run: Run, fixtures: Path) -> None:
    blob = (fixtures / "phandle-faults.dtb").read_bytes()
    result = run("lint", "-", "--format", "json", stdin=blob)
    document = json.loads(result.stdout)
    assert document["inputs"][0]["path"] == "-"
    assert document["inputs"][0]["findings"]


def test_folders_take_sources_and_the_blobs_that_have_none(
    run: Run, fixtures: Path, bad_dts: Path
) -> None:
    """A blob may be older than its source, and show nothing of a fault that is new there."""
    blob = (fixtures / "clean-board.dtb").read_bytes()
    (bad_dts.parent / "below").mkdir()
    for name in ("a.dtb", "b.dtb"):
        (bad_dts.parent / "below" / name).write_bytes(blob)
    (bad_dts.parent / "below" / "a.dts").write_text(bad_dts.read_text())
    result = run("lint", bad_dts.parent, "--format", "json")
    document = json.loads(result.stdout)
    names = [Path(item["path"]).name for item in document["inputs"]]
    assert names == ["bad.dts", "a.dts", "b.dtb"]
    assert document["inputs"][1]["findings"]


def test_any_number_of_processes_gives_the_same_bytes(run: Run, fixtures: Path) -> None:
    one = run("lint", fixtures, "--format", "json", "-j", 1)
    two = run("lint", fixtures, "--format", "json", "-j", 2)
    assert one.stdout == two.stdout


def test_output_goes_to_the_file_and_nothing_is_left_beside_it(
    run: Run, bad_dts: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out" / "report.json"
    target.parent.mkdir()
    result = run("lint", bad_dts, "--format", "json", "--output", target)
    assert result.stdout == ""
    assert json.loads(target.read_text())["schema"] == "report-1"
    assert [path.name for path in target.parent.iterdir()] == ["report.json"]


def test_output_that_cannot_be_written_is_wrong_usage(run: Run, bad_dts: Path) -> None:
    result = run("lint", bad_dts, "--output", bad_dts.parent / "nowhere" / "x")
    assert result.exit_code == 2


def test_a_fault_of_a_rule_is_named_and_the_others_run(
    run: Run, bad_dts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_board: object) -> object:
        raise ZeroDivisionError("no")

    load = ChosenRule.load

    def one_broken(chosen: ChosenRule) -> Rule:
        rule = load(chosen)
        return rule._replace(check=broken) if rule.id == "supplier/never-probes" else rule

    monkeypatch.setattr(ChosenRule, "load", one_broken)
    result = run("lint", bad_dts)
    assert result.exit_code == 3
    assert "rule supplier/never-probes failed: ZeroDivisionError: no" in result.stderr
    assert "phandle/dangling" in result.stdout


def test_the_program_itself_runs_without_colour_when_nobody_looks(bad_dts: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dtlink", "lint", str(bad_dts)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "\x1b" not in done.stdout


def test_colour_on_request(run: Run, bad_dts: Path) -> None:
    assert "\x1b[" in run("lint", bad_dts, "--color", "always").output


def test_what_schemas_could_not_say_is_neither_fixed_nor_missed(
    run: Run, tmp_path: Path, fixtures: Path
) -> None:
    """dtschema gives up at a dangling phandle: then nobody knows what it would have said."""
    need_schemas()
    board, known = tmp_path / "board.dts", tmp_path / "known.json"
    board.write_text(
        '/dts-v1/;\n/ { clk: clk { compatible = "fixed-clock"; #clock-cells = <0>; };\n'
        'uart@0 { compatible = "ns16550a"; clocks = <&clk>; clock-names = "a", "b"; }; };\n'
    )
    options = ("--schema", "--baseline", known, "--expect", "schema/entry-names:/uart@1")
    options = (*options, "--ignore", "phandle/names-mismatch")
    told = run("lint", board, *options, "--write-baseline").stdout
    assert "1 in baseline" in told
    assert "1 expected but missing" in told
    board.write_bytes((fixtures / "phandle-faults.dtb").read_bytes())
    result = run("lint", board, *options)
    told = result.stdout
    assert "no schema was checked" in result.stderr
    assert "phandle/dangling" in told
    assert "fixed" not in told
    assert "expected" not in told


def test_statistics_count_the_findings_of_each_rule(
    run: Run, tmp_path: Path, bad_dts: Path
) -> None:
    (other := tmp_path / "other.dts").write_text(bad_dts.read_text())
    listed = run("lint", bad_dts, other, "--format", "json")
    found = [
        (each["severity"], each["rule"])
        for item in json.loads(listed.stdout)["inputs"]
        for each in item["findings"]
    ]
    told = run("lint", bad_dts, other, "--statistics").stdout
    rows = [row.split() for row in told.splitlines() if row[:8].strip().isdigit()]
    assert {(row[2], row[3]): (int(row[0]), int(row[1])) for row in rows} == {
        each: (found.count(each), 2) for each in found
    }
    assert "fix:" not in told
