"""Boards of one fault each, with the right answer: cases beside the checkout, and more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts, fdt
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Finding, Severity
from dtlink.rules.run import check

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def findings(source: str, *select: str) -> Sequence[Finding]:
    """All that the rules, or some of them, say of a source without its first line."""
    checked = check(TreeBoard(dts.read_text(source), Settings()), choose(select))
    assert checked.faults == []
    return checked.findings


def of_case(path: Path) -> Sequence[Finding]:
    """What is said of a case beside the checkout."""
    if path.suffix == ".dtb":
        checked = check(TreeBoard(fdt.read(path.read_bytes())), choose())
        assert checked.faults == []
        return checked.findings
    return findings(path.read_text())


def told(found: Sequence[Finding]) -> list[tuple[str, str, str | None]]:
    """Rule, node and property of each finding that is worse than a note."""
    return [
        (each.rule, each.subject.path, each.property_name)
        for each in found
        if each.severity is not INFO
    ]


OSC = 'osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };'


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ('clocks = <&osc>; clock-names = "a", "b";', 'clocks has 1 entry: "b" names no entry'),
        ('interrupts = <1>; interrupt-names = "a", "b", "c";', 'entry: "b" and "c" name no'),
        ('interrupts-extended = <&i 1>; interrupt-names = "a", "b";', "interrupts-extended has 1"),
        ('clocks = <&osc>, <&osc>; clock-names = "a", "a";', 'has "a" twice'),
    ],
)
def test_names_that_have_no_entry(properties: str, message: str) -> None:
    [found] = findings(
        "/ { i: i { interrupt-controller; #interrupt-cells = <1>; };"
        f'{OSC} a {{ compatible = "vendor,a"; interrupt-parent = <&i>; {properties} }}; }};',
        "phandle",
    )
    assert found.rule == "phandle/names-mismatch"
    assert found.severity is WARNING
    assert message in found.message


@pytest.mark.parametrize(
    "properties",
    [
        'clocks = <&osc>, <0>; clock-names = "a", "b";',
        'clocks = <0>; clock-names = "a";',
        'clocks = <&osc>, <&osc>; clock-names = "a";',
        'clock-names = "a";',
        'dmas = <&d>, <&d>; dma-names = "rx", "rx";',
        'interconnects = <&n>; interconnect-names = "dma-mem";',
        'interconnects = <&n>, <&n>; interconnect-names = "a";',
        'pinctrl-0 = <&n>; pinctrl-names = "default", "sleep";',
    ],
)
def test_names_that_are_right(properties: str) -> None:
    source = (
        f"/ {{ {OSC} d: d {{ #dma-cells = <0>; }}; n: n {{ #interconnect-cells = <0>; }};"
        f'a {{ compatible = "vendor,a"; {properties} }}; }};'
    )
    assert findings(source, "phandle/names-mismatch") == []


@pytest.mark.parametrize(
    ("properties", "severity", "message"),
    [
        ("assigned-clocks = <&osc>; assigned-clock-parents = <&osc>, <&osc>;", ERROR, "1 entry"),
        ("assigned-clock-parents = <&osc>;", ERROR, "a has no assigned-clocks"),
        (
            "assigned-clocks = <0>, <&osc>; assigned-clock-parents = <&osc>;",
            ERROR,
            "assigned-clocks[0] is empty",
        ),
        ("assigned-clocks = <&osc>; assigned-clock-rates = <0>, <5>;", WARNING, "rate 1 of"),
        ("assigned-clocks = <&osc>; assigned-clock-rates-u64 = <0 5 1 0>;", WARNING, "rate 1 of"),
    ],
)
def test_what_is_assigned_to_no_clock(properties: str, severity: Severity, message: str) -> None:
    [found] = findings(f'/ {{ {OSC} a {{ compatible = "vendor,a"; {properties} }}; }};')
    assert found.rule == "phandle/assigned-clocks"
    assert found.severity is severity
    assert message in found.message


@pytest.mark.parametrize(
    "properties",
    [
        "assigned-clocks = <&osc>; assigned-clock-parents = <&osc>, <0>;",
        "assigned-clocks = <&osc>; assigned-clock-rates = <5>, <0>;",
        "assigned-clocks = <&osc>; assigned-clock-rates-u64 = <1 5>;",
    ],
)
def test_what_is_assigned_rightly(properties: str) -> None:
    assert findings(f'/ {{ {OSC} a {{ compatible = "vendor,a"; {properties} }}; }};') == []
