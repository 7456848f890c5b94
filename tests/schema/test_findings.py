"""From dtschema's errors to findings: which are reported, how, and each only once."""

import json
import subprocess
import sys

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts
from dtlink.firmware.fdt import read
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Confidence, Dts, Severity
from dtlink.rules.run import check
from dtlink.schema.source import SchemaSource
from tests.support.boards import fixture_blobs

BINDING = """
%YAML 1.2
---
$id: http://devicetree.org/schemas/vendor/uart.yaml#
$schema: http://devicetree.org/meta-schemas/core.yaml#
title: A serial port
maintainers: [nobody@vendor.invalid]
properties:
  compatible:
    const: vendor,uart
  reg:
    maxItems: 1
  clocks:
    minItems: 2
    maxItems: 2
  clock-names:
    items:
      - const: baud
      - const: bus
  interrupts:
    maxItems: 1
  vdd-supply: true
  phys:
    maxItems: 1
    deprecated: true
  current-speed: true
required: [compatible, reg, vdd-supply, interrupts]
additionalProperties: false
"""

TREE = """
/ {
    compatible = "vendor,board"; model = "board"; #address-cells = <1>; #size-cells = <1>;
    osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
    phy: phy { compatible = "vendor,phy"; #phy-cells = <0>; };
    gic: interrupt-controller { interrupt-controller; #interrupt-cells = <1>; };
    %s
};
"""


@pytest.fixture(scope="module")
def named(own, tmp_path_factory):
    """The binding as a processed schema file."""
    own.check()
    folder = tmp_path_factory.mktemp("bindings") / "vendor"
    folder.mkdir()
    (folder / "uart.yaml").write_text(BINDING.strip())
    file = folder.parent / "processed.json"
    program = "import dtschema.mk_schema as it; it.main()"
    run = [sys.executable, "-c", program, "-j", "-o", str(file), str(folder.parent)]
    subprocess.run(run, check=True, capture_output=True)
    assert json.loads(file.read_text())["version"]
    return SchemaSource((str(file),))


def asking(source):
    return Settings(schema=True, schema_dir=source.named)


def lint(source, node, select=("schema",)):
    board = TreeBoard(dts.read_text(TREE % node), asking(source))
    checked = check(board, choose(select, (), Dts))
    assert checked.faults == []
    return checked.findings, board.notes


def uart(inside):
    return 'serial@0 { compatible = "vendor,uart"; reg = <0 1>; ' + inside + " };"


RIGHT = "vdd-supply = <&osc>; interrupts-extended = <&gic 1>;"

#: What stands in the node, with the rule, the property and the message.
CASES = {
    "missing": (
        "interrupts-extended = <&gic 1>;",
        "schema/missing-property",
        "vdd-supply",
        "serial@0 has no vdd-supply, which the binding vendor/uart.yaml requires",
    ),
    "one of two": (
        "vdd-supply = <&osc>;",
        "schema/missing-property",
        "interrupts",
        (
            "serial@0 has none of interrupts or interrupts-extended, but the binding "
            "vendor/uart.yaml requires one of them"
        ),
    ),
    "too few": (
        RIGHT + "clocks = <&osc>;",
        "schema/property-shape",
        "clocks",
        "clocks of serial@0 has 1 entry, the binding vendor/uart.yaml allows at least 2",
    ),
    "another name": (
        RIGHT + 'clocks = <&osc>, <&osc>; clock-names = "baud", "apb";',
        "schema/entry-names",
        "clock-names",
        'clock-names of serial@0 has "apb", the binding vendor/uart.yaml has "bus" there',
    ),
    "unexpected": (
        RIGHT + "x-supply = <&osc>; resets = <&phy>;",
        "schema/unexpected-property",
        "resets",
        "resets and x-supply of serial@0: the binding vendor/uart.yaml does not have them",
    ),
    "deprecated": (
        RIGHT + "phys = <&phy>;",
        "schema/deprecated",
        "phys",
        "phys of serial@0 is deprecated in the binding vendor/uart.yaml",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_binding_that_is_violated(named, case):
    inside, rule, name, message = CASES[case]
    found, _ = lint(named, uart(inside))
    assert [(each.rule, each.subject.path, each.property_name) for each in found] == [
        (rule, "/serial@0", name)
    ]
    assert found[0].message == message
    assert found[0].severity is Severity.INFO
    assert found[0].confidence is Confidence.LIKELY


def test_a_binding_that_is_followed(named):
    assert lint(named, uart(RIGHT))[0] == []


def test_errors_that_are_not_about_suppliers_are_counted(named):
    before = lint(named, uart(RIGHT))[1]
    after = lint(named, uart(RIGHT + "foo-mode;"))
    assert after[0] == []
    assert count(after[1]) == count(before) + 1


def count(notes):
    text = next((note for note in notes if "other schema errors" in note), "0")
    return int(text.split()[0])


def test_properties_that_the_core_reads_on_any_device_are_only_counted(named):
    before = lint(named, uart(RIGHT))[1]
    after = lint(named, uart(RIGHT + "power-domains = <&osc>;"))
    assert after[0] == []
    assert count(after[1]) == count(before) + 1


def test_a_list_and_its_names_are_one_finding(named):
    found, _ = lint(named, uart(RIGHT + 'clocks = <&osc>; clock-names = "baud";'))
    assert [each.property_name for each in found] == ["clocks"]


def test_what_another_rule_reports_is_not_reported_again(own):
    node = 'a { compatible = "v,a"; clocks = <0x99>; clock-names = "a", "b"; };'
    assert [each.rule for each in lint(own, node)[0]] == ["schema/entry-names"]
    assert [each.rule for each in lint(own, node, ())[0]] == ["phandle/dangling"]


def test_cells_that_a_phandle_rule_reports_are_not_reported_again(own):
    node = (
        'g: g { compatible = "v,g"; gpio-controller; }; '
        'a { compatible = "v,a"; clocks = <&osc>; gpio-ranges = <&phy 0 0 1>; x-gpios = <&g 1>; };'
    )
    rules = [each.rule for each in lint(own, node, ())[0]]
    assert "phandle/missing-cells" in rules
    assert "schema/missing-property" not in rules


def test_a_legacy_finding_covers_all_its_nodes(own):
    """The rule reports one finding for all nodes of the board."""
    board = TreeBoard(read(fixture_blobs()["server-mmu-masters"]), asking(own))
    rules = {each.rule for each in check(board, choose(kind=Dts)).findings}
    assert "legacy/mmu-masters" in rules
    assert not any(each.startswith("schema/") for each in rules)


def test_schemas_are_checked_only_on_request():
    board = TreeBoard(dts.read_text(TREE % 'a { compatible = "v,a"; phy-names = "usb"; };'))
    assert check(board, choose(["schema"], (), Dts)).findings == []
    assert board.notes == []
    assert not any(rule.family == "schema" for rule in choose(kind=Dts, schema=False))


def test_an_overlay_is_skipped(own):
    text = '/ { fragment@0 { target-path = "/"; __overlay__ { phy-names = "usb"; }; }; };'
    board = TreeBoard(dts.read_text(text), asking(own))
    assert check(board, choose(["schema"], (), Dts)).findings == []
    assert board.notes == ["overlay skipped: dtschema checks only complete devicetrees"]
