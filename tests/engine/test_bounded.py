"""Findings of a rule beyond a thousand, of one input, are a number: in every format."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dtlink.cli.main import cli
from dtlink.engine import bounded as module
from dtlink.engine.bounded import MOST, held, reported
from dtlink.report.formats import FORMATS
from dtlink.report.model import Ignored, InputReport, Report, Truncated
from tests.report.reports import ERROR, INFO, WARNING, finding


def test_few_findings_are_as_they_were() -> None:
    found = [finding(index=at) for at in range(MOST)]
    few = InputReport("a", findings=found)
    assert reported(few) is few
    several = [*found, *(finding("phandle/missing-cells", index=at) for at in range(MOST))]
    assert reported(InputReport("a", findings=several)) == InputReport("a", findings=several)


def test_of_many_the_worst_stay_in_their_order() -> None:
    notes = [finding(severity=INFO, index=at) for at in range(MOST)]
    errors = [finding(severity=ERROR, index=at) for at in range(MOST - 2)]
    warnings = [finding(severity=WARNING, index=at) for at in range(5)]
    other = finding("phandle/missing-cells", INFO)
    found = reported(InputReport("a", findings=[*notes, other, *errors, *warnings]))
    assert found.findings == [other, *errors, *warnings[:2]]
    said = ("phandle/dangling: 2,003 findings, of which 1,000 are reported",)
    assert found.notes == found.passed == said
    assert found.truncated == (
        Truncated("findings", "phandle/dangling", WARNING, 3),
        Truncated("findings", "phandle/dangling", INFO, 1000),
    )
    assert Report("lint", [found]).counts() == {"error": 998, "warning": 5, "info": 1001}


def test_what_does_not_count_is_cut_without_a_note() -> None:
    found = [finding(index=at) for at in range(MOST + 2)]
    ignored = [Ignored(each, "known") for each in found]
    item = reported(InputReport("a", known=found, ignored=ignored))
    assert (len(item.known), len(item.ignored), item.notes) == (MOST, MOST, ())
    totals = Report("lint", [item]).totals
    assert (totals.known, totals.ignored, totals.is_clean) == (MOST + 2, MOST + 2, False)


def test_both_bounds_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD", MOST + 5)
    item = held(InputReport("a", findings=[finding(index=at) for at in range(MOST + 8)]))
    assert (len(item.findings), item.notes) == (MOST + 5, ())
    item = reported(item)
    assert item.notes == ("phandle/dangling: 1,008 findings, of which 1,000 are reported",)
    assert Report("lint", [item]).counts()["error"] == MOST + 8
    assert item.truncated == (Truncated("findings", "phandle/dangling", ERROR, 8),)


def test_what_is_omitted_counts_for_the_exit_status_of_the_input_and_of_the_report() -> None:
    lacking = {
        ("findings", ERROR): (1, 1),
        ("findings", WARNING): (0, 1),
        ("findings", INFO): (0, 0),
        ("known", ERROR): (0, 0),
        ("ignored", ERROR): (0, 0),
    }
    for (member, severity), expected in lacking.items():
        cut = Truncated(member, "phandle/dangling", severity, 3)
        item = InputReport("a", truncated=[cut])
        for each in (item, Report("lint", [item])):
            statuses = tuple(each.exit_status(least) for least in (ERROR, WARNING))
            assert statuses == expected, (member, severity)
            assert each.status == expected[0]
            assert each.exit_status(None) == 0


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "MOST", 5)
    rows = "".join(f'd{at} {{ compatible = "v,d"; clocks = <{at + 9}>; }};' for at in range(12))
    path = Path("board.dts")
    path.write_text(f'/dts-v1/; / {{ compatible = "v,b"; {rows} }};', encoding="utf-8")
    return path


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_format_has_as_many_and_the_number_is_told(board: Path, form: str) -> None:
    options = ["lint", "--no-config", "--no-cache", "--select", "phandle/dangling"]
    done = CliRunner().invoke(cli, [*options, str(board), "--format", form])
    assert done.exit_code == 1
    note = "phandle/dangling: 12 findings, of which 5 are reported"
    assert done.stderr == f"dtlink: board.dts: {note}\n"
    assert sum(f"/d{at}" in done.stdout for at in range(12)) == 5
    if form == "json":
        assert json.loads(done.stdout)["inputs"][0]["notes"] == [note]


def test_strict_does_not_pass_over_it(board: Path) -> None:
    options = ["lint", "--no-config", "--no-cache", "--select", "phandle/dangling"]
    never = ["--fail-on", "never"]
    assert CliRunner().invoke(cli, [*options, *never, str(board)]).exit_code == 0
    assert CliRunner().invoke(cli, [*options, *never, "--strict", str(board)]).exit_code == 2


def test_what_is_allowed_does_not_hide_the_rest(board: Path) -> None:
    entries = "".join(
        f'[[allow]]\nrule = "phandle/dangling"\nnode = "/d{at}"\nreason = "known"\n'
        for at in range(5)
    )
    Path("dtlink.toml").write_text(entries, encoding="utf-8")
    options = ["lint", "--no-cache", "--select", "phandle/dangling", "--config", "dtlink.toml"]
    done = CliRunner().invoke(cli, [*options, str(board)])
    assert done.exit_code == 1
    assert "phandle/dangling: 7 findings, of which 5 are reported" in done.stderr
