"""The walkers of maps: ID maps (``iommu-map``, ``msi-map``) and specifier nexus maps."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from dtlink.links.reference import Flaw, Reference, UnresolvedReason
from dtlink.links.walk import Column, WalkResult

if TYPE_CHECKING:
    from dtlink.facts.binding import SupplierBinding
    from dtlink.firmware.tree import Tree

#: Input base, phandle, one output cell, length: the form that all kernels read.
_CLASSIC = 4


class IdMapEntry(NamedTuple):
    """One row of an ID map: ``length`` input IDs from ``input_base`` on, output to ``target``."""

    entry: int
    cell: int
    """Where the row begins, in cells."""
    input_base: int
    phandle: int
    target: int
    """The node of the phandle; -1 if no node has it."""
    output: tuple[int, ...]
    length: int


class IdMap(NamedTuple):
    """A whole ID map."""

    entries: list[IdMapEntry]
    leftover: int
    """Cells behind the last whole row."""
    mask: int
    """What is left of a requester ID before it is looked up (``…-map-mask``)."""


def read_id_map(tree: Tree, node: int, name: str, cells_name: str) -> IdMap:
    """Read ``iommu-map`` or ``msi-map`` of a node that has it.

    A row's output is one cell, as all kernels up to now read it (drivers/of/base.c,
    of_map_id()), unless only the targets' ``#…-cells`` make the property come out even.
    """
    cells = tree.cells_at(tree.holders(name)[node])
    entries: list[IdMapEntry] = []
    at = 0
    width = 1
    classic = _is_classic(tree, cells)
    while at + 1 < len(cells):
        target = tree.phandles.get(cells[at + 1], -1)
        if not classic:
            named = tree.cell(cells_name, target)
            width = 1 if named is None else named
        if at + 3 + width > len(cells):
            break
        output = tuple(cells[at + 2 : at + 2 + width])
        length = cells[at + 2 + width]
        entries.append(
            IdMapEntry(len(entries), at, cells[at], cells[at + 1], target, output, length)
        )
        at += 3 + width
    mask = tree.cell(f"{name}-mask", node)
    return IdMap(entries, len(cells) - at, 0xFFFFFFFF if mask is None else mask)


def _is_classic(tree: Tree, cells: array[int]) -> bool:
    """Whether every fourth cell from the second on is a phandle, and the rows come out even."""
    return len(cells) % _CLASSIC == 0 and all(cell in tree.phandles for cell in cells[1::_CLASSIC])


def id_map(found: WalkResult, row: SupplierBinding, column: Column) -> None:
    """The targets of an ID map. fw_devlink reads every fourth cell from the second on."""
    for node, at in column:
        table = read_id_map(found.tree, node, row.name, row.cells or "")
        for entry in table.entries:
            if entry.target >= 0:
                args = 1 + len(entry.output)
                found.references.append(
                    Reference(
                        node,
                        entry.target,
                        row,
                        node,
                        at,
                        entry.entry,
                        entry.cell + 1,
                        args,
                        Flaw.NONE,
                    )
                )
            elif entry.phandle:
                found.fail(
                    UnresolvedReason.DANGLING,
                    row,
                    (node, at),
                    entry.entry,
                    entry.cell + 1,
                    entry.phandle,
                )
        if table.leftover or found.tree.words[at + 1] & 3:
            found.fail(
                UnresolvedReason.LEFTOVER, row, (node, at), len(table.entries), 0, table.leftover
            )


def nexus_map(found: WalkResult, row: SupplierBinding, column: Column) -> None:
    """The parents of a specifier nexus (drivers/of/base.c, of_parse_phandle_with_args_map()).

    A row is the child's specifier (as wide as the nexus' own ``#…-cells``), the parent's phandle
    and the parent's specifier.
    """
    tree, name = found.tree, row.cells or ""
    for node, at in column:
        cells = tree.cells_at(at)
        child = tree.cell(name, node)
        if child is None:
            found.fail(UnresolvedReason.NO_CELLS, row, (node, at), 0, 0, 0, node)
            continue
        cell = child
        index = 0
        while cell < len(cells):
            parent = tree.phandles.get(cells[cell], -1)
            width = tree.cell(name, parent) if parent >= 0 else None
            if width is None or cell + width >= len(cells):
                why = (
                    UnresolvedReason.DANGLING
                    if parent < 0
                    else UnresolvedReason.NO_CELLS
                    if width is None
                    else UnresolvedReason.TRUNCATED
                )
                found.fail(why, row, (node, at), index, cell, cells[cell], parent)
                break
            found.references.append(
                Reference(node, parent, row, node, at, index, cell, width, Flaw.NONE)
            )
            cell += 1 + width + child
            index += 1
