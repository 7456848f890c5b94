"""A supplier property has bytes or cells that make no entry.

What it finds: a length that is no whole number of cells, or of the rows of an ID map, and a last
cell of 0 that belongs to no entry where the binding knows no holes (``pwms``, ``io-channels``,
``sound-dai``, ``thermal-sensors``).
Why it matters: a length that does not come out even was written as something else: a string, a
number of 8 or 16 bits, a row with a cell too few. The kernel refuses a whole ``iommu-map`` or
``msi-map`` for it. Bytes behind the last cell are passed over in silence, and so is an argument
that the supplier does not ask for, whatever it was meant to set.
What to do: write the property as cells, and as many arguments as the supplier asks for.
References: Linux, drivers/of/base.c, of_map_id() and of_phandle_iterator_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.facts.binding import Walk
from dtlink.facts.bindings import BINDINGS
from dtlink.firmware.tree import Node
from dtlink.links.reference import Failure, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule
from dtlink.rules.phandle._entry import as_string, bytes_left, size_in_cells

#: Properties in which a 0 in a phandle's place means nothing, with the suppliers' cells property.
_WITHOUT_EMPTY_ENTRIES = tuple(
    (row.name, row.cells) for row in BINDINGS if row.cells and row.resource.may_be_empty is False
)


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    covers=Covers.SUPPLIER,
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
def leftover_cells(board: Board) -> Iterator[Finding]:
    """Every property that does not come out even."""
    for entry in board.failures(UnresolvedReason.LEFTOVER):
        if entry.binding.walk is Walk.ID_MAP:
            yield _map(board, entry)
        elif entry.binding.walk is Walk.INTERRUPT_MAP:
            yield _cut_row(entry)
        else:
            yield _bytes(board, entry)
    for name, cells in _WITHOUT_EMPTY_ENTRIES:
        yield from _surplus(board, name, cells)


def _map(board: Board, entry: Failure) -> Finding:
    node, name = entry.node, entry.property_name
    size = board.tree.words[entry.raw.at + 1]
    return leftover_cells.finding(
        entry,
        f"{name} is {size} bytes long, which is no whole number of rows of 4 cells",
        consequence=f'"OF: {node.path}: Error: Bad {name} length: {size}"; '
        "the whole map is refused",
        fix=f"{name} = <input-base phandle output-base length>, once for each range",
    )


def _cut_row(entry: Failure) -> Finding:
    node, name = entry.node, entry.property_name
    return leftover_cells.finding(
        entry,
        f"row {entry.index} of {name} ends before its interrupt parent",
        consequence="an interrupt that no earlier row is for is not mapped",
        fix=f"complete the last row of {name} of {node.path}, or a row before it",
    )


def _bytes(board: Board, entry: Failure) -> Finding:
    node, name = entry.node, entry.property_name
    whole = any(ref.at == entry.raw.at for ref in board.graph.references)
    size = size_in_cells(entry) * 4 + bytes_left(entry)
    return leftover_cells.finding(
        entry,
        f"{name} is {size} bytes long, which is no whole number of cells",
        consequence="the kernel passes over what is behind the last whole cell"
        if whole
        else f"{node.name} finds no {entry.binding.kind}: {_looks_like(entry)}",
        fix=f"write {name} as phandles and cells: {name} = <&label …>;",
        severity=Severity.WARNING if whole else Severity.ERROR,
    )


def _looks_like(entry: Failure) -> str:
    text = as_string(entry)
    return f'the value is the string "{text}"' if text else "the value holds no phandle of a node"


def _surplus(board: Board, name: str, cells_name: str) -> Iterator[Finding]:
    tree = board.tree
    for index, at in tree.holders(name).items():
        size = tree.words[at + 1] >> 2
        if size > 1 and not tree.words[at + 2 + size] and index not in tree.disabled:
            entry = _last_entry(board, at, size, cells_name)
            if entry is not None and entry[1] < size:
                yield _surplus_finding(board, tree[index], name, cells_name, entry)


def _last_entry(board: Board, at: int, size: int, cells_name: str) -> tuple[int, int] | None:
    """The supplier of the last entry and where the entry ends; ``None`` if the list is broken."""
    tree, cell, last = board.tree, 0, None
    while cell < size and tree.words[at + 3 + cell]:
        supplier = tree.phandles.get(tree.words[at + 3 + cell], -1)
        width = tree.cell(cells_name, supplier)
        if width is None:
            return None
        cell += 1 + width
        last = supplier, cell
    rest = tree.words[at + 3 + cell : at + 3 + size]
    return None if any(rest) else last


def _surplus_finding(
    board: Board, node: Node, name: str, cells_name: str, entry: tuple[int, int]
) -> Finding:
    supplier = board.tree[entry[0]]
    width = supplier.cell(cells_name)
    return leftover_cells.finding(
        node,
        f"{name} ends with a 0 that belongs to no entry: {supplier.path} takes {width} "
        f"argument{'' if width == 1 else 's'} ({cells_name})",
        consequence="the 0 is read as an empty entry, and what it was meant to set is ignored",
        fix=f"leave the last cell of {name} out",
        property_name=name,
        supplier=supplier,
        severity=Severity.INFO,
    )
