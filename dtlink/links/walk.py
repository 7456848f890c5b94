"""Walkers: from the cells of a supplier property to references.

Each takes one column of the tree (all nodes with one property) and appends to :class:`WalkResult`.
A walker stops at an entry of unknown length and notes it as one :class:`Unresolved`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dtlink.facts.binding import Owner, SupplierBinding
from dtlink.links.reference import Flaw, Reference, Unresolved, UnresolvedReason
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

#: Containers between a device and its ports (drivers/of/property.c, of_graph_get_port_parent()).
_PORT_CONTAINERS = frozenset((b"ports", b"in-ports", b"out-ports"))

Column = Iterable[tuple[int, int]]

#: A binding, and the references that the column of one property has by it.
BindingColumn = tuple[SupplierBinding, Sequence[Reference]]

_SOUND, _HOLE, _ASSUMED = Flaw.NONE, Flaw.AFTER_HOLE, Flaw.ASSUMED_CELLS


class WalkResult:
    """The references of one tree, and the entries that do not resolve."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.references: list[Reference] = []
        self.unresolved: list[Unresolved] = []
        self.columns: list[BindingColumn] = []
        """The references of each property name, in their order."""
        self.has_holes = False
        """Whether a list has an empty entry."""

    def fail(
        self,
        why: UnresolvedReason,
        row: SupplierBinding,
        where: tuple[int, int],
        index: int = 0,
        cell: int = 0,
        value: int = 0,
        target: int = -1,
    ) -> None:
        """Note an entry that does not resolve; ``where`` is the node and property position."""
        self.unresolved.append(Unresolved(why, row, *where, index, cell, value, target))


def phandle_list(  # noqa: C901, PLR0912, PLR0915 - a hot loop: a call an entry would double its time
    found: WalkResult, row: SupplierBinding, column: Column
) -> None:
    """Phandles, each followed by its specifier (drivers/of/base.c, of_phandle_iterator_next())."""
    tree = found.tree
    words, phandles, add = tree.words, tree.phandles, found.references.append
    new = tuple.__new__  # takes a third of the time of calling the class
    cells = row.cells  # a property: read once for each column
    widths = tree.holders(cells) if cells else None
    fixed, own = row.fixed, row.own_cells
    known: dict[int, tuple[int, int]] = {}  # the supplier of a phandle, and its arguments
    for node, at in column:
        if own:
            fixed = max(row.fixed, 1 + (tree.cell(own, node) or 0))
            known = {}
        size = words[at + 1] >> 2
        first = at + 3
        cell = index = 0
        flaw = _SOUND
        while cell < size:
            phandle = words[first + cell]
            if phandle in known:
                supplier, args = known[phandle]
            elif not phandle:
                flaw = _HOLE
                found.has_holes = True
                cell += 1
                index += 1
                continue
            else:
                target = phandles.get(phandle)
                if target is None:
                    if flaw is not _ASSUMED:
                        found.fail(UnresolvedReason.DANGLING, row, (node, at), index, cell, phandle)
                    break
                supplier, args = target, fixed
                if widths is None:
                    if args < 0:
                        args = size - cell - 1
                    else:
                        known[phandle] = supplier, args
                elif (width_at := widths.get(supplier)) is not None and words[width_at + 1] >= 4:
                    args = words[width_at + 3]
                    known[phandle] = supplier, args
                elif row.missing_cells is None:
                    if flaw is not _ASSUMED:
                        found.fail(
                            UnresolvedReason.NO_CELLS, row, (node, at), index, cell, phandle, target
                        )
                    flaw = flaw or _ASSUMED
            if cell + args >= size:
                if flaw is not _ASSUMED:
                    found.fail(
                        UnresolvedReason.TRUNCATED, row, (node, at), index, cell, phandle, supplier
                    )
                break
            add(new(Reference, (node, supplier, row, node, at, index, cell, args, flaw)))
            cell += 1 + args
            index += 1
        if words[at + 1] & 3:
            found.fail(UnresolvedReason.LEFTOVER, row, (node, at), index, size, words[at + 1] & 3)


def masters(found: WalkResult, row: SupplierBinding, column: Column) -> None:
    """Walk a list in the opposite direction: from the supplier to its consumers.

    After a consumer without the cells property only those that have it are taken for consumers: the
    others may be its arguments.
    """
    turned = WalkResult(found.tree)
    phandle_list(turned, row, column)
    found.unresolved += turned.unresolved
    first = {(raw.at, raw.entry) for raw in turned.unresolved}
    known = found.tree.holders(row.cells or "")
    found.references += [
        ref._replace(consumer=ref.supplier, supplier=ref.consumer)
        for ref in turned.references
        if ref.flaw is not Flaw.ASSUMED_CELLS
        or (ref.at, ref.entry) in first
        or ref.supplier in known
    ]


def endpoint(found: WalkResult, row: SupplierBinding, column: Column) -> None:
    """Walk a graph endpoint; only its first phandle is used (drivers/of/property.c)."""
    tree = found.tree
    for node, at in column:
        phandle = tree.words[at + 3] if tree.words[at + 1] >= 4 else 0
        target = tree.phandles.get(phandle)
        if target is None:
            found.fail(UnresolvedReason.DANGLING, row, (node, at), 0, 0, phandle)
            continue
        consumer, supplier = owner(tree, row.consumer, node), owner(tree, row.supplier, target)
        if consumer is not None and supplier is not None:
            found.references.append(Reference(consumer, supplier, row, node, at, 0, 0, 0, _SOUND))


def owner(tree: Tree, which: Owner, node: int) -> int | None:
    """Return the node of the device that ``node`` is a part of; ``None`` if there is none."""
    if which is Owner.PORT:
        return _port_owner(tree, node)
    if which is Owner.COMPATIBLE:
        return _compatible_owner(tree, node)
    return node


def _port_owner(tree: Tree, node: int) -> int | None:
    """From an endpoint to the owner of its port (of_graph_get_port_parent())."""
    port = tree.parents[node]
    parent = tree.parents[port] if port >= 0 else -1
    if parent >= 0 and tree.layout.names[parent].partition(b"@")[0] in _PORT_CONTAINERS:
        parent = tree.parents[parent]
    return parent if parent >= 0 else None


def _compatible_owner(tree: Tree, node: int) -> int | None:
    """The nearest ancestor with ``compatible``, unless a node on the way is not available."""
    compatible = tree.holders("compatible")
    node = tree.parents[node]
    while node >= 0 and node not in tree.unavailable:
        if node in compatible:
            return node
        node = tree.parents[node]
    return None
