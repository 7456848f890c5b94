"""Edits of blobs and tables, and how they are written."""

from __future__ import annotations

import pytest

from dtlink.firmware import fdt
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.apply import apply, apply_fields
from dtlink.firmware.dts import read_text
from dtlink.firmware.edit_text import dts
from dtlink.firmware.edit_values import phandle_list
from dtlink.firmware.edits import AddNode, DeleteProperty, Hex, NodeRef, SetProperty, ref, set_field
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt_write import cells
from dtlink.testing.assemble import assemble
from tests.support.boards import fixture_blobs

SOURCE = """
/ {
    model = "m";
    osc: osc { #clock-cells = <1>; };
    pll { #clock-cells = <0>; };
    uart { clocks = <&osc 7>; status = "okay"; child { }; };
};
"""


def test_without_edits_the_tree_is_the_same() -> None:
    for blob in fixture_blobs().values():
        tree = fdt.read(blob)
        if not tree.is_overlay:
            same = apply(tree, [])
            assert [(node.path, node.properties) for node in same] == [
                (node.path, node.properties) for node in tree
            ]


def test_set_delete_and_add() -> None:
    tree = read_text(SOURCE)
    uart = ref(tree.by_path["/uart"])
    edits = (
        SetProperty(uart, "clocks", ((NodeRef("/pll"),), (NodeRef("/osc", "osc"), 9))),
        DeleteProperty(uart, "status"),
        SetProperty(uart, "new,name", ("a", b"\x01", (Hex(2),))),
        AddNode(uart, "second"),
        SetProperty(ref(tree.root), "model", ()),
    )
    edited = apply(tree, edits)
    node = edited.by_path["/uart"]
    pll = edited.by_path["/pll"].phandle
    assert pll not in (0, edited.by_path["/osc"].phandle), "a referenced node gets a phandle"
    assert node.properties == {
        "clocks": cells(pll, edited.by_path["/osc"].phandle, 9),
        "new,name": b"a\0\x01" + cells(2),
    }
    assert [child.name for child in node.children] == ["second", "child"]
    assert edited.root.get("model") == b""
    assert dts(edits).splitlines() == [
        (
            "&{/uart} { clocks = <&{/pll}>, <&osc 9>; /delete-property/ status; "
            'new,name = "a", [01], <0x2>; second { }; };'
        ),
        "/ { model; };",
    ]


def test_a_list_keeps_its_references() -> None:
    node = read_text(SOURCE).by_path["/uart"]
    assert phandle_list(node, "clocks", "#clock-cells") == ((NodeRef("/osc", "osc"), 7),)
    assert phandle_list(node, "clocks") == ((node.cell("clocks"), 7),), "not a list: numbers"


def test_a_node_that_is_not_there() -> None:
    with pytest.raises(InputError, match="/nowhere"):
        apply(read_text(SOURCE), [DeleteProperty(NodeRef("/nowhere"), "status")])


def test_a_field_of_a_table_and_its_checksum() -> None:
    (data,) = assemble("MCFG\n  allocation base=0x40000000").values()
    table = Machine.of({"MCFG": data}).tables["MCFG"]
    edited = apply_fields(data, [set_field(table, "table_revision", 3)])
    assert edited[8] == 3
    assert sum(edited) & 0xFF == 0
    assert apply_fields(data, []) == data
