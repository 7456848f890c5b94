"""Walkers of maps: ID maps (``iommu-map``, ``msi-map``) and specifier nexus maps."""

from __future__ import annotations

from array import array

from dtlink.firmware.tree import EXTERNAL_PHANDLE
from dtlink.links.reference import Flaw, Reference, UnresolvedReason
from dtlink.links.walk import Column, WalkResult
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.binding import SupplierBinding
    from dtlink.firmware.tree import Tree

#: Cells of the form that all kernels read: input base, phandle, one output cell, length.
_CLASSIC = 4


class IdMapEntry(NamedTuple):
    """One entry of an ID map: maps ``length`` input IDs from ``input_base`` to ``target``."""

    entry: int
    cell: int
    """Index of the entry's first cell."""
    input_base: int
    phandle: int
    target: int
    """The node of the phandle; -1 if no node has it."""
    output: tuple[int, ...]
    length: int


class IdMap(NamedTuple):
    """An ID map: its entries and its mask."""

    entries: list[IdMapEntry]
    leftover: int
    """Number of cells after the last complete entry."""
    mask: int
    """Applied to a requester ID before the lookup (``…-map-mask``)."""


def read_id_map(tree: Tree, node: int, name: str, cells_name: str) -> IdMap:
    """Read ``iommu-map`` or ``msi-map`` of a node that has it.

    The output of an entry is one cell, as in all kernels (drivers/of/base.c, of_map_id()), unless
    the length of the property only fits the targets' ``#…-cells``. It ends at a target that is in
    the base of an overlay, whose cells are not known.
    """
    cells = tree.cells_at(tree.holders(name)[node])
    entries: list[IdMapEntry] = []
    at = 0
    width = 1
    classic = _is_classic(tree, cells)
    end = len(cells)
    while at + 1 < len(cells):
        target = tree.phandles.get(cells[at + 1], -1)
        if not classic:
            if cells[at + 1] == EXTERNAL_PHANDLE:
                end = at
                break
            target_cells = tree.cell(cells_name, target)
            width = 1 if target_cells is None else target_cells
        if at + 3 + width > len(cells):
            break
        output = tuple(cells[at + 2 : at + 2 + width])
        length = cells[at + 2 + width]
        entries.append(
            IdMapEntry(len(entries), at, cells[at], cells[at + 1], target, output, length)
        )
        at += 3 + width
    mask = tree.cell(f"{name}-mask", node)
    return IdMap(entries, end - at, 0xFFFFFFFF if mask is None else mask)


def _is_classic(tree: Tree, cells: array[int]) -> bool:
    """Whether the length is a multiple of four cells and the second cell of each is a phandle."""
    seconds = cells[1::_CLASSIC]
    return len(cells) % _CLASSIC == 0 and all(
        cell in tree.phandles or cell == EXTERNAL_PHANDLE for cell in seconds
    )


def id_map(found: WalkResult, row: SupplierBinding, column: Column) -> None:
    """Walk the targets of an ID map: for fw_devlink, the second of every four cells."""
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
            rest = (found.tree.words[at + 1] >> 2) - table.leftover
            found.fail(
                UnresolvedReason.LEFTOVER, row, (node, at), len(table.entries), rest, table.leftover
            )


def links_of_map(tree: Tree, row: SupplierBinding, node: int, at: int) -> list[Reference]:
    """Return what fw_devlink links for an ID map, whatever ``#…-cells`` of its targets says.

    It takes the second of every four cells for a phandle, up to the first that no node has. Source:
    Linux, drivers/of/property.c, parse_iommu_maps().
    """
    found = []
    for index, phandle in enumerate(tree.cells_at(at)[1::_CLASSIC]):
        target = tree.phandles.get(phandle)
        if target is None:
            break
        cell = _CLASSIC * index + 1
        found.append(Reference(node, target, row, node, at, index, cell, 0, Flaw.NONE))
    return found


def misread_links(tree: Tree, row: SupplierBinding | None, node: int) -> list[Reference]:
    """Return those links of :func:`links_of_map` to nodes that the map does not reference."""
    at = tree.holders(row.name)[node] if row else -1
    if row is None or _is_classic(tree, tree.cells_at(at)):
        return []
    table = read_id_map(tree, node, row.name, row.cells or "")
    meant = {entry.target for entry in table.entries}
    return [link for link in links_of_map(tree, row, node, at) if link.supplier not in meant]


def nexus_map(found: WalkResult, row: SupplierBinding, column: Column) -> None:
    """Walk the parents of a specifier nexus (of_parse_phandle_with_args_map()).

    An entry is the child's specifier (``#…-cells`` of the nexus), the parent's phandle and the
    parent's specifier (``#…-cells`` of the parent). Source: Linux, drivers/of/base.c.
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
