"""Translation of bus addresses to CPU addresses (Linux, drivers/of/address.c).

Used for AMBA devices, which Linux creates only if ``reg`` translates, and to identify devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

_MAX_ADDRESS_CELLS = 4


class Region(NamedTuple):
    """A range of CPU addresses; ``end`` is exclusive."""

    start: int
    end: int


def first_region(tree: Tree, node: int, *, own_cells: bool = False) -> Region | None:
    """Return the first entry of ``reg`` as CPU addresses; ``None`` if it does not translate.

    With ``own_cells`` each bus must have ``#address-cells`` itself, as newer kernels require.
    """
    bus = tree.parents[node]
    if own_cells and not _all_have_cells(tree, bus):
        return None
    at = tree.holders("reg").get(node)
    cells = _cells(tree, bus)
    if at is None or cells is None:
        return None
    address_cells, size_cells = cells
    reg = tree.cells_at(at)
    if len(reg) < address_cells + size_cells:
        return None
    address: int | None = _number(reg[:address_cells])
    while address is not None and tree.parents[bus] >= 0:
        address = _translate(tree, bus, address)
        bus = tree.parents[bus]
    if address is None:
        return None
    return Region(address, address + _number(reg[address_cells : address_cells + size_cells]))


def _all_have_cells(tree: Tree, bus: int) -> bool:
    """Whether a bus and all its ancestors have ``#address-cells``."""
    holders = tree.holders("#address-cells")
    while bus >= 0 and bus in holders:
        bus = tree.parents[bus]
    return bus < 0


def _translate(tree: Tree, bus: int, address: int) -> int | None:
    """Translate an address of a bus to an address of its parent bus (of_translate_one())."""
    inner, outer = _cells(tree, bus), _cells(tree, tree.parents[bus])
    at = tree.holders("ranges").get(bus)
    if at is None or inner is None or outer is None:
        return None
    ranges = tree.cells_at(at)
    if not ranges:
        return address
    width = inner[0] + outer[0] + inner[1]
    for first in range(0, len(ranges) - width + 1, width):
        row = ranges[first : first + width]
        offset = address - _number(row[: inner[0]])
        if 0 <= offset < _number(row[inner[0] + outer[0] :]):
            return _number(row[inner[0] : inner[0] + outer[0]]) + offset
    return None


def _cells(tree: Tree, bus: int) -> tuple[int, int] | None:
    """``#address-cells`` and ``#size-cells`` for the children of a bus; ``None`` if invalid."""
    address = _inherited(tree, "#address-cells", bus)
    size = _inherited(tree, "#size-cells", bus)
    return (address, size) if 0 < address <= _MAX_ADDRESS_CELLS and size > 0 else None


def _inherited(tree: Tree, name: str, node: int) -> int:
    """A cells property of a node or of the nearest ancestor that has it; 1 if none has it."""
    while node >= 0:
        cells = tree.cell(name, node)
        if cells is not None:
            return cells
        node = tree.parents[node]
    return 1


def _number(cells: Sequence[int]) -> int:
    number = 0
    for cell in cells:
        number = number << 32 | cell
    return number & 0xFFFFFFFFFFFFFFFF
