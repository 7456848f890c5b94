"""Signs of faults: what few boards have, and a rule looks for.

A rule that asks for a sign (``asks``) is imported for the boards alone that have it, and goes on
from what the sign holds: importing a rule takes longer than what it does on a sound board.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from dtlink.board.devices import DEAD_COMPATIBLES, SYSCON, is_plain_bus
from dtlink.board.iommu_signs import IommuSigns
from dtlink.facts.bindings import BINDINGS
from dtlink.facts.resources import GPIO, REGULATOR
from dtlink.links.reference import Flaw, UnresolvedReason
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from dtlink.facts.binding import SupplierBinding
    from dtlink.facts.resource import IfDisabled
    from dtlink.firmware.tree import Tree
    from dtlink.links.extract import Extraction
    from dtlink.links.graph import Graph
    from dtlink.links.reference import Reference

#: Values of ``status``: those of the specification, ``ok`` of older ones, and what is read as the
#: same as "fail".
_STATUSES = frozenset((b"okay", b"ok", b"disabled", b"reserved", b"fail", b"failed"))
_FAIL = b"fail-"
#: The lists in which a 0 in a phandle's place means nothing.
_WITHOUT_EMPTY_ENTRIES = [
    row for row in BINDINGS if row.cells and row.resource.may_be_empty is False
]
_CELL = 4
#: A rule whose notes need not be looked for if they are not reported.
_DISABLED_RULE = "supplier/disabled"


class TreeSigns(IommuSigns):
    """The signs of a devicetree's board, each looked for once."""

    if TYPE_CHECKING:

        @property
        def graph(self) -> Graph: ...  # noqa: D102 - as in TreeBoard, like the others
        @property
        def extraction(self) -> Extraction: ...  # noqa: D102
        @property
        def suppliers(self) -> frozenset[int]: ...  # noqa: D102
        @property
        def stranded(self) -> Sequence[Reference]: ...  # noqa: D102
        @property
        def device_numbers(self) -> Sequence[int]: ...  # noqa: D102
        @property
        def passed_over(self) -> frozenset[int]: ...  # noqa: D102

    @cached_property
    def self_references(self) -> Sequence[Reference]:
        """The references of nodes to themselves that have an effect."""
        own = [ref for ref in self.graph.references if ref[0] == ref[1]]
        return [ref for ref in own if ref[2].resource.if_itself is not None]

    @cached_property
    def after_holes(self) -> Sequence[Reference]:
        """The references after an empty entry."""
        if not self.extraction.common.has_holes:
            return ()
        return [ref for ref in self.graph.references if ref[8] is Flaw.AFTER_HOLE]

    @cached_property
    def surplus_zeros(self) -> Sequence[tuple[SupplierBinding, int, int, int]]:
        """Lists in which a 0, which is no empty entry there, follows the last entry.

        Each with its binding and node, the supplier of its last entry, and where that ends.
        """
        tree = self.tree
        return [
            (row, node, *last)
            for row in _WITHOUT_EMPTY_ENTRIES
            for node, at in tree.holders(row.name).items()
            if tree.size(at) > _CELL and not tree.cells_at(at)[-1] and node not in tree.disabled
            for last in _last_entry(tree, tree.cells_at(at), row.cells or "")
        ]

    @cached_property
    def leftovers(self) -> Sequence[object]:
        """The :attr:`surplus_zeros`, or the entries that bytes follow which are no entry."""
        bytes_left = UnresolvedReason.LEFTOVER
        return self.surplus_zeros or [raw for raw in self.graph.unresolved if raw[0] is bytes_left]

    @cached_property
    def second_supplies(self) -> Sequence[Reference]:
        """The second entries of supplies, and of GPIOs of which most devices have one."""
        from dtlink.facts.supply_names import SINGLE_GPIOS

        return [
            ref
            for row, references in self.graph.columns
            if row.resource is REGULATOR or row.resource is GPIO
            for ref in references
            if ref[5] == 1
            if row.resource is REGULATOR or self.tree.property_name(ref[4]) in SINGLE_GPIOS
        ]

    @cached_property
    def _disabled_suppliers(self) -> Sequence[tuple[Reference, IfDisabled]]:
        off = self.tree.disabled
        if off.isdisjoint(self.suppliers):
            return ()
        found = [
            (ref, ref[2].resource.if_disabled) for ref in self.graph.references if ref[1] in off
        ]
        return [(ref, effect) for ref, effect in found if effect is not None]

    @property
    def disabled_suppliers(self) -> Sequence[Reference]:
        """The references to disabled nodes that have an effect, if that is reported."""
        is_quiet = _DISABLED_RULE in self.without_notes
        return [
            ref for ref, effect in self._disabled_suppliers if not (is_quiet and effect.optional)
        ]

    @cached_property
    def named_without_cells(self) -> Sequence[tuple[str, Sequence[Reference]]]:
        """The references of kinds that functions of their own register, by kind.

        Without a kernel's facts those whose property has one phandle and a whole name: ``extcon``;
        without those of which the supplier's driver :meth:`is_known_to_provide` it.
        """
        columns = [pair for pair in self.graph.columns if pair[0].resource.is_registered]
        if self.facts is not None:
            return [(row.kind, references) for row, references in columns]
        found = [
            (row.kind, [ref for ref in references if not self.is_known_to_provide(ref)])
            for row, references in columns
            if row.is_plain
        ]
        return [pair for pair in found if pair[1]]

    def is_known_to_provide(self, ref: Reference) -> bool:
        """Whether the supplier's driver registers what is referenced, by the shipped lists."""
        if self.facts is not None or self.settings.kernel_index:
            return False
        from dtlink.facts.known_providers import is_known_provider

        at = self.tree.holders("compatible").get(ref[1])
        return at is not None and is_known_provider(self.tree.value(at), ref[2].kind)

    @cached_property
    def without_device(self) -> Sequence[int]:
        """The suppliers without ``compatible`` whose nearest device is a plain bus, or missing."""
        tree, compatible, numbers = self.tree, self.tree.holders("compatible"), self.device_numbers
        lost = [node for node in self.suppliers if node not in compatible]
        return [
            node
            for node in lost
            if (
                node in self.passed_over
                if numbers[node] not in compatible
                else is_plain_bus(tree.value(compatible[numbers[node]]))
            )
        ]

    @property
    def unreached(self) -> Collection[object]:
        """What the kernel may make no devices of: references to it, or devices below a syscon."""
        return self.stranded or self.below_syscons

    @cached_property
    def below_syscons(self) -> AbstractSet[int]:
        """The devices that references lead to below a syscon which may not make them."""
        tree, compatible, numbers = self.tree, self.tree.holders("compatible"), self.device_numbers
        syscons = tree.with_compatible(SYSCON)
        children = {node for node in compatible if tree.parents[node] in syscons} if syscons else ()
        if not children:
            return frozenset()
        from dtlink.facts.platform import BUSES

        used = children & {numbers[node] for node in self.suppliers - tree.disabled}
        return {
            node
            for node in used
            for strings in [tree.value(compatible[tree.parents[node]]).split(b"\0")]
            if BUSES.isdisjoint(strings) and any(each not in (SYSCON, b"") for each in strings)
        }

    @cached_property
    def odd_statuses(self) -> Mapping[bytes, Sequence[int]]:
        """The nodes with each value of ``status`` that is not one of the specification."""
        return {
            value: nodes for value, nodes in self.tree.by_status.items() if not _is_status(value)
        }

    @cached_property
    def enabled_below_disabled(self) -> AbstractSet[int]:
        """The nodes with ``compatible`` that are enabled, and that an ancestor disables."""
        tree = self.tree
        enabled = (tree.holders("status").keys() & tree.disabled) - tree.unavailable
        return enabled & tree.holders("compatible").keys()

    @cached_property
    def double_gpios(self) -> Sequence[tuple[str, str]]:
        """The names with ``gpio`` and ``gpios`` that one node has both."""
        columns = self.tree.columns
        pairs = [(name, f"{name}s") for name in columns if name.endswith("gpio")]
        return [
            (old, new)
            for old, new in pairs
            if new in columns and not columns[old].keys().isdisjoint(columns[new])
            if old == "gpio" or old.endswith("-gpio")
        ]

    @property
    def dead_compatibles(self) -> Sequence[bytes]:
        """The values of ``compatible`` that have no driver any more."""
        return [value for value in DEAD_COMPATIBLES if value in self.tree.by_compatible]

    @property
    def has_partitions(self) -> bool:
        """Whether there are nodes of the name ``partition@…``."""
        return b"partition@" in self.tree.blob


def _last_entry(tree: Tree, cells: Sequence[int], width: str) -> Sequence[tuple[int, int]]:
    """The supplier of the last entry before a 0, and where it ends; nothing of a broken list."""
    cell, last = 0, []
    while cell < len(cells) and cells[cell]:
        supplier = tree.phandles.get(cells[cell], -1)
        args = tree.cell(width, supplier)
        if args is None:
            return ()
        cell += 1 + args
        last = [(supplier, cell)]
    return last if cell < len(cells) and not any(cells[cell:]) else ()


def _is_status(value: bytes) -> bool:
    text = value.partition(b"\0")[0]
    return value[-1:] == b"\0" and (text in _STATUSES or text.startswith(_FAIL))
