"""diff: what changed between two builds."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from dtlink.firmware import fdt
from dtlink.firmware.dts import read_file
from dtlink.firmware.fdt_write import SourceNode, write
from dtlink.firmware.tree import Tree
from dtlink.testing.assemble import assemble
from tests.cli.conftest import ROOT, Run
from tests.support.boards import fixture_blobs
from tests.support.rebuild import with_other_phandles

BOARD = """/dts-v1/;
/ {
  model = "Example Board"; compatible = "example,board";
  #address-cells = <1>; #size-cells = <1>;
  osc: oscillator {
    compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>;
  };
  clk: clock-controller@1000 {
    compatible = "vnd,clk"; reg = <0x1000 0x100>; clocks = <&osc>; #clock-cells = <1>;
  };
  pd: power-controller@2000 {
    compatible = "vnd,pd"; reg = <0x2000 0x100>; clocks = <&clk 1>; #power-domain-cells = <1>;
  };
  smmu: iommu@3000 { compatible = "arm,smmu-v3"; reg = <0x3000 0x20000>; #iommu-cells = <1>; };
  uart@4000 { compatible = "vnd,uart"; reg = <0x4000 0x100>; clocks = <&clk 2>, <&clk 3>; };
  mmc@5000 {
    compatible = "vnd,mmc"; reg = <0x5000 0x100>;
    clocks = <&clk 4>; power-domains = <&pd 0>; iommus = <&smmu 0x10>;
  };
};
"""
SERVER = """
MCFG
  allocation base=0x10000000 segment=0
APIC
  its id=0 base=0x8080000
IORT
  its: its-group ids=0
  smmu: smmu-v3 base=0x9050000
    map count=0xffff output=its
  root-complex segment=0
    map count=0xff output=smmu
"""
MOVED = """
MCFG
  allocation base=0x10000000 segment=0
APIC
  its id=0 base=0x8080000
IORT
  root-complex segment=0
    map count=0xff output=smmu
  smmu: smmu-v3 base=0x9050000
    map count=0xffff output=its
  its: its-group ids=0
"""
#: Rules that tell several properties at the first of them: which that is, is a matter of order.
BY_FIRST = {"legacy/singular-gpio", "supplier/disabled"}
KINDS = ("findings", "waits", "cycles", "links")


class Builds:
    """Two builds of a board, or of a machine's tables."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.folder = run, folder
        self.old = self.dtb("old.dtb", BOARD)

    def dtb(self, name: str, source: str) -> Path:
        path = self.folder / "source.dts"
        path.write_text(source)
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_bytes(read_file(str(path)).blob)
        return self.folder / name

    def new(self, *changes: tuple[str, str]) -> Path:
        source = BOARD
        for before, after in changes:
            assert before in source
            source = source.replace(before, after)
        return self.dtb("new.dtb", source)

    def tables(self, name: str, text: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        for signature, data in assemble(text).items():
            (folder / f"{signature}.dat").write_bytes(data)
        return folder

    def report(self, command: str, *args: object) -> Path:
        path = self.folder / f"{len(list(self.folder.iterdir()))}.json"
        path.write_text(self.run(command, *args, "--format", "json").stdout)
        return path

    def text(self, old: object, new: object, *args: object) -> str:
        result = self.run("diff", old, new, *args)
        assert result.exit_code == 0, result.output
        return result.stdout

    def changes(self, old: object, new: object, *args: object) -> dict[str, Any]:
        (entry,) = self.inputs(old, new, *args)
        return entry["diff"]["changes"]

    def inputs(self, old: object, new: object, *args: object) -> list[dict[str, Any]]:
        return json.loads(self.run("diff", old, new, "--format", "json", *args).stdout)["inputs"]


@pytest.fixture
def builds(run: Run, tmp_path: Path) -> Builds:
    return Builds(run, tmp_path)


def reordered(tree: Tree, seed: str) -> bytes:
    """The tree with the children and the properties of all its nodes in another order."""
    dice = random.Random(seed)  # noqa: S311 - repeatable is what it must be

    def copy(index: int) -> SourceNode:
        properties = list(tree[index].properties.items())
        children = [copy(child.index) for child in tree[index].children]
        dice.shuffle(properties)
        dice.shuffle(children)
        return SourceNode(tree[index].name, dict(properties), children)

    return write(copy(0))


def pairs(entries: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(each["consumer"], each["supplier"]) for each in entries}


def failed(result: Result) -> str:
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    return result.stderr


# What is no change.


def test_nothing_changed_is_one_line(builds: Builds) -> None:
    text = builds.text(builds.old, builds.new(("model", "serial-number")))
    assert text.count("\n") == 1
    assert "nothing changed" in text


@pytest.mark.parametrize("name", [*fixture_blobs()])
def test_phandles_and_order_are_no_change(builds: Builds, name: str) -> None:
    blob = fixture_blobs()[name]
    old, new = builds.folder / "1.dtb", builds.folder / "2.dtb"
    old.write_bytes(blob)
    new.write_bytes(reordered(fdt.read(with_other_phandles(fdt.read(blob), name)), name))
    assert new.read_bytes() != blob
    changes = builds.changes(old, new)
    # Which of two nodes has a phandle that both claim is a matter of order alone.
    assert changes["same"] or name == "phandle-duplicates"


def test_offsets_of_tables_are_no_change(builds: Builds) -> None:
    old, new = builds.tables("a", SERVER), builds.tables("b", MOVED)
    assert builds.changes(old, new)["same"]
    assert "nothing changed" in builds.text(old, new)


def test_a_source_is_compared_with_its_blob(builds: Builds) -> None:
    assert "nothing changed" in builds.text(builds.folder / "source.dts", builds.old)


# What is one.


def test_a_supplier_that_is_gone(builds: Builds) -> None:
    new = builds.new(("<&smmu 0x10>", "<0x77 0x10>"), ("smmu: iommu@3000", "smmu: iommu@3800"))
    changes = builds.changes(builds.old, new)
    (lost,) = changes["links"]["lost"]
    assert pairs([lost]) == {("/mmc@5000", "/iommu@3000")}
    assert (lost["because"], lost["at"]) == ("supplier removed", "/iommu@3000")
    (gained,) = changes["findings"]["gained"]
    assert (gained["rule"], gained["subject"]) == ("phandle/dangling", "/mmc@5000")
    text = builds.text(builds.old, new)
    assert "+ error   phandle/dangling  /mmc@5000" in text
    assert " fix:    " in text
    assert "-   iommus             → /iommu@3000 <0x10>  (supplier removed)" in text
    assert text.endswith("gained 1 finding; lost 1 link\n")
    assert "  fix:" not in builds.text(new, builds.old, "--select", "phandle")


def test_a_cycle(builds: Builds) -> None:
    new = builds.new(("clocks = <&osc>;", "clocks = <&osc>; power-domains = <&pd 1>;"))
    changes = builds.changes(builds.old, new)
    (cycle,) = changes["cycles"]["gained"]
    assert {*cycle["nodes"]} == {"/clock-controller@1000", "/power-controller@2000"}
    assert changes["summary"]["cycles"] == {"gained": 1, "lost": 0, "changed": 0}
    text = builds.text(builds.old, new)
    assert "+ among 2 devices:\n    /" in text
    assert "- among 2 devices:" in builds.text(new, builds.old)


def test_a_cycle_that_grows(builds: Builds) -> None:
    small = ("clocks = <&osc>;", "clocks = <&osc>; power-domains = <&pd 1>;")
    old = builds.dtb("small.dtb", BOARD.replace(*small))
    more = ('compatible = "vnd,pd";', 'compatible = "vnd,pd"; vin-supply = <&reg>;')
    extra = (
        "uart@4000 {",
        'reg: regulator { compatible = "vnd,reg"; clocks = <&clk 7>; };\nuart@4000 {',
    )
    (changed,) = builds.changes(old, builds.new(small, more, extra))["cycles"]["changed"]
    assert {*changed["new"]["nodes"]} - {*changed["old"][0]["nodes"]} == {"/regulator"}
    text = builds.text(old, builds.new(small, more, extra))
    assert "~ among 2 → 3 devices:\n    + /regulator" in text


def test_a_wait(builds: Builds) -> None:
    new = builds.new(
        ("  clk: clock-controller@1000", "  bus {\n  clk: clock-controller@1000"),
        ("  pd: power-controller@2000", "  };\n  pd: power-controller@2000"),
    )
    gained = builds.changes(builds.old, new)["waits"]["gained"]
    waits = {(each["device"], each["supplier"], each["why"]) for each in gained}
    assert ("/uart@4000", "/bus/clock-controller@1000", "no device") in waits
    assert ("/mmc@5000", "/power-controller@2000", "supplier waits") in waits
    text = builds.text(builds.old, new)
    assert "wait forever for /bus/clock-controller@1000" in text
    assert "+ /mmc@5000 depends on the deferred /power-controller@2000" in text


def test_a_stream_id_is_a_change_of_its_link(builds: Builds) -> None:
    new = builds.new(("<&smmu 0x10>", "<&smmu 0x20>"))
    changes = builds.changes(builds.old, new)
    (changed,) = changes["links"]["changed"]
    assert (changed["old"]["args"], changed["new"]["args"]) == ([0x10], [0x20])
    assert not changes["links"]["gained"] + changes["links"]["lost"]
    assert "~   iommus             → /iommu@3000 <0x10> ⇒ <0x20>" in builds.text(builds.old, new)


def test_of_many_entries_the_one_that_changed_is_told(builds: Builds) -> None:
    links = builds.changes(builds.old, builds.new(("<&clk 2>, <&clk 3>", "<&clk 9>, <&clk 2>")))
    (changed,) = links["links"]["changed"]
    assert (changed["old"]["args"], changed["new"]["args"]) == ([3], [9])
    (lost,) = builds.changes(builds.old, builds.new(("<&clk 2>, ", "")))["links"]["lost"]
    assert lost["args"] == [2]


def test_a_supplier_that_is_disabled(builds: Builds) -> None:
    new = builds.new(("smmu: iommu@3000 {", 'smmu: iommu@3000 { status = "disabled";'))
    (changed,) = builds.changes(builds.old, new)["links"]["changed"]
    assert changed["because"] == "supplier disabled"
    # An optional supplier was not followed before either.
    assert "(not followed: the supplier" in builds.text(builds.old, new)


@pytest.mark.parametrize(
    ("change", "now", "former"),
    [
        (
            ("smmu: iommu@3000 {", 'smmu: iommu@3000 { status = "disabled";'),
            "the supplier, or one of its ancestors, is disabled",
            "the supplier, or a node above it, is disabled",
        ),
        (("clocks = <&clk 4>", "clocks = <0>, <&clk 4>"), "after a zero", "behind a zero"),
    ],
)
def test_a_reason_of_a_former_version_is_the_same(
    builds: Builds, change: tuple[str, str], now: str, former: str
) -> None:
    new = builds.new(change)
    saved = builds.report("links", new)
    text = saved.read_text(encoding="utf-8")
    assert now in text
    saved.write_text(text.replace(now, former), encoding="utf-8")
    assert builds.changes(saved, new)["links"]["changed"] == []


def test_labels_are_followed_by_a_space(builds: Builds) -> None:
    text = builds.text(builds.old, builds.new(("clocks = <&clk 4>", "clocks = <99 4>")))
    assert "\n effect: " in text
    assert "\n fix:    " in text


def test_many_links_of_one_node_are_one_line(builds: Builds) -> None:
    five = ", ".join(f"<&clk {number}>" for number in range(5))
    old = builds.dtb("five.dtb", BOARD.replace("<&clk 2>, <&clk 3>", five))
    new = builds.new(("uart@4000 {", 'uart@4000 { status = "disabled";'))
    assert "- /uart@4000 (disabled)  5 links to /clock-controller@1000 (5)\n" in builds.text(
        old, new
    )
    assert builds.text(old, new, "--all").count("-   clocks") == 5


def test_a_severity_that_changed(builds: Builds) -> None:
    lint = builds.report("lint", builds.new(("<&clk 3>", "<0x77 3>")))
    document = json.loads(lint.read_text())
    (finding,) = [x for x in document["inputs"][0]["findings"] if x["rule"] == "phandle/dangling"]
    finding["severity"] = "warning"
    lint.write_text(json.dumps(document))
    new = builds.folder / "new.dtb"
    (changed,) = builds.changes(lint, new)["findings"]["changed"]
    assert changed["new"]["severity"] == "error"
    assert "~ warning → error phandle/dangling" in builds.text(lint, new)
    assert builds.run("diff", lint, new, "--fail-on", "error").exit_code == 1
    assert builds.run("diff", new, lint, "--fail-on", "new").exit_code == 0


def test_tables(builds: Builds) -> None:
    old = builds.tables("a", SERVER)
    new = builds.tables("b", MOVED.replace("count=0xff output=smmu", "count=0x1ff output=smmu"))
    changed = builds.changes(old, new)["links"]["changed"]
    assert {tuple(each["new"]["inputs"]) for each in changed} == {(0, 0x1FF)}
    assert "IORT/smmu-v3 (0x9050000) 0x0-0xff → 0x0 ⇒ 0x0-0x1ff → 0x0" in builds.text(old, new)


def test_what_an_id_map_is_for(builds: Builds) -> None:
    host = 'pcie@6000 { compatible = "vnd,pci"; iommu-map = <%s &smmu 0 0x100>; };\nuart@4000 {'
    old = builds.dtb("map.dtb", BOARD.replace("uart@4000 {", host % "0x0"))
    (changed,) = builds.changes(old, builds.new(("uart@4000 {", host % "0x100")))["links"][
        "changed"
    ]
    assert (changed["old"]["inputs"], changed["new"]["inputs"]) == ([0, 0xFF], [0x100, 0x1FF])


# Exit status and options.


@pytest.mark.parametrize(
    ("fail_on", "status"),
    [("never", 0), ("new", 1), ("info", 1), ("warning", 1), ("error", 1)],
)
def test_fail_on(builds: Builds, fail_on: str, status: int) -> None:
    new = builds.new(("<&clk 3>", "<0x77 3>"))
    assert builds.run("diff", builds.old, new, "--fail-on", fail_on).exit_code == status
    assert builds.run("diff", new, builds.old, "--fail-on", fail_on).exit_code == 0


def test_fail_on_looks_at_the_severity(builds: Builds) -> None:
    new = builds.new(("clocks = <&osc>;", "clocks = <&osc>; power-domains = <&pd 1>;"))
    chosen = ("--select", "all")
    findings = builds.changes(builds.old, new, *chosen)["findings"]["gained"]
    assert {each["severity"] for each in findings} == {"info"}
    assert builds.run("diff", builds.old, new, *chosen, "--fail-on", "new").exit_code == 1
    assert builds.run("diff", builds.old, new, *chosen, "--fail-on", "warning").exit_code == 0


def test_rules_are_chosen(builds: Builds) -> None:
    new = builds.new(("<&clk 3>", "<0x77 3>"))
    assert not builds.changes(builds.old, new, "--ignore", "phandle")["findings"]["gained"]
    assert builds.changes(builds.old, new, "--select", "phandle")["findings"]["gained"]
    assert "no rule" in failed(builds.run("diff", builds.old, new, "--select", "nothing"))


def test_the_configuration_of_new_holds_for_both(builds: Builds) -> None:
    bad = BOARD.replace("<&clk 3>", "<0x77 3>")
    old, new = builds.dtb("a/board.dtb", BOARD), builds.dtb("b/board.dtb", bad)
    (builds.folder / "b" / "dtlink.toml").write_text(
        '[[allow]]\nrule = "phandle/dangling"\nreason = "known"\n'
        '[severity]\n"supplier/unordered-iommu" = "error"\n'
    )
    changes = builds.changes(old, new)
    assert not any(changes["findings"].values())
    assert builds.run("diff", old, new, "--fail-on", "new").exit_code == 0
    assert builds.changes(old, new, "--no-config")["findings"]["gained"]
    assert builds.changes(new, old)["findings"]["lost"]


def test_a_kernel_without_a_driver_in_time(run: Run, tmp_path: Path) -> None:
    guest = ROOT / "fixtures" / "boards" / "virtio-iommu-guest.dts"
    builds = Builds(run, tmp_path)
    listing = tmp_path / "listing"
    listing.write_text("init\nlib/modules/x/kernel/a.ko\nlib/modules/x/modules.dep\n")
    plain = builds.dtb("plain.dtb", guest.read_text().replace("iommu-map = ", "other-map = "))
    kernel = ("--kernel", ROOT / "fixtures" / "kernel", "--initramfs", listing)
    waits = builds.changes(plain, guest, *kernel)["waits"]
    assert {each["why"] for each in waits["gained"]} == {"driver"}
    assert builds.changes(plain, guest)["waits"]["gained"] == []
    # When the root filesystem is mounted is not known: both outcomes, or the user says when.
    ends = {(each["outcome"], each.get("if_in_time")) for each in waits["gained"]}
    assert ends == {("degraded", "late"), ("never", None)}
    assert "if the root filesystem is mounted late" in builds.text(plain, guest, *kernel)
    timed = builds.changes(plain, guest, *kernel, "--root-after", "19")["waits"]["gained"]
    assert {each["outcome"] for each in timed} == {"degraded", "never"}
    assert not any("if_in_time" in each for each in timed)
    soon = builds.changes(plain, guest, *kernel, "--root-after", "3")["waits"]["gained"]
    assert {each["outcome"] for each in soon} == {"never"}


def test_a_kernel_that_can_not_be_read(builds: Builds) -> None:
    result = builds.run("diff", builds.old, builds.old, "--kernel", "/nonexistent")
    assert failed(result).count("/nonexistent") == 1


# Folders.


def test_folders_are_paired_by_path(builds: Builds) -> None:
    bad = BOARD.replace("<&clk 3>", "<0x77 3>")
    for name, source in {"a/one.dtb": BOARD, "a/two.dtb": BOARD, "a/gone.dtb": BOARD}.items():
        builds.dtb(name, source)
    for name, source in {"b/one.dtb": BOARD, "b/two.dtb": bad, "b/new.dtb": bad}.items():
        builds.dtb(name, source)
    old, new = builds.folder / "a", builds.folder / "b"
    told = {Path(x["path"]).name: x["diff"]["changes"] for x in builds.inputs(old, new)}
    assert {name: changes["input"] for name, changes in told.items()} == {
        "gone.dtb": "lost",
        "new.dtb": "gained",
        "one.dtb": "both",
        "two.dtb": "both",
    }
    assert told["one.dtb"]["same"]
    assert told["new.dtb"]["old"] is None
    assert told["gone.dtb"]["new"] is None
    text = builds.text(old, new)
    assert "/one.dtb" not in text
    assert f"- {old}/gone.dtb · only in OLD · Example Board" in text
    assert text.count("phandle/dangling") == 2
    assert "1 of 2 inputs changed; 1 input added; 1 input removed; gained 2 findings" in text


def test_a_folder_gives_the_same_in_several_processes(builds: Builds) -> None:
    for name in ("a/one.dtb", "a/two.dtb", "b/two.dtb"):
        builds.dtb(name, BOARD)
    builds.dtb("b/one.dtb", BOARD.replace("<&clk 3>", "<&clk 5>"))
    args = ("diff", builds.folder / "a", builds.folder / "b", "--format", "json")
    one = builds.run(*args, "-j", "1")
    assert one.stdout == builds.run(*args, "-j", "2").stdout
    assert json.loads(one.stdout)["inputs"][0]["diff"]["changes"]["links"]["changed"]


def test_boards_that_moved_are_known_by_name(builds: Builds) -> None:
    for name in ("a/one.dtb", "a/two.dtb", "b/two.dtb"):
        builds.dtb(name, BOARD)
    (builds.folder / "b" / "vendor").mkdir()
    builds.dtb("b/vendor/one.dtb", BOARD)
    assert "nothing changed in 2 inputs" in builds.text(builds.folder / "a", builds.folder / "b")


def test_one_file_and_a_folder_of_many(builds: Builds) -> None:
    for name in ("a/one.dtb", "a/two.dtb"):
        builds.dtb(name, BOARD)
    result = builds.run("diff", builds.old, builds.folder / "a")
    assert "OLD is one file, and NEW has 2 inputs" in failed(result)


def test_no_inputs(builds: Builds) -> None:
    (builds.folder / "a").mkdir()
    assert "no inputs" in builds.run("diff", builds.folder / "a", builds.folder / "a").stderr


# Saved reports.


@pytest.mark.parametrize(
    ("command", "compared"),
    [
        ("lint", ["findings"]),
        ("links", ["links"]),
        ("cycles", ["cycles"]),
        ("devlink", ["waits", "cycle_lines"]),
    ],
)
def test_a_saved_report_stands_for_its_firmware(
    builds: Builds, command: str, compared: list[str]
) -> None:
    old = builds.report(command, builds.old)
    changes = builds.changes(old, builds.old)
    assert changes["same"]
    assert changes["compared"] == compared
    assert {each["what"] for each in changes["not_compared"]} == {*KINDS} - {*compared}
    new = builds.new(
        ("<&clk 3>", "<0x77 3>"),
        ("clocks = <&osc>;", "clocks = <&osc>; power-domains = <&pd 1>;"),
    )
    changed = builds.changes(old, new)
    firmware = builds.changes(builds.old, new)
    assert not changed["same"]
    for kind in {*compared} - {"cycle_lines"}:
        assert changed["summary"][kind] == firmware["summary"][kind]
    both = builds.changes(old, builds.report(command, new))
    assert both["compared"] == compared
    assert both["summary"] == changed["summary"]


def test_waits_of_a_saved_report(builds: Builds) -> None:
    old = builds.report("devlink", builds.old)
    new = builds.new(
        ("  clk: clock-controller@1000", "  bus {\n  clk: clock-controller@1000"),
        ("  pd: power-controller@2000", "  };\n  pd: power-controller@2000"),
    )
    firmware = builds.changes(builds.old, new)["waits"]
    assert builds.changes(old, new)["waits"] == firmware
    assert builds.changes(old, builds.report("devlink", new))["waits"] == firmware != []


def test_a_report_of_many_against_a_folder(builds: Builds) -> None:
    for name in ("a/one.dtb", "a/two.dtb", "b/one.dtb", "b/two.dtb"):
        builds.dtb(name, BOARD)
    report = builds.report("lint", builds.folder / "a")
    assert "nothing changed in 2 inputs" in builds.text(report, builds.folder / "b")
    assert builds.changes(report, builds.folder / "b" / "two.dtb")["old"]["path"].endswith(
        "two.dtb"
    )


def test_it_says_once_what_a_report_lacks(builds: Builds) -> None:
    for name in ("a/one.dtb", "a/two.dtb"):
        builds.dtb(name, BOARD)
    report = builds.report("lint", builds.folder / "a")
    result = builds.run("diff", report, builds.folder / "a", "--kernel-version", "6.6")
    assert result.stderr.count("not compared (OLD is a report without them): waits") == 1
    assert "OLD is for Linux 6.12, NEW for 6.6" in result.stderr


def test_what_a_configuration_ignored_is_no_news(builds: Builds) -> None:
    new = builds.new(("<&clk 3>", "<0x77 3>"))
    report = builds.report("lint", new)
    document = json.loads(report.read_text())
    entry = document["inputs"][0]
    entry["ignored"] = [{"finding": each, "reason": "why"} for each in entry["findings"]]
    entry["findings"] = []
    report.write_text(json.dumps(document))
    assert builds.changes(report, new)["same"]
    assert builds.changes(builds.old, report)["findings"]["gained"] == []


def test_lines_of_documents(builds: Builds) -> None:
    one = json.loads(builds.report("lint", builds.old).read_text())
    lines = builds.folder / "report.jsonl"
    other = json.loads(json.dumps(one).replace("old.dtb", "other.dtb"))
    lines.write_text("".join(json.dumps(each) + "\n" for each in (one, other)))
    assert builds.changes(lines, builds.old)["old"]["path"].endswith("old.dtb")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not a JSON document"),
        ('{"a": 1}', "not a report of dtlink: its schema is None"),
        ('{"schema": "report-9"}', "its schema is 'report-9'"),
        ('{"schema": "report-1", "dtlink": "0.1"}', "inputs is missing"),
        ('{"schema": "report-1", "dtlink": "0.1", "inputs": {}}', "inputs is not a list"),
        ('{"schema": "report-1", "dtlink": "0.1", "inputs": [[]]}', "inputs[0] is not an object"),
        ('{"a":' * 100_000, "nested too deep"),
    ],
)
def test_a_broken_report(builds: Builds, content: str, message: str) -> None:
    path = builds.folder / "report.json"
    path.write_text(content)
    told = failed(builds.run("diff", path, builds.old))
    assert message in told
    assert str(path) in told


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("path", 3, "inputs[0].path is not text"),
        ("path", "", "inputs[0].path is empty"),
        ("findings", [3], "inputs[0].findings[0] is not an object"),
        ("findings", [{"rule": "a/b"}], "is missing"),
        ("findings", [{"rule": "a"}], "inputs[0].findings[0].rule is not the name of a rule"),
        ("sha256", "", "inputs[0].sha256 is not a SHA-256"),
        ("sha256", 1, "inputs[0].sha256 is not text or null"),
        ("links", [{}], "inputs[0].links[0].consumer is missing"),
        ("cycles", [{"nodes": [1], "chain": []}], "inputs[0].cycles[0].nodes[0] is not text"),
        ("devlink", [], "inputs[0].devlink is not an object"),
        ("error", {"message": "it was broken"}, "could not be read when the report was made"),
    ],
)
def test_a_report_with_a_broken_member(
    builds: Builds, member: str, value: object, message: str
) -> None:
    report = builds.report("lint", builds.old)
    document = json.loads(report.read_text())
    document["inputs"][0][member] = value
    report.write_text(json.dumps(document))
    assert message in failed(builds.run("diff", report, builds.old))


def test_a_report_of_a_later_version_has_forms_of_its_own(builds: Builds) -> None:
    report = builds.report("lint", builds.old)
    document = json.loads(report.read_text())
    document["inputs"][0]["form"] = "a-form-of-2030"
    report.write_text(json.dumps(document))
    compared = json.loads(builds.run("diff", report, report, "--format", "json").stdout)
    assert compared["inputs"][0]["form"] is None


@pytest.mark.parametrize(
    ("command", "member", "value", "message"),
    [
        ("links", "origin", "me", "origin is not one of kernel, dtc, schema, vendor, acpi"),
        ("links", "consumer", "a", "inputs[0].links[0].consumer is not the path of a node"),
        ("links", "index", -1, "inputs[0].links[0].index is not a number from 0"),
        ("links", "inputs", [1], "inputs[0].links[0].inputs is not a pair of numbers or null"),
        ("links", "inputs", ["a", "b"], "inputs[0].links[0].inputs is not a pair"),
        ("links", "inputs", [0, -1], "inputs[0].links[0].inputs is not a pair"),
        ("links", "args", [1 << 32], "inputs[0].links[0].args[0] is not a number of 32 bits"),
        ("links", "output", "0", "inputs[0].links[0].output is not a number or null"),
        ("links", "through", [], "inputs[0].links[0].through is not text or null"),
        ("links", "used_by_linux", 1, "inputs[0].links[0].used_by_linux is not true or false"),
        ("cycles", "links", "x", "inputs[0].cycles[0].links is not a number"),
        ("cycles", "relaxed", [{}], "inputs[0].cycles[0].relaxed[0].consumer is missing"),
    ],
)
def test_a_broken_member_that_older_reports_do_not_have(
    builds: Builds, command: str, member: str, value: object, message: str
) -> None:
    report = builds.report(command, "fixtures/boards/phone-soc.dtb")
    document = json.loads(report.read_text())
    document["inputs"][0][command][0][member] = value
    report.write_text(json.dumps(document))
    assert message in failed(builds.run("diff", report, builds.old))


def test_a_severity_that_there_is_not(builds: Builds) -> None:
    report = builds.report("lint", builds.new(("<&clk 3>", "<0x77 3>")))
    report.write_text(report.read_text().replace('"severity": "error"', '"severity": "awful"'))
    assert "'awful' is not a severity" in failed(builds.run("diff", report, builds.old))


def test_a_report_with_nothing_to_compare(builds: Builds) -> None:
    report = builds.report("order", builds.old)
    assert "nothing in it can be compared" in failed(builds.run("diff", report, builds.old))


def test_a_report_by_a_pipe(builds: Builds) -> None:
    report = builds.report("lint", builds.old).read_bytes()
    command = [sys.executable, "-m", "dtlink", "diff", "-", str(builds.old)]
    done = subprocess.run(
        command, input=report, capture_output=True, check=False, cwd=ROOT, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"nothing changed")


# What can't be compared.


def test_unreadable_inputs(builds: Builds) -> None:
    bad = builds.folder / "bad.dtb"
    bad.write_bytes(b"\xd0\x0d\xfe\xed")
    told = failed(builds.run("diff", bad, builds.folder / "missing.dtb"))
    assert "missing.dtb: No such file" in told
    told = failed(builds.run("diff", bad, builds.old))
    assert str(bad) in told
    other = builds.folder / "other.dtb"
    other.write_bytes(b"\xd0\x0d\xfe\xed\0")
    told = failed(builds.run("diff", bad, other))
    assert str(bad) in told
    assert str(other) in told


def test_a_devicetree_and_tables(builds: Builds) -> None:
    told = failed(builds.run("diff", builds.old, builds.tables("a", SERVER)))
    assert "--same-machine compares the two" in told


def test_buses_go_with_the_same_machine(builds: Builds) -> None:
    assert "--same-machine" in failed(builds.run("diff", builds.old, builds.old, "--bus", "0"))


def test_standard_input_twice(builds: Builds) -> None:
    assert "standard input" in failed(builds.run("diff", "-", "-"))


# Real boards.


def test_two_revisions_of_a_board(run: Run, shared: Path) -> None:
    boards = shared / "corpus" / "arm64" / "qcom"
    names = [f"sc7180-trogdor-lazor-r{number}.dtb" for number in (1, 3)]
    result = run("diff", *(boards / name for name in names))
    assert result.exit_code == 0
    assert (
        result.stdout.count("-   vdd-supply         → /soc@0/rsc@18200000/regulators-1/ldo7") == 2
    )
    assert result.stdout.count("+   vdd-supply         → /pp3300-hub-regulator") == 2
    assert result.stdout.endswith("gained 2 links; lost 2 links\n")


def test_real_boards_shuffled(builds: Builds, boards: tuple[Path, ...]) -> None:
    for path in boards[::5]:
        tree = fdt.read(path.read_bytes())
        # Whose driver reads the map in its own way has phandles where nobody else looks for them.
        if b"-extirq" not in tree.blob:
            tree = fdt.read(with_other_phandles(tree, path.name))
        new = builds.folder / "shuffled.dtb"
        new.write_bytes(reordered(tree, path.name))
        changes = builds.changes(path, new)
        rules = {each["rule"] for each in changes["findings"]["gained"]}
        lost = {each["rule"] for each in changes["findings"]["lost"]}
        # A property that nobody knows keeps its numbers: it may reference nothing any more.
        misspelt = not rules and lost == {"supplier/misspelt-name"}
        assert changes["same"] or misspelt or (rules and rules <= BY_FIRST), path.name
        del changes["summary"]["findings"]
        assert not any(sum(counts.values()) for counts in changes["summary"].values()), path.name
