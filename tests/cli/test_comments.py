"""``dtlink lint`` with comments in the source that allow or expect findings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import dtlink
from dtlink.cli.main import cli
from tests.report.test_schema import VALIDATOR

#: A consumer of a supplier that is disabled: one finding, at the property.
SOC = """/ {
	compatible = "acme,board";
	#address-cells = <1>;
	#size-cells = <1>;
#include "clk.dtsi"
	soc {
		compatible = "simple-bus";
		ranges;
		#address-cells = <1>;
		#size-cells = <1>;
		uart: uart@1000 {
			compatible = "ns16550a";
			reg = <0x1000 0x100>;
			clocks = <&clk>; @clocks@
		};
	};
};
"""
#: In a file of its own: what one included file has and the board leaves so is no mistake.
CLOCK = 'clk: clock { compatible = "fixed-clock"; #clock-cells = <0>; status = "disabled"; };\n'
RULE = "supplier/disabled"
OKAY = '&clk { status = "okay"; };'
ALLOW = f"// dtlink: allow {RULE}: the other variant has it"


def write(folder: Path, clocks: str = "", **boards: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "clk.dtsi").write_text(CLOCK, encoding="utf-8")
    (folder / "soc.dtsi").write_text(SOC.replace("@clocks@", clocks), encoding="utf-8")
    for name, text in boards.items():
        source = f'/dts-v1/;\n#include "soc.dtsi"\n{text}'
        (folder / f"{name}.dts").write_text(source, encoding="utf-8")


Lint = Callable[..., tuple[Result, list[dict[str, Any]]]]


@pytest.fixture
def lint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lint:
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> tuple[Result, list[dict[str, Any]]]:
        result = CliRunner().invoke(cli, ["lint", "--format", "json", "--no-config", *args])
        document = json.loads(result.stdout)
        assert not list(VALIDATOR.iter_errors(document))
        return result, document["inputs"]

    return run


def rules(item: dict[str, Any]) -> list[str]:
    return [each["rule"] for each in item["findings"]]


def unmet(item: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["kind"], each["rule"], each["source"]) for each in item.get("unmet", ())]


def test_a_comment_takes_a_finding_out_with_its_reason(tmp_path: Path, lint: Lint) -> None:
    write(tmp_path, a="")
    result, (before,) = lint("a.dts", "--fail-on", "warning")
    assert (rules(before), result.exit_code) == ([RULE], 1)
    write(tmp_path, ALLOW, a="")
    result, (after,) = lint("a.dts", "--fail-on", "warning")
    assert (rules(after), result.exit_code) == ([], 0)
    (ignored,) = after["ignored"]
    # What is accepted is not fixed.
    assert before["findings"][0].pop("text_edits")
    assert ignored["finding"] == before["findings"][0] | {
        "location": ignored["finding"]["location"]
    }
    assert ignored["reason"] == "the other variant has it"
    assert ignored["source"] == "soc.dtsi:14"
    assert "unmet" not in after


@pytest.mark.parametrize(
    "board",
    [
        f"/* dtlink: expect {RULE}: known */\n&uart {{ }};",
        "/* dtlink: allow supplier: the whole family */\n&uart { };",
        f"&clk {{ }};\n&uart {{ }}; // dtlink: allow {RULE}, {RULE}: twice\n",
    ],
)
def test_at_a_node_that_a_board_opens_again(tmp_path: Path, lint: Lint, board: str) -> None:
    write(tmp_path, a=board)
    result, (item,) = lint("a.dts")
    assert (rules(item), len(item["ignored"]), unmet(item)) == ([], 1, [])
    assert result.exit_code == 0


def test_a_comment_about_another_rule_or_place_leaves_it(tmp_path: Path, lint: Lint) -> None:
    write(
        tmp_path,
        "// dtlink: allow phandle, cycle/self-link: another",
        a=f"/* dtlink: expect {RULE}: elsewhere */\n&clk {{ }};",
    )
    result, (item,) = lint("a.dts", "--fail-on", "warning")
    assert rules(item) == [RULE]
    assert sorted(unmet(item)) == [
        ("allow", "cycle/self-link", "soc.dtsi:14"),
        ("allow", "phandle", "soc.dtsi:14"),
        ("expect", RULE, "a.dts:3"),
    ]
    assert result.exit_code == 1


def test_what_nothing_needs_counts_as_a_warning(tmp_path: Path, lint: Lint) -> None:
    write(tmp_path, a=f'/* dtlink: allow {RULE}: gone */\n&clk {{ status = "okay"; }};')
    assert [lint("a.dts", "--fail-on", each)[0].exit_code for each in ("error", "warning")] == [
        0,
        1,
    ]
    (item,) = lint("a.dts")[1]
    assert unmet(item) == [("allow", RULE, "a.dts:3")]
    assert item["unmet"][0]["location"] == {"file": "a.dts", "line": 3, "column": 4}
    assert item["unmet"][0]["reason"] == "gone"


def test_a_comment_of_a_shared_file_is_needed_if_one_board_needs_it(
    tmp_path: Path, lint: Lint
) -> None:
    okay = '&clk { status = "okay"; };'
    write(tmp_path, ALLOW, a=okay, b="", c=okay)
    _, items = lint("a.dts", "b.dts", "c.dts")
    assert [unmet(item) for item in items] == [[], [], []]
    _, items = lint("a.dts", "c.dts")
    assert [unmet(item) for item in items] == [[], []]  # b.dts may need it
    (tmp_path / "b.dts").unlink()
    _, items = lint("a.dts", "c.dts")
    assert [unmet(item) for item in items] == [[("allow", RULE, "soc.dtsi:14")], []]
    assert unmet(lint("a.dts")[1][0]) == []
    assert [unmet(item) for item in lint("soc.dtsi")[1]] == [[("allow", RULE, "soc.dtsi:14")], []]


def test_a_shared_file_is_one_however_its_boards_are_named(tmp_path: Path, lint: Lint) -> None:
    write(tmp_path, ALLOW, a=OKAY, b="")
    for names in (("a.dts", str(tmp_path / "b.dts")), (str(tmp_path / "a.dts"), "./b.dts")):
        _, items = lint(*names)
        assert [unmet(item) for item in items] == [[], []]


def test_a_comment_is_unused_only_if_its_rule_was_run(tmp_path: Path, lint: Lint) -> None:
    okay = '&clk { status = "okay"; };'
    write(tmp_path, ALLOW.replace(RULE, f"{RULE}, module/no-driver, schema"), a=okay)
    assert unmet(lint("a.dts")[1][0]) == [("allow", RULE, "soc.dtsi:14")]
    for options in (("--ignore", "supplier"), ("--select", "cycle")):
        assert unmet(lint("a.dts", *options)[1][0]) == []


def test_where_an_input_was_not_read_a_shared_comment_may_be_needed(
    tmp_path: Path, lint: Lint
) -> None:
    okay = '&clk { status = "okay"; };'
    write(tmp_path, ALLOW, a=okay + f"\n/* dtlink: allow {RULE}: own */ &clk {{ }};", b="%")
    _, (item, other) = lint("a.dts", "b.dts")
    assert other["error"]
    assert unmet(item) == [("allow", RULE, "a.dts:4")]


def test_a_comment_that_cannot_be_followed_hides_nothing(tmp_path: Path, lint: Lint) -> None:
    write(
        tmp_path,
        f"// dtlink: allow {RULE}",
        a="/* dtlink: allow suplier/disabled: x */\n&uart { };",
    )
    result, (item,) = lint("a.dts")
    found = {
        (each["rule"], each["location"]["file"], each["location"]["line"])
        for each in item["findings"]
    }
    assert found == {
        (RULE, "soc.dtsi", 14),
        ("source/invalid-comment", "soc.dtsi", 14),
        ("source/invalid-comment", "a.dts", 3),
    }
    messages = [each["message"] for each in item["findings"]]
    assert any("reason is missing" in each for each in messages)
    assert any("did you mean supplier/disabled?" in each for each in messages)
    assert result.exit_code == 1
    assert unmet(item) == []


def test_one_finding_about_several_nodes_needs_a_comment_at_each(
    tmp_path: Path, lint: Lint
) -> None:
    comment = "// dtlink: allow legacy: why"
    text = (
        '/ { pd: power-domain { compatible = "samsung,exynos4210-pd"; #power-domain-cells = <0>; };'
        'dsi { compatible = "samsung,exynos4210-mipi-dsi";\nsamsung,power-domain = <&pd>; @1@\n};'
        'fimd { compatible = "samsung,exynos4210-fimd";\nsamsung,power-domain = <&pd>; @2@\n}; };'
    )
    found = {}
    for first in (True, False):
        for second in (True, False):
            own = text.replace("@1@", comment * first).replace("@2@", comment * second)
            write(tmp_path, ALLOW, a=own)
            _, (item,) = lint("a.dts")
            found[first, second] = rules(item), len(item.get("ignored", ())), unmet(item)
    rule = "legacy/dead-property"
    assert found == {
        (True, True): ([], 2, []),
        (True, False): ([rule], 1, []),
        (False, True): ([rule], 1, []),
        (False, False): ([rule], 1, []),
    }


def test_an_overlay_without_its_base_needs_no_comment_yet(tmp_path: Path, lint: Lint) -> None:
    write(tmp_path, a="")
    text = f"/dts-v1/;\n/plugin/;\n\n/* dtlink: allow {RULE}: why */\n&{{/soc}} {{ x; }};\n"
    (tmp_path / "o.dtso").write_text(text, encoding="utf-8")
    assert unmet(lint("o.dtso")[1][0]) == []
    _, (item,) = lint("a.dts", "--overlay", "o.dtso")
    assert unmet(item) == [("allow", RULE, "o.dtso:4")]


def test_any_number_of_processes_reports_the_same(tmp_path: Path, lint: Lint) -> None:
    okay = '&clk { status = "okay"; };'
    boards = {f"b{number}": okay if number % 2 else "" for number in range(4)}
    write(tmp_path, f"{ALLOW} // dtlink: allow cycle: x", **boards)
    one, several = (lint(".", "-j", number)[1] for number in ("1", "3"))
    assert one == several
    assert sum(len(each["ignored"]) for each in one if "ignored" in each) == 2


def test_diff_leaves_out_what_a_comment_allows(tmp_path: Path, lint: Lint) -> None:
    del lint
    for folder, clocks, board in (("old", "", ""), ("new", ALLOW, ""), ("fixed", "", OKAY)):
        write(tmp_path / folder, clocks, a=board)
    run = CliRunner().invoke
    args = ["diff", "--no-config", "--format", "json"]
    pairs = (("old", "new"), ("new", "old"), ("old", "fixed"), ("fixed", "new"))
    found = {}
    for old, new in pairs:
        document = json.loads(run(cli, [*args, f"{old}/a.dts", f"{new}/a.dts"]).stdout)
        findings = document["inputs"][0]["diff"]["changes"]["findings"]
        found[old, new] = [len(findings[kind]) for kind in ("gained", "lost")]
    assert found == dict(zip(pairs, ([0, 0], [0, 0], [0, 1], [0, 0]), strict=True))


def test_json_lines_have_what_the_document_has(tmp_path: Path, lint: Lint) -> None:
    okay = '&clk { status = "okay"; };'
    write(tmp_path, ALLOW, a=okay, b=okay, c="")
    for boards in (("a.dts", "b.dts"), ("a.dts", "b.dts", "c.dts")):
        _, items = lint(*boards)
        lines = (
            CliRunner()
            .invoke(cli, ["lint", "--no-config", "--format", "jsonl", *boards])
            .stdout.splitlines()
        )
        assert [json.loads(line)["inputs"][0] for line in lines] == items


@pytest.mark.parametrize("form", ["text", "sarif", "github", "gitlab", "junit", "markdown"])
def test_each_format_has_the_place_of_an_unused_comment(
    tmp_path: Path, lint: Lint, form: str
) -> None:
    write(tmp_path, ALLOW, a='&clk { status = "okay"; };')
    del lint
    told = CliRunner().invoke(cli, ["lint", "--no-config", "--format", form, "a.dts"]).stdout
    assert RULE in told
    if form == "sarif":
        (notice,) = json.loads(told)["runs"][0]["invocations"][0]["toolConfigurationNotifications"]
        place = notice["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "soc.dtsi"
        assert place["region"]["startLine"] == 14
    elif form == "github":
        assert "file=soc.dtsi,line=14" in told
    elif form == "gitlab":
        (issue,) = json.loads(told)
        assert issue["location"] == {"path": "soc.dtsi", "lines": {"begin": 14}}
    else:
        assert "soc.dtsi:14" in told


def test_the_library_answers_as_the_command(tmp_path: Path, lint: Lint) -> None:
    write(tmp_path, ALLOW.replace("disabled", "disabled, cycle"), a="")
    _, (item,) = lint("a.dts")
    for report in (
        dtlink.lint("a.dts", config=False),
        dtlink.Board.read(tmp_path / "a.dts").lint(),
    ):
        (found,) = report.inputs
        assert [each.reason for each in found.ignored] == ["the other variant has it"]
        assert [each.rule for each in found.unmet] == ["cycle"] == [x[1] for x in unmet(item)]


def test_the_numbers_are_in_the_summary(tmp_path: Path, lint: Lint) -> None:
    write(tmp_path, ALLOW.replace("disabled", "disabled, cycle"), a="")
    del lint
    told = CliRunner().invoke(cli, ["lint", "--no-config", "a.dts"]).stdout
    assert "1 ignored; 1 allowed but unused" in told


@pytest.mark.parametrize(
    ("comment", "severity"),
    [
        (f"/* dtlink allow {RULE}: x */", "warning"),
        (f"// dtlink allow {RULE}", "warning"),
        (f"// DTLINK: expect {RULE}: x", "warning"),
        (f"/*\n * dtlink : allow {RULE}: x\n */", "warning"),
        ("// dtlink-allow supplier: x", "warning"),
        ("// dtlink allow supplier", "warning"),
        ("// dtlink allows for this; the DSP is not fitted", ""),
        ("// dtlink will expect the clock here", ""),
        ("// dtlink allow is what a comment may say of findings", ""),
        (f"// see dtlink allow {RULE}: x", ""),
    ],
)
def test_a_comment_without_its_colon_is_reported(
    tmp_path: Path, lint: Lint, comment: str, severity: str
) -> None:
    write(tmp_path, a=f"{comment}\n&uart {{ }};")
    _, (item,) = lint("a.dts")
    found = [each for each in item["findings"] if each["rule"] == "source/invalid-comment"]
    assert [(each["severity"], each["confidence"]) for each in found] == (
        [(severity, "likely")] if severity else []
    )
    assert RULE in rules(item)


def test_an_unused_comment_of_a_shared_file_is_below_its_own_heading(
    tmp_path: Path, lint: Lint
) -> None:
    del lint  # it changes to the folder
    write(
        tmp_path,
        f"// dtlink: allow {RULE}: gone",
        a=OKAY,
        b=f"{OKAY}\n/* dtlink: allow {RULE}: gone */\n&uart {{ }};",
    )
    told = CliRunner().invoke(cli, ["lint", "--no-config", "a.dts", "b.dts"]).stdout
    words = "but no board has such a finding there"
    assert [each.split(" · ")[0] for each in told.splitlines()][:-1] == [
        "soc.dtsi",
        "",
        f"unused   {RULE} is allowed by soc.dtsi:14, {words}",
        "",
        "b.dts",
        "",
        f"unused   {RULE} is allowed by b.dts:4, {words}",
        "",
    ]
