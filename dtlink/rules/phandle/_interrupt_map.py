"""What the entries of an ``interrupt-map`` that is out of step are like."""

from __future__ import annotations

from dtlink.facts.binding import Walk
from dtlink.links.interrupts import InterruptTree, child_cells
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Failure

#: Upper bound on the cells of an entry (Linux, MAX_PHANDLE_ARGS, for both sides, and a phandle).
_LONGEST = 33
#: Cells too many, at most: more are entries of which another is between.
_SURPLUS = 3


class Misfit(NamedTuple):
    """Entries that all have one length, which is not the one that the kernel reads."""

    nexus: int
    parent: int
    """The interrupt parent of all of them."""
    child: int
    """The cells before the parent's phandle that the kernel reads: a unit address, a specifier."""
    found_child: int
    """The same, as the entries have them."""
    length: int
    """The cells that the entries have."""
    address: int
    """``#address-cells`` of the parent."""
    width: int
    """``#interrupt-cells`` of the parent."""

    @property
    def needed(self) -> int:
        """The cells that the kernel reads of an entry."""
        return self.child + 1 + self.address + self.width


def misfit(entry: Failure) -> Misfit | None:
    """Why the map of an entry that does not resolve is out of step; ``None`` if that is not it.

    It is, if all entries have the same length, and a phandle of one interrupt controller at the
    same place.
    """
    if entry.binding.walk is not Walk.INTERRUPT_MAP:
        return None
    tree, nexus = entry.node.tree, entry.node.index
    irq = InterruptTree(tree)
    cells, child = tree.cells_at(entry.raw.at), child_cells(tree, nexus, irq.width(nexus))
    fits = [
        Misfit(nexus, parent, child, place, length, tree.cell("#address-cells", parent) or 0, width)
        for length in range(2, min(len(cells), _LONGEST) + 1)
        if not len(cells) % length
        for place in _places(len(cells) // length, length, child)
        if (parent := _parent(tree, cells[place::length])) >= 0
        if (width := irq.width(parent)) >= 0 and width <= length - place - 1
    ]
    return min((each for each in fits if _explains(each)), key=_distance, default=None)


def _places(entries: int, length: int, child: int) -> Sequence[int]:
    """Where the parent's phandle may be in each entry: anywhere only if that is seen often."""
    return range(1, length) if entries > 1 else range(child, min(child + 1, length))


def _parent(tree: Tree, phandles: Sequence[int]) -> int:
    """The node that all of these are the phandle of; -1 if there is none."""
    return tree.phandles.get(phandles[0], -1) if len(set(phandles)) == 1 else -1


def _explains(each: Misfit) -> bool:
    """Whether one side of the entries is as the kernel reads it, and the other is not."""
    surplus = each.length - each.found_child - 1 - each.address - each.width
    if each.found_child != each.child:
        return not surplus
    return bool(surplus) and surplus <= _SURPLUS


def _distance(each: Misfit) -> tuple[int, int]:
    return abs(each.length - each.needed), each.length
