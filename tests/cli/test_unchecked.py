"""A run that checked nothing does not end as if all were fine: inputs no chosen rule is about."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import dtlink
from dtlink.cli.main import cli

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
BOARD, TABLES = FIXTURES / "boards/clean-board.dtb", FIXTURES / "tables/guest"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run of ``dtlink lint`` in a folder with a clean board and a folder of tables."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(BOARD, "board.dtb")
    shutil.copytree(TABLES, "tables")

    def invoke(*arguments):
        return CliRunner().invoke(cli, ["lint", "--no-config", *arguments])

    return invoke


@pytest.mark.parametrize(
    ("path", "select", "need"),
    [
        ("board.dtb", "iort", "ACPI tables with IORT (iort)"),
        ("board.dtb", "source", "devicetree source (source)"),
        ("board.dtb", "bsa", "ACPI tables with IORT or APIC (bsa)"),
        ("board.dtb", "acpi/checksum", "ACPI tables (acpi)"),
        ("board.dtb", "iort/component-name", "ACPI tables with IORT (iort)"),
        ("board.dtb", "module/no-driver", "--kernel (module)"),
        ("board.dtb", "version", "--against (version)"),
        ("board.dtb", "schema", "--schema (schema)"),
        ("board.dtb", "overlay", "overlays (.dtbo, .dtso, --overlay) (overlay)"),
        ("tables", "legacy,tree", "devicetrees (legacy, tree)"),
        ("tables", "dmar", "ACPI tables with DMAR (dmar)"),
    ],
)
def test_a_run_that_checked_nothing_says_what_its_rules_need(run, path, select, need):
    result = run(path, "--select", select)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"dtlink: nothing was checked: the chosen rules need {need}\n"
    allowed = run(path, "--select", select, "--allow-empty")
    assert (allowed.exit_code, allowed.stderr) == (0, result.stderr)


@pytest.mark.parametrize(
    ("path", "select"),
    [
        ("board.dtb", "legacy"),
        ("board.dtb", "iort,legacy"),
        ("board.dtb", "iommu/shared-stream-id"),
        ("tables", "iommu/shared-stream-id"),
        ("tables", "iort"),
        ("tables", "acpi"),
        ("tables", "bsa"),
    ],
)
def test_a_clean_input_that_a_rule_was_run_on_is_silent(run, path, select):
    result = run(path, "--select", select)
    assert (result.exit_code, result.stderr) == (0, "")


def test_no_rule_is_left(run):
    result = run("board.dtb", "--ignore", "all")
    assert result.exit_code == 2
    assert result.stderr == "dtlink: nothing was checked: no rule is chosen\n"


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif"])
def test_inputs_of_another_kind_beside_those_that_were_checked_are_a_note(run, form):
    result = run(".", "--select", "iort", "--format", form)
    note = "1 of 2 inputs not checked: the chosen rules need ACPI tables with IORT (iort)"
    assert (result.exit_code, result.stderr) == (0, f"dtlink: {note}\n")
    assert run(".", "--select", "iort", "--strict").exit_code == 2
    if form == "json":
        document = json.loads(result.stdout)
        assert document["notes"] == [note]
        assert [each.get("checked") for each in document["inputs"]] == [False, None]


def test_the_library_says_the_same(run):
    del run
    report = dtlink.lint("board.dtb", select=["iort"], config=False)
    assert report.status == report.exit_status(None) == 2
    note = "nothing was checked: the chosen rules need ACPI tables with IORT (iort)"
    assert report.notes == [note]
    assert report.passed == [note]
    assert not report.inputs[0].checked
    assert dtlink.lint("board.dtb", select=["legacy"], config=False).status == 0


def test_an_input_that_cannot_be_read_is_not_one_of_another_kind(run):
    Path("broken.dtb").write_bytes(b"\xd0\x0d\xfe\xed")
    result = run("broken.dtb", "--select", "iort")
    assert result.exit_code == 2
    assert "nothing was checked" not in result.stderr


def test_an_overlay_as_source_is_an_overlay(run):
    Path("a.dtso").write_text("/dts-v1/;\n/plugin/;\n&a { x; };\n")
    result = run("--select", "overlay", "a.dtso")
    assert (result.exit_code, "nothing was checked" in result.stderr) == (0, False)
