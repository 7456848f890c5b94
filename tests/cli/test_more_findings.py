"""A board with more findings of a rule than are listed: what is compared, counted and fixed is all.

The bound is lowered, so that the boards are small.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import dtlink
from dtlink.cli.main import cli
from dtlink.engine import bounded

#: Findings of the board, those that a report lists, and those that are compared.
FOUND, LISTED, HELD = 12, 5, 40
RULE = "phandle/dangling"
NOTE = "phandle/dangling: {} findings, of which 5 are reported"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bounded, "MOST", LISTED)
    monkeypatch.setattr(bounded, "HELD", HELD)
    board()
    return tmp_path


def board(*mended: int, found: int = FOUND, path: str = "b.dts") -> None:
    """A board whose devices reference clocks that are not there, but for those that are mended."""
    rows = "".join(
        f'd{at} {{ compatible = "v,d"; clocks = <{at + 0x700}>; }};\n'
        for at in range(found)
        if at not in mended
    )
    text = f'/dts-v1/; / {{ compatible = "v,b"; {rows} }};'
    Path(path).write_text(text, encoding="utf-8")


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


def lint(*words: str) -> Result:
    return run("lint", "--no-cache", "--select", RULE, "b.dts", *words)


def saved(name: str, *words: str) -> dict[str, Any]:
    lint(*words, "--format", f"json={name}")
    return dict(json.loads(Path(name).read_text(encoding="utf-8")))


def test_a_baseline_has_all_and_one_that_is_mended_is_one_that_is_fixed() -> None:
    done = lint("--baseline", "base.json", "--write-baseline")
    assert done.stderr == f"dtlink: base.json: {FOUND} findings\n"
    assert Path("base.json").read_text().count("fingerprint") == FOUND
    done = lint("--baseline", "base.json")
    assert (done.exit_code, done.stderr) == (0, "")
    board(3)
    document = saved("r.json", "--baseline", "base.json")
    assert document["summary"]["findings"] == {"error": 0, "warning": 0, "info": 0}
    (item,) = document["inputs"]
    assert [each["subject"] for each in item["fixed"]] == ["/d3"]
    (cut,) = item["truncated"]
    assert cut == {"member": "known", "rule": RULE, "severity": "error", "omitted": 11 - LISTED}
    done = lint("--baseline", "base.json", "--prune-baseline")
    assert "base.json: 11 findings" in done.stderr


def test_what_is_new_is_told_however_much_is_known() -> None:
    lint("--baseline", "base.json", "--write-baseline")
    board(found=FOUND + 1)
    done = lint("--baseline", "base.json")
    assert done.exit_code == 1
    assert f"/d{FOUND}" in done.stdout
    assert done.stdout.count("phandle/dangling") == 1


def test_a_baseline_that_lacks_some_says_how_many() -> None:
    board(found=HELD + 3)
    done = lint("--baseline", "base.json", "--write-baseline")
    why = f"since a baseline has at most {HELD} of one rule for each input"
    assert f"base.json: {HELD} findings; 3 findings left out, {why}\n" in done.stderr
    assert done.exit_code == 1
    assert "not compared" not in lint().stderr


def test_a_baseline_lacks_nothing_of_what_is_allowed() -> None:
    board(found=HELD + 3)
    allow = f'[[allow]]\nrule = "{RULE}"\nreason = "x"\n'
    Path("dtlink.toml").write_text(allow, encoding="utf-8")
    done = lint("--config", "dtlink.toml", "--baseline", "base.json", "--write-baseline")
    assert (done.exit_code, done.stderr) == (0, "dtlink: base.json: 0 findings\n")


def test_what_a_baseline_lacks_counts_for_every_exit_status() -> None:
    board(found=HELD + 3)
    lint("--baseline", "base.json", "--write-baseline")
    done = lint("--baseline", "base.json")
    assert done.exit_code == 1
    assert "new: 3 errors" in done.stdout
    why = f"3 were not compared, since the input has more than {HELD} of this rule"
    assert f"{RULE}: 3 findings, of which 0 are reported; {why}\n" in done.stderr
    assert lint("--baseline", "base.json", "--fail-on", "never").exit_code == 0
    document = saved("r.json", "--baseline", "base.json")
    assert document["summary"]["findings"]["error"] == 3
    assert lint("--baseline", "base.json", "--format", "jsonl").exit_code == 1


def test_a_list_lacks_a_rule_and_a_severity_in_one_row() -> None:
    board(found=HELD + 3)
    (item,) = saved("r.json")["inputs"]
    row = {"member": "findings", "rule": RULE, "severity": "error", "omitted": HELD + 3 - LISTED}
    assert item["truncated"] == [row]


def test_a_baseline_that_could_not_be_read_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    lint("--baseline", "base.json", "--write-baseline")
    before = Path("base.json").read_bytes()
    monkeypatch.setattr("dtlink.report.baseline.MAX_SIZE", len(before))
    board(found=FOUND + 1)
    done = lint("--baseline", "base.json", "--write-baseline")
    assert done.exit_code == 2
    assert "nothing is written" in done.stderr
    assert Path("base.json").read_bytes() == before


def test_all_formats_count_all() -> None:
    document = saved("r.json")
    assert document["summary"]["findings"]["error"] == FOUND
    (item,) = document["inputs"]
    assert len(item["findings"]) == LISTED
    assert item["truncated"][0]["omitted"] == FOUND - LISTED
    assert f"{FOUND} errors" in lint().stdout
    statistics = lint("--statistics").stdout
    assert statistics.split("\n")[1].split() == [str(FOUND), "1", "error", RULE]
    assert f"**dtlink: {FOUND} errors in 1 input**" in lint("--format", "markdown").stdout
    assert f"{FOUND} errors in 1 input" in lint("--format", "html").stdout


def test_an_expectation_beyond_the_bound_is_met() -> None:
    expect = f'[[expect]]\nrule = "{RULE}"\nnode = "/d11"\nreason = "x"\n'
    Path("dtlink.toml").write_text(expect, encoding="utf-8")
    done = lint("--config", "dtlink.toml")
    assert NOTE.format(FOUND - 1) in done.stderr
    assert "expected but missing" not in done.stdout


def test_two_inputs_are_compared_in_full() -> None:
    board(path="old.dts")
    board(3, path="new.dts")
    done = run("diff", "--select", RULE, "old.dts", "new.dts", "--format", "json")
    changes = json.loads(done.stdout)["inputs"][0]["diff"]["changes"]
    assert changes["summary"]["findings"] == {"gained": 0, "lost": 1, "changed": 0}
    assert "incomplete" not in changes


def test_reports_that_were_cut_are_not_taken_for_whole() -> None:
    saved("old.json")
    board(1, 3)
    saved("new.json")
    done = run("diff", "old.json", "new.json", "--format", "json")
    item = json.loads(done.stdout)["inputs"][0]
    assert item["diff"]["changes"]["summary"]["findings"] == {"gained": 0, "lost": 0, "changed": 0}
    assert item["diff"]["changes"]["incomplete"] == [RULE]
    assert item["notes"] == [
        f"not compared (OLD is a report without 7 of them): {RULE} that only NEW has",
        f"not compared (NEW is a report without 5 of them): {RULE} that only OLD has",
    ]
    text = run("diff", "old.json", "new.json").stdout
    assert "are the same as far as reports have them" in text


def test_a_whole_report_tells_what_is_gone_and_what_came() -> None:
    saved("old.json")
    board(*range(8), found=LISTED + 8)
    saved("new.json")
    for old, new, side in (("old", "new", "lost"), ("new", "old", "gained")):
        done = run("diff", f"{old}.json", f"{new}.json", "--format", "json")
        found = json.loads(done.stdout)["inputs"][0]["diff"]["changes"]["findings"]
        there = {each["subject"] for each in found[side]}
        assert there == {f"/d{at}" for at in range(LISTED)}
        assert not found["gained" if side == "lost" else "lost"]


@pytest.mark.parametrize("words", [(), ("--db", "index.db")])
def test_a_history_of_reports_that_were_cut_calls_nothing_new_or_fixed(
    words: tuple[str, ...],
) -> None:
    names = ["1.json", "2.json"]
    saved(names[0])
    board(3)
    saved(names[1])
    done = run("history", *words, *names, "--format", "json")
    builds = json.loads(done.stdout)["history"]["builds"]
    assert [(each["new"], each["fixed"]) for each in builds] == [(0, 0), (0, 0)]
    assert [each["incomplete"] for each in builds] == [[RULE], [RULE]]
    text = run("history", *words, *names).stdout
    assert text.count(f"counts are not exact: not all findings of {RULE} are known") == 2
    row = next(each for each in text.splitlines() if each.startswith(RULE))
    assert row.split() == [RULE, f"~{LISTED}", f"~{LISTED + 1}", "?"]


def test_all_of_them_are_fixed() -> None:
    rows = "".join(
        f'd{at} {{ compatible = "v,d"; cd-gpio = <&gpio {at} 0>; }};\n' for at in range(FOUND)
    )
    gpio = 'gpio: gpio { compatible = "v,gpio"; gpio-controller; #gpio-cells = <2>; };'
    text = f'/dts-v1/; / {{ compatible = "v,b"; {gpio}\n{rows} }};'
    Path("b.dts").write_text(text, encoding="utf-8")
    run("lint", "--no-cache", "--select", "legacy", "b.dts", "--fix", "--unsafe-fixes")
    fixed = Path("b.dts").read_text(encoding="utf-8")
    assert fixed.count("cd-gpios = ") == FOUND


def test_the_library_counts_as_the_command_does() -> None:
    paths = [Path("b.dts")]
    whole = dtlink.lint(paths, select=RULE, cache=False)
    (item,) = dtlink.lint_iter(paths, select=RULE)
    board = dtlink.Board.read("b.dts").lint(select=RULE)
    for each in (whole.inputs[0], item, board.inputs[0]):
        assert len(each.findings) == LISTED
        assert NOTE.format(FOUND) in each.notes
    assert whole.counts()["error"] == board.counts()["error"] == FOUND
    assert whole.status == board.status == 1
