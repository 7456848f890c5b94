"""Interrupts, resolved as by the kernel (Linux, drivers/of/irq.c)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dtlink.links.reference import Flaw, Reference, UnresolvedReason
from dtlink.links.walk import Column, WalkResult
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.binding import SupplierBinding
    from dtlink.firmware.tree import Tree

#: Controllers whose driver parses their interrupt-map (of_irq_imap_abusers).
_READS_OWN_MAP = frozenset(
    (
        "CBEA,platform-spider-pic",
        "sti,platform-spider-pic",
        "realtek,rtl-intc",
        "fsl,ls1021a-extirq",
        "fsl,ls1043a-extirq",
        "fsl,ls1088a-extirq",
        "renesas,rza1-irqc",
        "pasemi,rootbus",
    )
)
#: Cells of a unit address that are compared (of_irq_parse_one(), addr_buf).
_UNIT_CELLS = 3
_SOUND = Flaw.NONE
#: Upper bound on cells (MAX_PHANDLE_ARGS).
_MAX_CELLS = 16
#: Upper bound on nexus nodes on the way to a controller; ends loops. Real machines need few.
_MAX_HOPS = 64


class Specifier(NamedTuple):
    """An interrupt specifier and the controller or nexus that receives it."""

    controller: int
    cells: Sequence[int]


class MapRow(NamedTuple):
    """One entry of an ``interrupt-map``: child cells, parent node and parent cells."""

    child: Sequence[int]
    parent: int
    parent_cell: int
    """The cell of the parent's phandle in the property."""
    address: Sequence[int]
    specifier: Sequence[int]

    @property
    def end(self) -> int:
        """The index of the cell after the entry."""
        return self.parent_cell + 1 + len(self.address) + len(self.specifier)


class _Table(NamedTuple):
    """An ``interrupt-map`` for lookup: its entries by their masked child cells."""

    mask: Sequence[int]
    rows: dict[tuple[int, ...], MapRow]


def _masked(cells: Sequence[int], mask: Sequence[int]) -> tuple[int, ...]:
    return tuple(cell & bits for cell, bits in zip(cells, mask, strict=False))


class InterruptTree:
    """The interrupt tree of one devicetree."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._widths = tree.holders("#interrupt-cells")
        self._controllers = tree.holders("interrupt-controller")
        self._maps = tree.holders("interrupt-map")
        self._parents: dict[int, int] = {}
        self._explicit = tree.holders("interrupt-parent")
        self._tables: dict[tuple[int, int], _Table] = {}

    def parent(self, node: int) -> int:
        """Return the interrupt parent (of_irq_find_parent()); -1 if there is none."""
        known = self._parents
        if node in known:
            return known[node]
        above = self.tree.parents[node]
        if above in known and node not in self._explicit and above not in self._widths:
            known[node] = known[above]  # as most nodes: as a sibling
            return known[above]
        trail: list[int] = []
        cursor, limit = node, len(self.tree)
        while cursor not in known:
            trail.append(cursor)
            cursor = self.step(cursor)
            if cursor < 0 or cursor in self._widths or len(trail) > limit:
                break
        else:
            cursor = known[cursor]
        parent = cursor if cursor in self._widths else -1
        known.update(dict.fromkeys(trail, parent))
        return parent

    def step(self, node: int) -> int:
        """Return the next node on the way to an interrupt parent; -1 if there is none.

        It is that of ``interrupt-parent`` if the node has it, else the node's parent.
        """
        at = self._explicit.get(node)
        phandle = None if at is None else self.tree.first_cell(at)
        if phandle is None:  # a partial cell counts as missing
            return self.tree.parents[node]
        return self.tree.phandles.get(phandle, -1)

    def width(self, node: int) -> int:
        """Return a node's ``#interrupt-cells``; -1 if it has none."""
        width = self.tree.cell("#interrupt-cells", node)
        return -1 if width is None else width

    def is_end(self, node: int) -> bool:
        """Whether the node handles specifiers itself instead of mapping them to a parent."""
        if node not in self._controllers:
            return False
        return node not in self._maps or self.reads_own_map(node)

    def reads_own_map(self, node: int) -> bool:
        """Whether only the driver of a controller reads its interrupt-map."""
        return not _READS_OWN_MAP.isdisjoint(self.tree[node].compatible)

    def resolve(self, device: int, specifier: Specifier) -> int | None:
        """Return the controller of a device's specifier (of_irq_parse_raw()).

        ``None`` if no entry of an ``interrupt-map`` on the way matches.
        """
        cursor = controller = specifier.controller
        cells: Sequence[int] = specifier.cells
        address: Sequence[int] = self._unit_address(device, self._address_cells_above(cursor))
        for _ in range(_MAX_HOPS):
            if self.is_end(cursor):
                return controller
            if cursor not in self._maps:
                cursor = self.parent(cursor)
                if cursor < 0:
                    return None
                continue
            row = self._match(cursor, address, cells)
            if row is None:
                return None
            controller, address, cells = row.parent, row.address, row.specifier
            if row.parent == cursor:
                return controller
            cursor = row.parent
        return None

    def _unit_address(self, device: int, size: int) -> list[int]:
        """The first cells of ``reg``, at most three, padded with zeros to ``size`` cells.

        Source: Linux, drivers/of/irq.c, of_irq_parse_one() (addr_buf).
        """
        at = self.tree.holders("reg").get(device)
        reg = list(self.tree.cells_at(at)[:_UNIT_CELLS]) if at is not None else []
        return (reg + [0] * _MAX_CELLS)[: min(size, _MAX_CELLS)]

    def _address_cells_above(self, node: int) -> int:
        """``#address-cells`` of the node or the nearest ancestor that has it; else 2.

        Source: Linux, drivers/of/irq.c, of_irq_parse_raw(), whose default is not that of
        of_bus_n_addr_cells() (:func:`_address_cells`).
        """
        cursor = node
        while cursor >= 0:
            cells = self.tree.cell("#address-cells", cursor)
            if cells is not None:
                return cells
            cursor = self.tree.parents[cursor]
        return 2

    def _match(self, nexus: int, address: Sequence[int], cells: Sequence[int]) -> MapRow | None:
        wanted = [*address, *cells]
        table = self._tables.get((nexus, len(wanted)))
        if table is None:
            table = self._tables[nexus, len(wanted)] = self._table(nexus, len(wanted))
        return table.rows.get(_masked(wanted, table.mask))

    def _table(self, nexus: int, width: int) -> _Table:
        """The entries of a nexus for lookup; the first one of several that match is used."""
        at = self.tree.holders("interrupt-map-mask").get(nexus)
        mask = self.tree.cells_at(at) if at is not None else [0xFFFFFFFF] * width
        table = _Table(mask, {})
        for row in self.rows(nexus, width):
            if row.parent not in self.tree.unavailable:
                table.rows.setdefault(_masked(row.child, mask), row)
        return table

    def rows(self, nexus: int, child_cells: int) -> list[MapRow]:
        """Return the entries of a nexus' ``interrupt-map`` up to the first invalid one.

        A parent without ``#address-cells`` has 0 of them (of_irq_parse_imap_parent()).
        """
        cells = self.tree.cells_at(self._maps[nexus])
        rows: list[MapRow] = []
        at = 0
        while at + child_cells < len(cells):
            parent = self.tree.phandles.get(cells[at + child_cells], -1)
            width = self.width(parent)
            if parent < 0 or width < 0:
                break
            start = at + child_cells + 1
            middle = start + (self.tree.cell("#address-cells", parent) or 0)
            if middle + width > len(cells):
                break
            row = MapRow(
                cells[at : at + child_cells],
                parent,
                at + child_cells,
                cells[start:middle],
                cells[middle : middle + width],
            )
            rows.append(row)
            at = middle + width
        return rows


class Ways:
    """Where the ways to interrupt parents end; each node is walked once, whoever asks."""

    def __init__(self, irq: InterruptTree, is_end: Callable[[int], bool]) -> None:
        self._irq = irq
        self._is_end = is_end
        self._ends: dict[int, tuple[int, int] | None] = {}

    def end(self, node: int) -> tuple[int, int] | None:
        """Return the last step of :func:`steps_up`, up to an end; ``None`` in a circle."""
        trail: list[int] = []
        while node not in self._ends:
            self._ends[node] = None  # a way that comes back here goes in a circle
            trail.append(node)
            there = self._irq.step(node)
            if there < 0 or self._is_end(there):
                self._ends.update(dict.fromkeys(trail, (node, there)))
                return node, there
            node = there
        last = self._ends[node]
        self._ends.update(dict.fromkeys(trail, last))
        return last


def steps_up(tree: Tree, node: int) -> Iterator[tuple[int, int]]:
    """The way to an interrupt parent: each node on it, with the node it leads to (-1 if to none).

    Source: Linux, drivers/of/irq.c, of_irq_find_parent().
    """
    irq, seen = InterruptTree(tree), set[int]()
    while node >= 0 and node not in seen:
        seen.add(node)
        there = irq.step(node)
        yield node, there
        node = there


def interrupts(found: WalkResult, row: SupplierBinding, column: Column) -> None:
    """Walk ``interrupts`` and ``interrupts-extended``; the latter has precedence per entry."""
    irq, words = InterruptTree(found.tree), found.tree.words
    extended = found.tree.holders("interrupts-extended")
    own = row.name == "interrupts"
    sizes: dict[int, int] = {}  # of an entry, in bytes, at a parent that handles it itself
    add, new = found.references.append, tuple.__new__
    for node, at in column:
        if node in extended:
            _both(found, irq, row, (node, at))
        elif own:
            parent = irq.parent(node)
            if parent not in sizes:
                sizes[parent] = irq.width(parent) * 4 if parent >= 0 and irq.is_end(parent) else 0
            if 0 < words[at + 1] == sizes[parent]:  # as most: one entry
                args = sizes[parent] >> 2
                add(new(Reference, (node, parent, row, node, at, 0, 0, args, _SOUND)))
            else:
                _plain(found, irq, row, (node, at), parent)


def _plain(
    found: WalkResult,
    irq: InterruptTree,
    row: SupplierBinding,
    where: tuple[int, int],
    parent: int,
) -> None:
    """The common case: only ``interrupts``, all entries at one interrupt parent."""
    node, at = where
    size = found.tree.words[at + 1] >> 2
    width = irq.width(parent) if parent >= 0 else -1
    if width <= 0:
        if size and width < 0:
            found.fail(UnresolvedReason.NO_PARENT, row, where)
        return
    add, new, end = found.references.append, tuple.__new__, irq.is_end(parent)
    for index in range(size // width):
        cell = index * width
        if end:
            add(new(Reference, (node, parent, row, node, at, index, cell, width, _SOUND)))
            continue
        first = at + 3 + cell
        specifier = Specifier(parent, found.tree.words[first : first + width])
        supplier = irq.resolve(node, specifier)
        if supplier is None:  # of_link_property() ends at the first entry without a supplier
            return
        add(Reference(node, supplier, row, node, at, index, cell, width, _SOUND))
    if size % width:
        index = size // width
        found.fail(
            UnresolvedReason.TRUNCATED, row, where, index, index * width, size % width, parent
        )


def _both(
    found: WalkResult, irq: InterruptTree, row: SupplierBinding, where: tuple[int, int]
) -> None:
    """Entry i of ``interrupts-extended`` if it is valid, else entry i of ``interrupts``."""
    node, at = where
    for index, (source, cell, specifier) in enumerate(_entries(found, irq, row, where)):
        supplier = irq.resolve(node, specifier)
        if supplier is None:  # of_link_property() ends at the first entry without a supplier
            return
        # Both properties get the same entries; the cells of an entry are in only one of them.
        args = len(specifier.cells) if source == row.name else 0
        found.references.append(
            Reference(node, supplier, row, node, at, index, cell if args else 0, args, _SOUND)
        )


def _entries(
    found: WalkResult, irq: InterruptTree, row: SupplierBinding, where: tuple[int, int]
) -> list[tuple[str, int, Specifier]]:
    """The specifiers of a node with ``interrupts-extended``: property, first cell, specifier."""
    tree, node = found.tree, where[0]
    cells = tree.cells_at(tree.holders("interrupts-extended")[node])
    entries: list[tuple[str, int, Specifier]] = []
    cell = 0
    while cell < len(cells):
        parent = tree.phandles.get(cells[cell], -1)
        width = irq.width(parent)
        if cells[cell] == 0 or parent < 0 or width < 0 or cell + width >= len(cells):
            _extended_fault(found, row, where, len(entries), cell, cells, parent, width)
            break
        specifier = Specifier(parent, cells[cell + 1 : cell + 1 + width])
        entries.append(("interrupts-extended", cell + 1, specifier))
        cell += 1 + width
    return entries + _rest_of_interrupts(tree, irq, node, len(entries))


def _extended_fault(
    found: WalkResult,
    row: SupplierBinding,
    where: tuple[int, int],
    index: int,
    cell: int,
    cells: Sequence[int],
    parent: int,
    width: int,
) -> None:
    """Note what ended the list, but only for ``interrupts-extended`` itself."""
    if row.name != "interrupts-extended" or cells[cell] == 0:
        return
    why = (
        UnresolvedReason.DANGLING
        if parent < 0
        else UnresolvedReason.NO_CELLS
        if width < 0
        else UnresolvedReason.TRUNCATED
    )
    found.fail(why, row, where, index, cell, cells[cell], parent)


def _rest_of_interrupts(
    tree: Tree, irq: InterruptTree, node: int, start: int
) -> list[tuple[str, int, Specifier]]:
    """The entries of ``interrupts`` from ``start``, used after the end of the extended list."""
    at = tree.holders("interrupts").get(node)
    parent = irq.parent(node) if at is not None else -1
    width = irq.width(parent)
    if at is None or width <= 0:
        return []
    cells = tree.cells_at(at)
    return [
        ("interrupts", index * width, Specifier(parent, cells[index * width : (index + 1) * width]))
        for index in range(start, len(cells) // width)
    ]


def interrupt_map(found: WalkResult, row: SupplierBinding, column: Column) -> None:
    """Walk the parents in ``interrupt-map`` (drivers/of/property.c, parse_interrupt_map())."""
    tree = found.tree
    irq = InterruptTree(tree)
    for node, at in column:
        width = irq.width(node)
        if width < 0:
            continue
        child = child_cells(tree, node, width)
        rows = irq.rows(node, child)
        for index, entry in enumerate(rows):
            args = len(entry.address) + len(entry.specifier)
            found.references.append(
                Reference(node, entry.parent, row, node, at, index, entry.parent_cell, args, _SOUND)
            )
        if not irq.reads_own_map(node):
            _bad_row(found, irq, row, (node, at), rows, child)


def _bad_row(
    found: WalkResult,
    irq: InterruptTree,
    row: SupplierBinding,
    where: tuple[int, int],
    rows: Sequence[MapRow],
    child: int,
) -> None:
    """Note what ended a map early: lookups in the entries after it fail."""
    cells = found.tree.cells_at(where[1])
    start = rows[-1].end if rows else 0
    left = len(cells) - start
    if not left:
        return
    if left <= child:
        found.fail(UnresolvedReason.LEFTOVER, row, where, len(rows), start, left)
        return
    phandle = cells[start + child]
    parent = found.tree.phandles.get(phandle, -1)
    no_cells = UnresolvedReason.NO_CELLS if irq.width(parent) < 0 else UnresolvedReason.TRUNCATED
    why = UnresolvedReason.DANGLING if parent < 0 else no_cells
    found.fail(why, row, where, len(rows), start + child, phandle, parent)


def child_cells(tree: Tree, nexus: int, width: int) -> int:
    """The cells of an entry before the parent's phandle; ``width`` is the nexus' own."""
    return _address_cells(tree, nexus) + width


def _address_cells(tree: Tree, node: int) -> int:
    """``#address-cells`` of the nexus or the nearest ancestor that has it; else 1.

    Source: Linux, drivers/of/property.c, parse_interrupt_map(), by of_bus_n_addr_cells() of
    drivers/of/base.c; of_irq_parse_raw() has another default.
    """
    while node >= 0:
        cells = tree.cell("#address-cells", node)
        if cells is not None:
            return min(cells, _MAX_CELLS)
        node = tree.parents[node]
    return 1
