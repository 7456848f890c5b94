"""Lists whose entries have names: ``clocks`` with ``clock-names``, and their like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from dtlink.facts.binding import Walk
from dtlink.facts.bindings import BINDINGS
from dtlink.facts.resources import INTERCONNECT
from dtlink.records import NamedTuple

if TYPE_CHECKING:
    from dtlink.facts.binding import SupplierBinding
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference


def _lists() -> Mapping[str, tuple[SupplierBinding, ...]]:
    found: dict[str, dict[str, SupplierBinding]] = {}
    for row in BINDINGS:
        names = row.resource.names
        if names and "*" not in row.name and not row.name.startswith("pinctrl-"):
            found.setdefault(names, {})[row.name] = row
    return {names: tuple(rows.values()) for names, rows in found.items()}


#: The lists that a property names the entries of; where a node has several, the last counts.
LISTS: Mapping[str, tuple[SupplierBinding, ...]] = _lists()


class NamedList(NamedTuple):
    """The names of a node's list, and how many entries it has."""

    node: int
    names_property: str
    binding: SupplierBinding
    """The list; of several that the node could have one, where it has none."""
    names: tuple[str, ...]
    entries: int
    """How many entries a driver can ask for by number; -1 where the node has no such list."""


def named_lists(tree: Tree, references: Iterable[Reference]) -> Iterator[NamedList]:
    """The lists with names of all enabled nodes, but for those whose entries do not resolve."""
    last = {ref[4]: ref for ref in references}  # by place of the property, which is in order
    off = tree.disabled
    for name, rows in LISTS.items():
        for node, at in tree.holders(name).items():
            if node in off:
                continue
            names = tuple(tree.value(at).decode("latin-1").rstrip("\0").split("\0"))
            found = [
                (row, tree.holders(row.name)[node])
                for row in rows
                if node in tree.holders(row.name)
            ]
            if not found:
                yield NamedList(node, name, rows[0], names, -1)
            elif (count := _count(tree, found[-1][1], last, names)) is not None:
                yield NamedList(node, name, found[-1][0], names, count)


def _count(
    tree: Tree, at: int, last: Mapping[int, Reference], names: tuple[str, ...]
) -> int | None:
    """The number of entries; ``None`` if one does not resolve."""
    cells = tree.words[at + 1] >> 2
    ref = last.get(at)
    if ref is None:
        return None if any(tree.cells_at(at)) else cells
    if ref.binding.walk is Walk.INTERRUPTS:
        return _interrupts(tree, ref, cells)
    rest = tree.cells_at(at)[ref.cell + 1 + ref.args :]
    if any(rest):  # an entry that does not resolve
        return None
    count = ref.entry + 1 + len(rest)
    if ref.binding.resource is not INTERCONNECT:
        return count
    return 1 if count == 1 and names == ("dma-mem",) else count // 2


def _interrupts(tree: Tree, ref: Reference, cells: int) -> int | None:
    """The same for interrupts: ``interrupts`` has specifiers alone, the other one phandles, too."""
    if tree.property_name(ref.at) == "interrupts":
        return cells // ref.args if ref.args else None
    return ref.entry + 1 if ref.cell + ref.args == cells else None
