"""A devicetree and the ACPI tables of the same machine, as data and as text."""

import pytest

from dtlink.firmware import dts
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.errors import InputError
from dtlink.testing.assemble import assemble
from dtlink.views.same_machine import SameMachineView
from tests.cli.test_diff import TABLES, TREE
from tests.views.boards import data, shown


def test_two_that_agree():
    view = SameMachineView.of(dts.read_text(TREE), Machine.of(assemble(TABLES)))
    part = data(view.to_json())["same_machine"]
    assert part["agree"]
    assert part["hosts"][0]["differences"] == []
    assert shown(view.text())[-1] == "they agree about the requesters that were compared"


def test_a_difference_has_two_sides_an_effect_and_two_fixes():
    tables = TABLES.replace("count=0xffff output=smmu", "count=0xffff output=its")
    view = SameMachineView.of(dts.read_text(TREE), Machine.of(assemble(tables)))
    (found, *_) = data(view.to_json())["same_machine"]["hosts"][0]["differences"]
    assert found.keys() == {
        "aspect",
        "id_name",
        "ids",
        "devicetree",
        "acpi",
        "consequence",
        "if_acpi_is_right",
        "if_devicetree_is_right",
    }
    text = shown(view.text())
    assert any(row.startswith(" effect: ") for row in text)
    assert any("check the hardware documentation" in row for row in text)


def test_maps_that_a_mask_cuts_into_very_many_ranges():
    tree = TREE.replace("iommu-map = ", "iommu-map-mask = <1>; iommu-map = ")
    assert tree != TREE
    with pytest.raises(InputError, match=r"mapped in more than 12000 ranges \(/pcie"):
        SameMachineView.of(dts.read_text(tree), Machine.of(assemble(TABLES)))


def test_a_tree_without_a_host():
    with pytest.raises(InputError, match="no PCI host"):
        SameMachineView.of(dts.read_text("/ { };"), Machine.of(assemble(TABLES)))
