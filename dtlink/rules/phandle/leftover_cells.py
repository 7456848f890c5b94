"""A supplier property has bytes or cells that make no entry.

What it finds: a length that is not a multiple of 4, or not of whole entries of an ID map, and a
last cell of 0 that belongs to no entry where the binding allows no empty entries (``pwms``,
``io-channels``, ``sound-dai``, ``thermal-sensors``).
Why it matters: such a value was written as something else: a string, a number of 8 or 16 bits, an
entry with a cell too few. The kernel refuses a whole ``iommu-map`` or ``msi-map`` for it. It
silently ignores bytes after the last cell, and an argument that the supplier does not take,
whatever it was meant to set.
What to do: write the property as cells, with as many arguments as the supplier takes.
References: Linux, drivers/of/base.c, of_map_id() and of_phandle_iterator_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.binding import SupplierBinding, Walk
from dtlink.firmware.tree import Node
from dtlink.links.reference import Failure, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule
from dtlink.rules.phandle._entry import as_string, bytes_left, size_in_cells
from dtlink.rules.phandle._interrupt_map import misfit
from dtlink.wording import counted


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(True, "the cells that are removed belong to no entry"),
    covers=Covers.SUPPLIER,
    asks="leftovers",
    bad=Dts(
        """
        / {
            osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            serial@1000 { compatible = "ns16550a"; reg = <0x1000>; clocks = "xtal"; };
            serial@2000 { compatible = "ns16550a"; reg = <0x2000>; clocks = <&osc>; };
        };
        """,
        finds=("/serial@1000:clocks", "/serial@2000:clocks"),
        patch={"/serial@2000:clocks": b"\0\0\0\1\0"},
    ),
    good=Dts(
        """
        / {
            osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            serial@1000 { compatible = "ns16550a"; reg = <0x1000>; clocks = <&osc>; };
        };
        """
    ),
)
def leftover_cells(board: TreeBoard) -> Iterator[Finding]:
    """Every property whose length does not fit its entries."""
    for entry in board.failures(UnresolvedReason.LEFTOVER):
        if entry.binding.walk is Walk.ID_MAP:
            yield _map(board, entry)
        elif entry.binding.walk is Walk.INTERRUPT_MAP:
            if not misfit(entry):
                yield _cut_row(entry)
        else:
            yield _bytes(board, entry)
    for row, node, *last in board.surplus_zeros:
        yield _surplus(board.tree[node], row, board.tree[last[0]], last[1])


def _map(board: TreeBoard, entry: Failure) -> Finding:
    node, name = entry.node, entry.property_name
    size = board.tree.size(entry.raw.at)
    return leftover_cells.finding(
        entry,
        f"{name} is {size} bytes long, not a multiple of 16 (entries of 4 cells)",
        effect=f'"OF: {node.path}: Error: Bad {name} length: {size}"; '
        "the kernel refuses the whole map",
        fix=f"Write {name} = <input-base &target output-base length>, … with 4 cells per entry.",
    )


def _cut_row(entry: Failure) -> Finding:
    node, name = entry.node, entry.property_name
    return leftover_cells.finding(
        entry,
        f"entry {entry.index} of {name} ends before its interrupt parent",
        effect="an interrupt that no earlier entry matches is not mapped",
        fix=f"Complete the last entry of {name} of {node.path}, or an entry before it.",
    )


def _bytes(board: TreeBoard, entry: Failure) -> Finding:
    node, name = entry.node, entry.property_name
    whole = bool(board.entries(entry.raw.at))
    size = size_in_cells(entry) * 4 + bytes_left(entry)
    return leftover_cells.finding(
        entry,
        f"{name} is {size} bytes long, not a multiple of 4",
        effect="the kernel ignores the bytes after the last whole cell"
        if whole
        else f"{node.name} finds no {entry.binding.kind}: {_looks_like(entry)}",
        fix=_without_bytes(board, entry)
        if whole
        else f"Write {name} as phandles and cells: {name} = <&label …>;",
        severity=Severity.WARNING if whole else Severity.ERROR,
    )


def _without_bytes(board: TreeBoard, entry: Failure) -> Fix:
    """Only the whole cells, if these are whole entries."""
    name, cells = entry.property_name, size_in_cells(entry)
    refs = board.entries(entry.raw.at)
    if max((ref.cell + 1 + ref.args for ref in refs), default=0) != cells:
        return Fix(f"Write {name} as phandles and cells: {name} = <&label …>;")
    return _without_rest(entry.node, name, entry.binding.cells, cells, "bytes")


def _without_rest(
    node: Node, name: str, cells_name: str | None, cells: int, what: str = "cells"
) -> Fix:
    """Only the cells up to the end of the last entry."""
    from dtlink.firmware.edit_values import phandle_list
    from dtlink.firmware.edits import SetProperty, ref

    value = phandle_list(node, name, cells_name, cells)
    text = f"Remove the {what} after the last entry of {name}."
    return Fix(text, (SetProperty(ref(node), name, value),))


def _looks_like(entry: Failure) -> str:
    text = as_string(entry)
    return f'the value is the string "{text}"' if text else "the value contains no known phandle"


def _surplus(node: Node, row: SupplierBinding, supplier: Node, end: int) -> Finding:
    name, cells_name = row.name, row.cells or ""
    width = supplier.cell(cells_name)
    return leftover_cells.finding(
        node,
        f"{name} ends with a 0 that belongs to no entry: {supplier.path} takes "
        f"{counted(width or 0, 'argument')} ({cells_name})",
        effect="the 0 is read as an empty entry, and what it was meant to set is ignored",
        fix=_without_rest(node, name, cells_name, end),
        property_name=name,
        supplier=supplier,
        severity=Severity.INFO,
    )
