"""lint --since: what a change brings, and no more."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

import dtlink
from dtlink.cli.main import cli
from dtlink.testing.assemble import assemble
from tests.support.boards import CHECKOUT
from tests.support.limits import at_most
from tests.support.repositories import commit, git, needs_git, repository, write

pytestmark = needs_git

SOC = """/ {
  compatible = "example,board";
  clk: clock { compatible = "fixed-clock"; #clock-cells = <1>; clock-frequency = <1>; };
  uart: serial { compatible = "example,uart"; clocks = <&clk 1>, <&clk 2>; };
};
"""
DANGLING = '/ { device { compatible = "example,device"; clocks = <0x7001>; }; };\n'
BOARD = '/dts-v1/;\n#include "soc.dtsi"\n'
DTS = "arch/arm64/boot/dts/v"


def changed(text: str = SOC) -> str:
    return text.replace("#clock-cells = <1>", "#clock-cells = <0>")


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A board with a fault of its own, one without, and one that includes nothing."""
    top = repository(tmp_path / "tree", {
        f"{DTS}/a.dts": BOARD + DANGLING,
        f"{DTS}/b.dts": BOARD,
        f"{DTS}/c.dts": "/dts-v1/;\n" + DANGLING,
        f"{DTS}/soc.dtsi": SOC,
        "scripts/dtc/include-prefixes/README": "",
    })  # fmt: skip
    monkeypatch.chdir(top)
    return top


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["lint", *arguments])


def found(*arguments: str, status: int = 1) -> dict[str, list[str]]:
    """The rules and nodes of the findings, by the names of the inputs."""
    done = run(*arguments, "--format", "json")
    assert done.exit_code == status, done.output
    return {
        Path(item["path"]).name: [f"{each['rule']} {each['subject']}" for each in item["findings"]]
        for item in json.loads(done.stdout)["inputs"]
    }


BROUGHT = ["phandle/dangling /serial"]


def test_nothing_has_changed(top):
    done = run("--since", "HEAD")
    assert (done.exit_code, done.stdout) == (0, "")
    name = git(top, "rev-parse", "HEAD")[:12]
    assert done.stderr == (
        f"dtlink: since HEAD ({name}): none of 3 inputs or the files that they include has "
        "changed\n"
    )
    assert found("--since", "HEAD", DTS, status=0) == {}


def test_only_what_the_change_brings(top):
    write(top, {f"{DTS}/soc.dtsi": "\n\n" + changed()})
    assert found("--since", "HEAD") == {"a.dts": BROUGHT, "b.dts": BROUGHT}
    assert found("--since", "HEAD", f"{DTS}/a.dts") == {"a.dts": BROUGHT}
    assert found("--since", "HEAD", f"{DTS}/c.dts", status=0) == {}
    commit(top)
    assert found("--since", "HEAD~1", "--fail-on", "never", status=0) == {
        "a.dts": BROUGHT,
        "b.dts": BROUGHT,
    }
    assert found("--since", "HEAD", status=0) == {}


def test_the_text_has_the_fault_once_at_its_line(top):
    write(top, {f"{DTS}/soc.dtsi": changed()})
    done = run("--since", "HEAD")
    assert done.stdout.count("phandle/dangling") == 1
    assert "soc.dtsi:4:" in done.stdout
    assert "boards: a.dts, b.dts" in " ".join(done.stdout.split())
    assert "new: 1 error" in done.stdout
    assert "1 known" in done.stdout
    assert "the change reaches 2 of 3 inputs" in done.stderr


def test_moved_code_brings_nothing(top):
    write(top, {f"{DTS}/a.dts": "/dts-v1/;\n// a\n" + DANGLING, f"{DTS}/new.dtsi": DANGLING})
    write(top, {f"{DTS}/c.dts": '/dts-v1/;\n\n#include "new.dtsi"\n'})
    assert found("--since", "HEAD", status=0) == {"a.dts": [], "c.dts": []}


def test_the_configuration_of_today_holds_for_both_sides(top):
    write(top, {f"{DTS}/c.dts": "/dts-v1/;\n// c\n" + DANGLING})
    write(top, {"dtlink.toml": '[severity]\n"phandle/dangling" = "info"\n'})
    commit(top)
    write(top, {f"{DTS}/c.dts": "/dts-v1/;\n" + DANGLING, "dtlink.toml": ""})
    assert found("--since", "HEAD", status=0) == {"c.dts": []}


def test_a_new_board_and_one_that_could_not_be_read(top):
    write(top, {f"{DTS}/d.dts": "/dts-v1/;\n/ { a = <&none>; };\n"})
    name = commit(top)[:12]
    write(top, {f"{DTS}/d.dts": "/dts-v1/;\n" + DANGLING, f"{DTS}/n.dts": "/dts-v1/;\n" + DANGLING})
    rows = ["phandle/dangling /device"]
    assert found("--since", "HEAD") == {"d.dts": rows, "n.dts": rows}
    said = run("--since", "HEAD").stderr
    assert f"n.dts: is not in commit {name}: all of its findings are new" in said
    assert f"d.dts: could not be read in commit {name}" in said


def test_a_board_that_has_moved(top):
    name = git(top, "rev-parse", "HEAD")[:12]
    git(top, "mv", f"{DTS}/c.dts", "c.dts")
    done = run("--since", "HEAD")
    assert done.exit_code == 0
    assert f"./c.dts: is compared with {DTS}/c.dts of commit {name}" in done.stderr
    assert found("--since", "HEAD", status=0) == {"c.dts": []}
    # Of two that are gone it may be either.
    write(top, {"x/c.dts": "/dts-v1/; / { };", "y/c.dts": "/dts-v1/; / { };"})
    commit(top)
    git(top, "rm", "-q", "-r", "x", "y")
    write(top, {"z/c.dts": "/dts-v1/;\n" + DANGLING})
    assert found("--since", "HEAD") == {"c.dts": ["phandle/dangling /device"]}


def test_a_board_that_cannot_be_read_now(top):
    write(top, {f"{DTS}/soc.dtsi": "/ { a = <&none>; };\n"})
    done = run("--since", "HEAD")
    assert done.exit_code == 2
    assert "&none" in done.stderr


def test_a_file_that_is_gone(top):
    (top / DTS / "soc.dtsi").unlink()
    (top / DTS / "c.dts").unlink()
    done = run("--since", "HEAD")
    assert done.exit_code == 2
    assert "a.dts" in done.stderr
    assert "v/c.dts" not in done.stderr


def test_a_branch_is_compared_with_where_it_began(top):
    start = git(top, "rev-parse", "HEAD")
    git(top, "checkout", "-q", "-b", "mine")
    write(top, {f"{DTS}/b.dts": BOARD + "/ { b; };\n"})
    commit(top)
    git(top, "checkout", "-q", "main")
    write(top, {f"{DTS}/c.dts": "/dts-v1/;\n/ { };\n"})  # fixed on the main branch
    commit(top)
    git(top, "checkout", "-q", "mine")
    done = run("--since", "main", "--format", "json")
    document = json.loads(done.stdout)
    assert [Path(item["path"]).name for item in document["inputs"]] == ["b.dts"]
    assert document["since"] == {"ref": "main", "commit": start, "unchanged": 2}
    assert f"since main ({start[:12]}, where HEAD left it)" in done.stderr
    # Without a history in common it is the commit itself.
    git(top, "checkout", "-q", "--orphan", "alone")
    commit(top)
    assert json.loads(run("--since", "main", "--format", "json").stdout)["since"]["commit"] == (
        git(top, "rev-parse", "main")
    )


def test_a_baseline_as_well(top):
    done = run(DTS, "--baseline", "known.json", "--write-baseline")
    assert done.exit_code == 0
    write(top, {f"{DTS}/soc.dtsi": changed()})
    commit(top)
    run(f"{DTS}/b.dts", "--baseline", "known.json", "--write-baseline")
    write(top, {f"{DTS}/b.dts": BOARD + DANGLING, f"{DTS}/c.dts": "/dts-v1/;\n/ { };\n"})
    arguments = ("--since", "HEAD~1", "--baseline", "known.json", "--format", "json")
    items = json.loads(run(*arguments).stdout)["inputs"]
    rows = {
        Path(item["path"]).name: [
            [f"{each['rule']} {each['subject']}" for each in item.get(kind, ())]
            for kind in ("findings", "known", "fixed")
        ]
        for item in items
    }
    device = ["phandle/dangling /device"]
    assert rows == {
        "a.dts": [BROUGHT, device, []],  # the baseline and the commit have it
        "b.dts": [device, BROUGHT, []],  # the baseline has it, the commit does not
        "c.dts": [[], [], device],
    }


def test_expectations_that_were_unmet_before(top):
    text = '[[expect]]\nrule = "cycle"\nreason = "x"\nfile = "{}"\n'
    path = f"{DTS}/b.dts"
    write(top, {"dtlink.toml": text.format(path)})
    commit(top)
    write(top, {path: BOARD + "/ { b; };\n"})
    assert run(path).exit_code == 0
    item = json.loads(run("--since", "HEAD", "--format", "json").stdout)["inputs"][0]
    assert "unmet" not in item


def test_allowed_findings(top):
    write(top, {"dtlink.toml": '[[allow]]\nrule = "phandle"\nreason = "x"\n'})
    write(top, {f"{DTS}/soc.dtsi": changed()})
    assert found("--since", "HEAD", status=0) == {"a.dts": [], "b.dts": []}


def test_comments_that_other_boards_need(top):
    allowed = SOC.replace("  uart:", "  // dtlink: allow phandle/dangling: a test\n  uart:")
    cells = "&clk { #clock-cells = <0>; };\n"
    write(top, {f"{DTS}/soc.dtsi": allowed, f"{DTS}/b.dts": BOARD + cells})
    commit(top)
    assert run(f"{DTS}/a.dts", f"{DTS}/b.dts").exit_code == 1
    # Only a.dts is linted, and does not need the comment of the file that b.dts includes.
    write(top, {f"{DTS}/a.dts": BOARD + DANGLING + "/ { a; };\n"})
    done = run("--since", "HEAD", "--format", "json")
    (item,) = json.loads(done.stdout)["inputs"]
    assert "unmet" not in item
    # A comment that the change adds, and that nothing needs.
    note = "// dtlink: allow cycle: a test\n"
    write(top, {f"{DTS}/c.dts": "/dts-v1/;\n" + note + DANGLING})
    done = run("--since", "HEAD", f"{DTS}/c.dts", "--format", "json")
    (item,) = json.loads(done.stdout)["inputs"]
    assert [each["rule"] for each in item["unmet"]] == ["cycle"]
    commit(top)
    write(top, {f"{DTS}/c.dts": "/dts-v1/;\n\n" + note + DANGLING})
    (item,) = json.loads(run("--since", "HEAD", "--format", "json").stdout)["inputs"]
    assert "unmet" not in item


def test_more_boards_than_are_read(top):
    boards = {f"{DTS}/x{n}.dts": BOARD for n in range(20)}
    write(top, boards)
    commit(top)
    write(top, {f"{DTS}/soc.dtsi": changed(), f"{DTS}/x3.dts": BOARD + "/ { x; };\n"})
    done = run("--since", "HEAD", "--max-boards", "4", "--format", "json")
    document = json.loads(done.stdout)
    # x3 has changed itself, and does not count.
    names = [Path(item["path"]).stem for item in document["inputs"]]
    assert len(names) == 5
    assert "x3" in names
    assert document["since"]["unchanged"] == 1
    assert "of 22 inputs that the change reaches, 17 that include" in document["notes"][0]
    assert document["notes"][0] in done.stderr
    # A file that is named means the boards that include it, of which the change has some.
    git(top, "checkout", "-q", f"{DTS}/soc.dtsi")
    options = ("--since", "HEAD", "--max-boards", "1")
    assert list(found(*options, f"{DTS}/soc.dtsi", status=0)) == ["x3.dts"]
    assert list(found(*options, "--max-boards", "0", f"{DTS}/soc.dtsi", status=0)) == ["x3.dts"]


def test_blobs_and_tables(top):
    blobs = {name: (CHECKOUT / f"fixtures/boards/{name}.dtb").read_bytes()
             for name in ("phone-soc", "phandle-faults")}  # fmt: skip
    write(top, {"out/a.dtb": blobs["phone-soc"], "out/b.dtb": blobs["phandle-faults"]})
    commit(top)
    assert found("--since", "HEAD", "out", status=0) == {}
    write(top, {"out/a.dtb": blobs["phandle-faults"]})
    assert found("--since", "HEAD", "out")["a.dtb"]
    write(top, {"out/a.dtb": blobs["phone-soc"]})
    assert found("--since", "HEAD", "out", status=0) == {}


def test_a_folder_of_tables(top):
    tables = """
IORT
  its: its-group ids=0
  root-complex segment=0
    map count=0xffff output=its
"""
    for signature, data in assemble(tables + "APIC\n  its id=0 base=0x8080000\n").items():
        write(top, {f"tables/{signature.lower()}.dat": data})
    commit(top)
    assert found("--since", "HEAD", "tables", status=0) == {}
    for signature, data in assemble(tables + "APIC\n  its id=1 base=0x8080000\n").items():
        write(top, {f"tables/{signature.lower()}.dat": data})
    (rows,) = found("--since", "HEAD", "tables").values()
    assert rows
    (tables,) = dtlink.lint("tables", since="HEAD").inputs
    assert (tables.form, tables.notes) == ("acpi-folder", ())


def test_the_documents_are_of_the_schema(top):
    schema = json.loads((CHECKOUT / "schemas" / "report-1.schema.json").read_text())
    write(top, {f"{DTS}/soc.dtsi": changed()})
    for form in ("json", "jsonl"):
        for line in run("--since", "HEAD", "--format", form).stdout.splitlines()[
            : None if form == "jsonl" else 0
        ] or [run("--since", "HEAD", "--format", "json").stdout]:
            document = json.loads(line)
            jsonschema.Draft202012Validator(schema).validate(document)
            assert document["since"]["unchanged"] == 1


@pytest.mark.parametrize("form", ["sarif", "github", "gitlab", "junit", "markdown", "jsonl"])
def test_every_format(form, top):
    name = git(top, "rev-parse", "HEAD")
    assert run("--since", "HEAD", "--format", form).exit_code == 0
    write(top, {f"{DTS}/soc.dtsi": changed()})
    done = run("--since", "HEAD", "--format", form)
    assert done.exit_code == 1
    expected = {
        "sarif": '"baselineState": "new"',
        "markdown": f"({name}) reaches 2 of 3 inputs. 1 finding was there before.",
        "junit": f"there in commit {name} already",
    }
    assert expected.get(form, "phandle/dangling") in done.stdout


WRONG = {
    "no commit": (("--since", "nothing"), "there is no commit nothing in"),
    "an option": (("--since=--output=x",), "--output=x is not the name of a commit"),
    "empty": (("--since", ""), "the value is empty"),
    "standard input": (("--since", "HEAD", "-"), "no earlier state of standard input"),
    "no path": ((), "Missing argument 'PATH...'"),
    "a baseline to write": (
        ("--since", "HEAD", "--baseline", "b", "--write-baseline"), "accepts all findings",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_done(arguments, said, top):
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert not (top / "x").exists()


@pytest.mark.usefixtures("top")
def test_a_path_that_is_not_there():
    done = run("--since", "HEAD", "none.dts")
    assert done.exit_code == 2
    assert "none.dts: No such file" in done.stderr


@pytest.mark.usefixtures("top")
def test_repositories(tmp_path, monkeypatch):
    other = repository(tmp_path / "other", {"o.dts": "/dts-v1/;\n" + DANGLING})
    done = run("--since", "HEAD", DTS, str(other))
    assert done.exit_code == 2
    assert "is not in the repository of" in done.stderr
    assert found("--since", "HEAD", str(other), status=0) == {}
    monkeypatch.chdir(tmp_path)
    assert "is not in a git repository" in run("--since", "HEAD").stderr
    write(tmp_path, {"empty/x": ""})
    git(tmp_path / "empty", "init", "-q")
    monkeypatch.chdir(tmp_path / "empty")
    assert "there is no commit HEAD" in run("--since", "HEAD").stderr


def test_the_whole_repository_from_a_folder_below(top, monkeypatch):
    write(top, {f"{DTS}/soc.dtsi": changed()})
    monkeypatch.chdir(top / "scripts")
    assert found("--since", "HEAD") == {"a.dts": BROUGHT, "b.dts": BROUGHT}


def test_no_inputs_are_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(repository(tmp_path / "tree", {"README": ""}))
    done = run("--since", "HEAD")
    assert done.exit_code == 2
    assert "no inputs" in done.stderr


def test_the_library(top):
    assert dtlink.lint(since="HEAD").status == 0
    write(top, {f"{DTS}/soc.dtsi": changed()})
    report = dtlink.lint(DTS, since="HEAD")
    assert [each.rule for each in report.findings()] == ["phandle/dangling"] * 2
    assert (report.since.ref, report.since.unchanged, report.status) == ("HEAD", 1, 1)
    assert len(list(dtlink.lint(DTS).findings())) == 4
    with pytest.raises(dtlink.InputError, match="no commit nothing"):
        dtlink.lint(DTS, since="nothing")


def test_a_hundred_boards_on_one_file(tmp_path, monkeypatch):
    nodes = "".join(
        f'/ {{ d{n} {{ compatible = "example,d"; x = <&clk {n}>; }}; }};\n' for n in range(300)
    )
    own = "/ {{ board{0} {{ clocks = <0x7001>; }}; }};\n"
    boards = {f"{DTS}/b{n}.dts": BOARD + own.format(n) for n in range(100)}
    top = repository(tmp_path / "tree", {**boards, f"{DTS}/soc.dtsi": SOC + nodes})
    monkeypatch.chdir(top)
    write(top, {f"{DTS}/soc.dtsi": changed() + nodes})
    with at_most():
        done = run("--since", "HEAD", "-j", "1")
    assert done.exit_code == 1
    assert "new: 1 error, 0 warnings, 0 notes in 100 inputs (100 findings" in done.stdout
    assert "100 known" in done.stdout
    assert done.stdout.count(f"{DTS}/soc.dtsi:4:") == 1
    assert "soc.dtsi · in 100 inputs" in done.stdout
    assert "reaches 100 of 100 inputs" in done.stderr


#: What a change does to the files: each takes a source of chance.
EDITS = {
    "cells": lambda text, chance: text.replace(
        f"#clock-cells = <{chance.choice('01')}>", f"#clock-cells = <{chance.choice('012')}>"
    ),
    "a phandle": lambda text, chance: text + DANGLING.replace("0x7001", str(chance.randrange(9))),
    "a line": lambda text, chance: text.replace("/ {", "\n/ {", chance.randrange(3)),
    "an include": lambda text, chance: text + f'#include "p{chance.randrange(4)}.dtsi"\n',
    "no include": lambda text, chance: text.replace("#include", "// ", chance.randrange(2)),
    "nothing": lambda text, _: text,
    "a name": lambda text, chance: text.replace("serial", f"serial{chance.randrange(3)}"),
}


@pytest.mark.parametrize("seed", range(12))
def test_the_same_as_the_difference_of_two_lints(seed, tmp_path, monkeypatch):
    chance = random.Random(seed)  # noqa: S311 - a test of chance
    parts = {f"p{n}.dtsi": DANGLING.replace("device", f"p{n}") for n in range(4)}
    boards = {f"b{n}.dts": BOARD + f'#include "p{n % 4}.dtsi"\n' for n in range(6)}
    files = {"soc.dtsi": SOC, **parts, **boards}
    top = repository(tmp_path / "tree", files)
    for name in chance.sample(sorted(files), 5):
        files[name] = EDITS[chance.choice(sorted(EDITS))](files[name], chance)
    if chance.random() < 0.3:
        gone = chance.choice(sorted(boards))
        (top / gone).unlink()
        del files[gone]
    monkeypatch.chdir(top)
    before = {item.path: item for item in dtlink.lint(".").inputs}
    write(top, files)
    expected = {}
    for item in dtlink.lint(".").inputs:
        old = before.get(item.path)
        known = Counter(each.fingerprint for each in old.findings) if old else Counter()
        found = Counter(each.fingerprint for each in item.findings)
        expected[item.path] = (item.error is not None, found - known)
    reached = {
        item.path: (item.error is not None, Counter(each.fingerprint for each in item.findings))
        for item in dtlink.lint(".", since="HEAD").inputs
    }
    nothing = (False, Counter())
    assert {path: reached.get(path, nothing) for path in expected} == expected


def test_overlays_that_the_change_does_not_reach_are_not_named(top):
    overlay = '/dts-v1/;\n/plugin/;\n&uart { status = "okay"; };\n'
    write(top, {f"{DTS}/old.dtso": overlay, f"{DTS}/new.dtso": overlay})
    commit(top)
    done = run("--since", "HEAD", "--strict")
    assert (done.exit_code, "without a base" in done.stderr) == (0, False)
    write(top, {f"{DTS}/new.dtso": overlay + "\n"})
    done = run("--since", "HEAD")
    assert "1 overlay: " in done.stderr
    assert "old.dtso" not in done.stderr


def test_an_input_with_an_overlay(top):
    overlay = "/dts-v1/;\n/plugin/;\n&{/serial} { clocks = <0x7001>; };\n"
    write(top, {"base.dts": "/dts-v1/;\n" + SOC, "o.dtso": overlay})
    commit(top)
    assert found("--since", "HEAD", "base.dts+o.dtso", status=0) == {}
    write(top, {"o.dtso": overlay.replace("7001", "7002")})
    assert found("--since", "HEAD", "base.dts+o.dtso", status=0) == {"base.dts": []}
    write(top, {"o.dtso": overlay + DANGLING.replace("/ {", "&{/} {")})
    rows = found("--since", "HEAD", "base.dts+o.dtso")
    assert rows == {"base.dts": ["phandle/dangling /device"]}
