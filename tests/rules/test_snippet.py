"""What is shown of a blob's property: as DTS, short, with the entry that a finding is about."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from dtlink.engine import lint
from dtlink.firmware import dts, fdt
from dtlink.firmware.tree import Node, Tree
from dtlink.report.layout import plain
from dtlink.report.model import InputReport, Report
from dtlink.report.text import lines
from dtlink.rules.finding import Finding, Severity
from dtlink.rules.snippet import snippet

SUPPLIERS = """\
	#address-cells = <1>;
	#size-cells = <1>;
	interrupt-parent = <&gic>;
	gic: gic@1 { compatible = "acme,gic"; reg = <1 1>; interrupt-controller;
		#interrupt-cells = <3>; };
	cru: cru@2 { compatible = "acme,cru"; reg = <2 1>; #clock-cells = <1>; };
	osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; };
	mmu: mmu@3 { compatible = "acme,mmu"; reg = <3 1>; #iommu-cells = <1>; };
"""


def blob(properties: str, patch: Mapping[str, bytes] | None = None) -> Tree:
    """A tree without places, as a blob has none; labels are those of ``dtc -@``."""
    source = f'/ {{\n{SUPPLIERS}\tuser: user {{ compatible = "acme,user"; {properties} }};\n}};'
    made = dts.read_text(source, patch=patch)
    tree = fdt.read(made.blob)
    tree.labels = made.labels
    return tree


def found(tree: Tree, rule: str) -> Finding:
    return next(each for each in lint(tree)["findings"] if each.rule == rule)


def shown(finding: Finding) -> str:
    """The two lines of the text report."""
    report = Report("lint", [InputReport("a.dtb", form="fdt", findings=[finding])])
    text = plain(lines(report, None, Severity.INFO)).splitlines()
    return "\n".join(line for line in text if line.startswith(" | "))


@pytest.mark.parametrize(
    ("statement", "marked", "patch", "rule"),
    [
        ("clocks = <&cru 12>, <&osc>, <0x7001 5>;", "<0x7001 5>", {}, "phandle/dangling"),
        (
            *("clocks = <0>, <153>, [00];", "[00]"),
            {"/user:clocks": b"\0\0\0\0\0\0\0\x99\0"},
            "phandle/leftover-cells",
        ),
        (
            *("interrupts-extended = <&gic 0 21 4>, <0x7006 0 22 4>;", "<0x7006 0 22 4>"),
            *({}, "phandle/dangling"),
        ),
        (
            *("iommu-map = <0 &mmu 16 8>, <8 0x7007 0 8>;", "<8 0x7007 0 8>"),
            *({}, "phandle/dangling"),
        ),
        ("interrupts = <0 23>;", "0", {}, "phandle/truncated-specifier"),
    ],
)
def test_the_entry_is_marked(
    statement: str, marked: str, patch: Mapping[str, bytes], rule: str
) -> None:
    below = " " * statement.index(marked) + "^" * len(marked)
    assert shown(found(blob(statement, patch), rule)) == f" | {statement}\n | {below}"


def test_source_has_its_line_instead() -> None:
    tree = dts.read_text(f"/ {{\n{SUPPLIERS}\tuser {{ clocks = <0x7001>; }};\n}};")
    assert found(tree, "phandle/dangling").snippet is None


def test_a_node_without_a_label_is_named_by_its_path() -> None:
    tree = blob("clocks = <&cru 12>, <0x7001>;")
    tree.labels = {}
    assert "clocks = <&{/cru@2} 12>, <0x7001>;" in shown(found(tree, "phandle/dangling"))


def text_of(tree: Tree, name: str, offset: int | None = None) -> str:
    user = tree.find("/user")
    assert isinstance(user, Node)
    made = snippet(user, name, offset)
    assert made is not None
    assert len(made.text) <= 250
    assert made.text[made.start : made.start + made.length].strip()
    assert made.text.isprintable()
    return made.text


def test_only_what_is_near_the_entry_is_shown() -> None:
    tree = blob(f"clocks = {', '.join(['<&cru 12>'] * 1000)};")
    assert text_of(tree, "clocks", 0).startswith("clocks = <&cru 12>, <&cru 12>")
    middle = text_of(tree, "clocks", 500 * 8)
    assert middle.startswith("clocks = … <&cru 12>, ")
    assert middle.endswith(" …;")
    assert text_of(tree, "clocks", 999 * 8).endswith("<&cru 12>;")


def test_an_entry_that_is_too_far_away_is_not_looked_for() -> None:
    user = blob(f"clocks = <{'0 ' * 5000}>;").find("/user")
    assert user is not None
    assert snippet(user, "clocks", 4990 * 4) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"", "x;"),
        (b"uart\0apb_pclk\0", 'x = "uart", "apb_pclk";'),
        (b'a"\\\x1b[2J\0', 'x = "a\\"\\\\\\x1b[2J";'),
        (b"a" * 500 + b"\0", f'x = "{"a" * 100}…";'),
        (b"\0\0\0\1\0\0\x04\0", "x = <1 0x400>;"),
        (b"\xff" * 3, "x = [ff ff ff];"),
        (b"\0", "x = [00];"),
        (b"\xff" * 5, "x = <0xffffffff>, [ff];"),
    ],
)
def test_values_of_other_kinds(value: bytes, text: str) -> None:
    assert text_of(blob("x;", {"/user:x": value}), "x") == text
