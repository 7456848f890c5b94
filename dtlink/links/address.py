"""Translation of bus addresses to CPU addresses (Linux, drivers/of/address.c).

Used for AMBA devices, which Linux creates only if ``reg`` translates, and to identify devices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from weakref import WeakKeyDictionary

    from dtlink.firmware.tree import Tree
    from dtlink.links.id_ranges import Ids, MappedRange

_MAX_ADDRESS_CELLS = 4
#: A ``ranges`` of more cells is sorted before addresses are looked up: no real board has one.
_LONG = 512


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
    if not tree.size(at) >> 2:
        return address
    if tree.size(at) >> 2 > _LONG:
        return _looked_up(tree, at, (*inner, outer[0]), address)
    for row in _windows(tree, at, (*inner, outer[0])):
        if row.bus <= address < row.bus + row.size:
            return row.parent + address - row.bus
    return None


class _Window(NamedTuple):
    """An entry of ``ranges``."""

    bus: int
    parent: int
    size: int


def _windows(tree: Tree, at: int, cells: tuple[int, int, int]) -> Iterator[_Window]:
    """The entries of a ``ranges``; ``cells`` are those of address, size and parent address."""
    ranges = tree.cells_at(at)
    inner, size, outer = cells
    width = inner + outer + size
    for first in range(0, len(ranges) - width + 1, width):
        row = ranges[first : first + width]
        yield _Window(
            _number(row[:inner]), _number(row[inner : inner + outer]), _number(row[inner + outer :])
        )


#: Long ``ranges`` for lookup, by tree, position and cells.
_Lookup = dict[tuple[int, tuple[int, int, int]], "list[MappedRange[Ids]]"]


@cache
def _lookups() -> WeakKeyDictionary[Tree, _Lookup]:
    """They go with their tree. Few boards have any."""
    from weakref import WeakKeyDictionary

    return WeakKeyDictionary()


def _looked_up(tree: Tree, at: int, cells: tuple[int, int, int], address: int) -> int | None:
    """Translate by a long ``ranges``, which is sorted once: the first of its entries that fits."""
    from dtlink.links.id_ranges import IdRange, Ids, first_match, within

    known = _lookups().setdefault(tree, {})
    if (at, cells) not in known:
        known[at, cells] = first_match(
            [
                (IdRange(row.bus, row.bus + row.size - 1), Ids.line(row.bus, row.parent))
                for row in _windows(tree, at, cells)
                if row.size
            ]
        )
    found = next(within(known[at, cells], IdRange(address, address)), None)
    return None if found is None else found.value.at(address)


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
