"""Lists whose entries have names: ``clocks`` with ``clock-names``, and their like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from dtlink.facts.binding import Walk
from dtlink.facts.bindings import BINDINGS
from dtlink.facts.resources import INTERCONNECT
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.binding import SupplierBinding
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference
    from dtlink.links.walk import BindingColumn


def _lists() -> Mapping[str, tuple[SupplierBinding, ...]]:
    found: dict[str, dict[str, SupplierBinding]] = {}
    for row in BINDINGS:
        names = row.resource.names
        if names and "*" not in row.name and not row.name.startswith("pinctrl-"):
            found.setdefault(names, {})[row.name] = row
    return {names: tuple(rows.values()) for names, rows in found.items()}


#: The lists that a property names the entries of; where a node has several, the last counts.
LISTS: Mapping[str, tuple[SupplierBinding, ...]] = _lists()


#: The names of these lists.
_LISTED = frozenset(row.name for rows in LISTS.values() for row in rows)


class NamedList(NamedTuple):
    """The names of a node's list, and how many entries it has."""

    node: int
    names_property: str
    binding: SupplierBinding
    """The list; of several that the node could have one, where it has none."""
    names: tuple[str, ...]
    entries: int
    """How many entries a driver can ask for by number; -1 where the node has no such list."""


def misnamed_lists(tree: Tree, columns: Iterable[BindingColumn]) -> Iterator[NamedList]:
    """The lists of enabled nodes that have not one name of its own for each entry.

    Lists whose entries do not resolve are not among them.
    """
    listed = [references for row, references in columns if row.name in _LISTED]
    last = {ref[4]: ref for references in listed for ref in references}  # by place of the property
    for name in [each for each in LISTS if each in tree.columns]:
        rows = [(row, tree.holders(row.name)) for row in reversed(LISTS[name])]
        for node, at in _unclear(tree, name, last):
            names = tree.value(at).rstrip(b"\0").split(b"\0")
            found = _misnamed(tree, name, rows, (node, names), last)
            if found is not None:
                yield found


def _unclear(tree: Tree, name: str, last: Mapping[int, Reference]) -> Iterator[tuple[int, int]]:
    """The enabled nodes with names for a list, but for those where both plainly fit, as on most.

    There the last reference of the list ends it, and has as many before it as there are names.
    """
    rows = LISTS[name] if name != INTERCONNECT.names else ()  # an interconnect has two entries
    columns = [tree.columns[row.name] for row in rows if row.name in tree.columns]
    there: Mapping[int, int] = {}
    for column in columns:
        there = {**there, **column} if there else column
    off, words = tree.disabled, tree.words
    for node, at in tree.holders(name).items():
        if node in off:
            continue
        ref = last.get(there.get(node, -1))
        if ref is None or (ref[5] + 1, ref[6] + ref[7] + ref[2].walk.args_skip) != (
            _distinct(tree.value(at)),
            words[ref[4] + 1] >> 2,
        ):
            yield node, at


@lru_cache(maxsize=4096)
def _distinct(value: bytes) -> int:
    """How many names a value has; 0 if two are the same. Boards have many in common."""
    names = value.rstrip(b"\0").split(b"\0")
    return len(names) if len(set(names)) == len(names) else 0


def _misnamed(
    tree: Tree,
    name: str,
    rows: Sequence[tuple[SupplierBinding, Mapping[int, int]]],
    named: tuple[int, Sequence[bytes]],
    last: Mapping[int, Reference],
) -> NamedList | None:
    """The list of one node with its names; ``None``: they fit."""
    node, names = named
    binding, entries = rows[-1][0], -1
    for row, holders in rows:
        if node in holders:
            count = _count(tree, holders[node], last, names)
            if count is None or (count == len(names) == len(set(names))):
                return None
            binding, entries = row, count
            break
    shown = tuple(each.decode("latin-1") for each in names)
    return NamedList(node, name, binding, shown, entries)


def _count(
    tree: Tree, at: int, last: Mapping[int, Reference], names: Sequence[bytes]
) -> int | None:
    """The number of entries; ``None`` if one does not resolve."""
    cells = tree.words[at + 1] >> 2
    ref = last.get(at)
    if ref is None:
        return None if any(tree.cells_at(at)) else cells
    if ref.binding.walk is Walk.INTERRUPTS:
        return _interrupts(tree, ref, cells)
    end = ref.cell + 1 + ref.args
    if end < cells and any(tree.cells_at(at)[end:]):  # an entry that does not resolve
        return None
    count = ref.entry + 1 + max(cells - end, 0)
    if ref.binding.resource is not INTERCONNECT:
        return count
    return 1 if count == 1 and names == [b"dma-mem"] else count // 2


def _interrupts(tree: Tree, ref: Reference, cells: int) -> int | None:
    """The same for interrupts: ``interrupts`` has specifiers alone, the other one phandles, too."""
    if tree.property_name(ref.at) == "interrupts":
        return cells // ref.args if ref.args else None
    return ref.entry + 1 if ref.cell + ref.args == cells else None
