"""Suppliers whose ``#…-cells`` is what is wrong, and not the many lists that do not fit it.

One changed cells property breaks every list that references its node, each in another way: an
argument is taken for a phandle, an entry ends too early. Where most of these lists fit another
number of cells, that number was meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from dtlink.facts.binding import SupplierBinding, Walk
from dtlink.links.reference import UnresolvedReason
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference, Unresolved

#: Fewer lists may be wrong themselves.
_LEAST = 3
#: No binding has specifiers of more cells.
_MOST = 4
#: Upper bounds: on the cells of a list that is looked at (real ones have some dozens), and on the
#: cells that are read in all, since each list is read for each of its suppliers.
_CELLS, _READ = 256, 1_000_000
#: The share of the lists with the supplier that must fit the other number.
_SHARE = 0.8

#: The property whose supplier no entry names: the interrupt parent.
_PLAIN = "interrupts"

#: A property of a node: its number, and the position (words) of the property's token.
List = tuple[int, int]


class WrongCells(NamedTuple):
    """A supplier, and what its cells property should say."""

    supplier: int
    cells: str
    value: int | None
    """What it says; ``None``: it is missing."""
    meant: int
    lists: tuple[List, ...]
    """The properties that fit ``meant``, in the order of the blob."""
    total: int
    """How many lists have the supplier."""
    binding: SupplierBinding | None = None
    """That of the first of them."""


def wrong_cells(
    tree: Tree, unresolved: Iterable[Unresolved], references: Iterable[Reference]
) -> Sequence[WrongCells]:
    """All such suppliers, in the order of the blob."""
    broken: dict[List, SupplierBinding] = {}
    parents: dict[List, int] = {}
    for raw in unresolved:
        place = raw.node, raw.at
        if tree.words[raw.at + 1] >> 2 > _CELLS:
            continue
        if raw.binding.walk is Walk.LIST and raw.binding.cells:
            broken[place] = raw.binding
        elif raw.why is UnresolvedReason.TRUNCATED and raw.binding.name == _PLAIN:
            broken[place], parents[place] = raw.binding, raw.target
    if len(broken) < _LEAST:
        return ()
    votes = _votes(tree, broken, parents)
    sound = _sound(references, votes, broken)
    found: list[WrongCells] = []
    open_lists = set(broken)
    # Most votes first: what a list names after the first misfit is there by chance.
    for key in sorted(votes, key=lambda key: (-len(votes[key].lists), key)):
        judged = _judged(tree, key, votes[key], sound[key], open_lists)
        if judged is not None:
            row = next(broken[place] for place in judged.lists if place in broken)
            found.append(judged._replace(binding=row))
            open_lists -= votes[key].lists
    return sorted(found, key=lambda each: (each.supplier, each.cells))


class _Votes(NamedTuple):
    """The broken lists that name a supplier, and those that fit each other number of cells."""

    lists: set[List]
    fits: dict[int, list[List]]


def _votes(
    tree: Tree, broken: Mapping[List, SupplierBinding], parents: Mapping[List, int]
) -> Mapping[tuple[int, str], _Votes]:
    """The votes on each supplier; ``parents`` are those of lists of interrupts."""
    found: dict[tuple[int, str], _Votes] = {}
    left = _READ
    for place, row in broken.items():
        own = [parents[place]] if place in parents else _suppliers(tree, place, row)
        left -= len(own) * (_MOST + 1) * (tree.words[place[1] + 1] >> 2)
        if left < 0:
            break
        for supplier in own:
            votes = found.setdefault((supplier, _cells(row)), _Votes(set(), {}))
            votes.lists.add(place)
            for width in range(_MOST + 1):
                if _is_whole(tree, place, row, (supplier, width)):
                    votes.fits.setdefault(width, []).append(place)
    return found


def _sound(
    references: Iterable[Reference],
    suspects: Mapping[tuple[int, str], object],
    broken: Mapping[List, SupplierBinding],
) -> Mapping[tuple[int, str], Mapping[List, SupplierBinding]]:
    """The lists with each of the suppliers that fit as they are."""
    found: dict[tuple[int, str], dict[List, SupplierBinding]] = defaultdict(dict)
    for ref in references:
        row, place = ref.binding, (ref.node, ref.at)
        is_list = row.walk is Walk.LIST or row.name == _PLAIN
        key = ref.supplier, _cells(row)
        if is_list and key in suspects and place not in broken:
            found[key][place] = row
    return found


def _judged(
    tree: Tree,
    key: tuple[int, str],
    votes: _Votes,
    sound: Mapping[List, SupplierBinding],
    open_lists: AbstractSet[List],
) -> WrongCells | None:
    """What a supplier's cells property should say; ``None``: the lists do not agree on it."""
    supplier, cells = key
    fits = {
        width: [place for place in lists if place in open_lists]
        for width, lists in votes.fits.items()
    }
    value = tree.cell(cells, supplier)
    # An argument that is 0, or a phandle by chance, fits fewer cells too: the nearest is meant.
    away = {width: 0 if value is None else abs(width - value) for width in fits}
    first = min(fits, key=lambda width: (-len(fits[width]), away[width], -width), default=0)
    lists = fits.get(first, [])
    if len(lists) < _LEAST:
        return None
    # Some lists fit both numbers: then they are misread without a sign of it.
    lists += [
        place for place, row in sound.items() if _is_whole(tree, place, row, (supplier, first))
    ]
    total = len(votes.lists & open_lists) + len(sound)
    if len(lists) < _SHARE * total:
        return None
    return WrongCells(supplier, cells, value, first, tuple(sorted(lists)), total)


def widths_of(tree: Tree, supplier: int, lists: Mapping[List, SupplierBinding]) -> set[int]:
    """The numbers of cells for a supplier by which all of the lists can plainly be read."""
    return {
        width
        for width in range(_MOST + 1)
        if all(
            tree.words[place[1] + 1] >> 2 <= _CELLS
            and _is_plain(tree, place, row, (supplier, width))
            for place, row in lists.items()
        )
    }


def _is_plain(tree: Tree, place: List, row: SupplierBinding, change: tuple[int, int]) -> bool:
    """Whether a list fits without an empty entry at the end, and without what is there by chance.

    That is an argument that is the supplier's own phandle, and the same entry twice.
    """
    cells, (supplier, width) = tree.cells_at(place[1]), change
    cell, own_entries = 0, list[tuple[int, ...]]()
    while cell < len(cells):
        node = tree.phandles.get(cells[cell], -1)
        taken = width if node == supplier else tree.cell(row.cells or "", node)
        end = cell + 1 + (taken or 0)
        if not cells[cell] and end < len(cells):
            cell += 1
            continue
        if node < 0 or taken is None or end > len(cells):
            return False
        if node == supplier:
            own_entries.append(tuple(cells[cell + 1 : end]))
        cell = end
    arguments = (argument for entry in own_entries for argument in entry)
    is_odd = any(tree.phandles.get(argument) == supplier for argument in arguments)
    return not is_odd and len(set(own_entries)) == len(own_entries)


def _cells(row: SupplierBinding) -> str:
    """The cells property of the suppliers of a list, of interrupts too."""
    return row.resource.cells or ""


def _suppliers(tree: Tree, place: List, row: SupplierBinding) -> Sequence[int]:
    """The nodes that the entries of a list name, as far as it can be read."""
    return list(dict.fromkeys(node for node, _ in _entries(tree, place, row, None) if node >= 0))


def _is_whole(tree: Tree, place: List, row: SupplierBinding, change: tuple[int, int]) -> bool:
    """Whether a list fits, if one supplier takes another number of cells."""
    if row.name == _PLAIN:
        return change[1] > 0 and (tree.words[place[1] + 1] >> 2) % change[1] == 0
    return all(fits for _, fits in _entries(tree, place, row, change))


def _entries(
    tree: Tree, place: List, row: SupplierBinding, change: tuple[int, int] | None
) -> Iterable[tuple[int, bool]]:
    """The supplier of each entry, and whether the entry fits; the last may be -1: no node."""
    at = place[1]
    cell, size, first = 0, tree.words[at + 1] >> 2, at + 3
    while cell < size:
        phandle = tree.words[first + cell]
        if not phandle:
            cell += 1
            continue
        node = tree.phandles.get(phandle, -1)
        width = tree.cell(row.cells or "", node) if node >= 0 else None
        if change is not None and node == change[0]:
            width = change[1]
        if width is None:
            width = row.missing_cells if node >= 0 else None
        fits = width is not None and cell + width < size
        yield node, fits
        if not fits:
            return
        cell += 1 + (width or 0)
