"""dtlink's own schemas: they are valid, and each reports what it is meant to report."""

import subprocess
import sys

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Dts
from dtlink.rules.run import check
from dtlink.schema.source import SchemaSource, own_folder

CLOCK = 'osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };'

#: Source inside the root node, with the rule and the places that it must report.
FAULTS = {
    "a name too many": (
        f'{CLOCK} a {{ compatible = "v,a"; clocks = <&osc>, <&osc>; clock-names = "a","b","c"; }};',
        "schema/entry-names",
        ["/a:clocks"],
    ),
    "names of nothing": (
        'a { compatible = "v,a"; phy-names = "usb"; };',
        "schema/missing-property",
        ["/a:phys"],
    ),
    "an interrupt name too many": (
        (
            'i: i { interrupt-controller; #interrupt-cells = <1>; }; a { compatible = "v,a"; '
            'interrupt-parent = <&i>; interrupts = <1>; interrupt-names = "a", "b"; };'
        ),
        "schema/entry-names",
        ["/a:interrupts"],
    ),
    "an IOMMU without cells": (
        'iommu { compatible = "arm,smmu-v3"; };',
        "schema/missing-property",
        ["/iommu:#iommu-cells"],
    ),
    "an unused IOMMU with wrong cells": (
        'iommu { compatible = "arm,mmu-500"; #iommu-cells = <3>; };',
        "schema/property-shape",
        ["/iommu:#iommu-cells"],
    ),
    "a mask without its map": (
        'pcie { compatible = "v,pcie"; iommu-map-mask = <0xff>; msi-map-mask = <0xff>; };',
        "schema/missing-property",
        ["/pcie:iommu-map", "/pcie:msi-map"],
    ),
    "an ITS without its marker": (
        'its { compatible = "arm,gic-v3-its"; #msi-cells = <1>; };',
        "schema/missing-property",
        ["/its:msi-controller"],
    ),
    "controllers without cells": (
        'a { compatible = "v,a"; interrupt-controller; gpio-controller; };',
        "schema/missing-property",
        ["/a:#gpio-cells", "/a:#interrupt-cells"],
    ),
    "two interrupt parents": (
        (
            "a: a { interrupt-controller; #interrupt-cells = <1>; }; "
            "b: b { interrupt-controller; #interrupt-cells = <1>; }; "
            'c { compatible = "v,c"; interrupt-parent = <&a &b>; };'
        ),
        "schema/property-shape",
        ["/c:interrupt-parent"],
    ),
    "parents of no clock": (
        f'{CLOCK} a {{ compatible = "v,a"; assigned-clock-parents = <&osc>; }};',
        "schema/missing-property",
        ["/a:assigned-clocks"],
    ),
    "a gap in the pin states": (
        'p: p { }; a { pinctrl-names = "default"; pinctrl-0 = <&p>; pinctrl-2 = <&p>; };',
        "schema/missing-property",
        ["/a:pinctrl-1"],
    ),
    "a name of no pin state": (
        'p: p { }; a { pinctrl-names = "default", "sleep"; pinctrl-0 = <&p>; };',
        "schema/missing-property",
        ["/a:pinctrl-1"],
    ),
}

#: What looks like a fault to a careless schema, and is none.
FINE = {
    "a child named as a marker": 'a { compatible = "v,a"; interrupt-controller { }; };',
    "fewer names than entries": f'{CLOCK} a {{ clocks = <&osc>, <&osc>; clock-names = "a"; }};',
    "holes count as entries": f'{CLOCK} a {{ clocks = <&osc>, <0>; clock-names = "a", "b"; }};',
    "a disabled node": 'a { compatible = "arm,smmu-v3"; status = "disabled"; };',
    "below a disabled node": 'b { status = "disabled"; a { compatible = "arm,smmu-v3"; }; };',
    "an SMMU of the old binding": (
        'e: e { #stream-id-cells = <1>; }; a { compatible = "arm,mmu-500"; mmu-masters = <&e 4>; };'
    ),
    "an empty pin state": 'a { pinctrl-names = "default"; pinctrl-0; };',
    "a supply": "r: r { }; a { vdd-supply = <&r>; };",
}


def errors_of(source: SchemaSource, text: str) -> dict[str, list[str]]:
    asked = Settings(schema=True, schema_dir=source.named)
    board = TreeBoard(dts.read_text("/ { " + text + " };"), asked)
    checked = check(board, choose(["schema"], ["schema/deprecated"], Dts))
    assert checked.faults == []
    assert board.notes == []
    rules = {each.rule for each in checked.findings}
    return {
        rule: sorted(
            f"{each.subject.path}:{each.property_name}"
            for each in checked.findings
            if each.rule == rule
        )
        for rule in rules
    }


@pytest.mark.parametrize("case", FAULTS)
def test_a_schema_reports(own, case):
    text, rule, places = FAULTS[case]
    assert errors_of(own, text) == {rule: places}


@pytest.mark.parametrize("case", FINE)
def test_a_schema_is_silent(own, case):
    assert errors_of(own, FINE[case]) == {}


@pytest.mark.usefixtures("own")
def test_dtschema_accepts_them_as_valid():
    program = "import dtschema.doc_validate as it; it.main()"
    done = subprocess.run(
        [sys.executable, "-c", program, str(own_folder())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_each_has_an_id_of_its_own_path():
    files = sorted(own_folder().glob("*.yaml"))
    assert len(files) >= 9
    for file in files:
        text = file.read_text()
        assert f"$id: http://devicetree.org/schemas/dt/{file.name}#" in text
        assert "\ntitle: " in text
        assert "\ndescription: " in text
