"""Requests that the kernel's core makes for a device, for which its node has to be looked at."""

from __future__ import annotations

from dtlink.facts.resource import UNKNOWN_REQUEST
from dtlink.links.streams import is_pci
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtlink.facts.resource import Request
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference

ASSIGNED_CLOCKS = _CLOCKS, _PARENTS = "assigned-clocks", "assigned-clock-parents"


class CoreRequests:
    """What the core asks for by the references of one tree."""

    def __init__(self, tree: Tree, references: Iterable[Reference]) -> None:
        self._tree = tree
        self._parents: set[tuple[int, int]] = set()
        self._stops: dict[int, int] = {}
        for each in references:
            name = each.binding.name
            if name == _PARENTS:
                self._parents.add((each.node, each.entry))
            if name in ASSIGNED_CLOCKS and each.supplier == each.node:
                self._stops[each.node] = min(self._stops.get(each.node, each.entry), each.entry)

    def of(self, reference: Reference, request: Request) -> Request:
        """What becomes of a reference whose resource has ``request`` in its row."""
        host = reference.binding.resource.if_pci_host
        if host is not None and is_pci(self._tree, reference.consumer):
            return host
        if reference.binding.name in ASSIGNED_CLOCKS and not self._is_assigned(reference):
            return UNKNOWN_REQUEST
        return request

    def _is_assigned(self, reference: Reference) -> bool:
        """Whether a clock is looked up before a probe, to be set.

        That ends at an entry for a clock of the node itself. Source: Linux, drivers/clk/clk-conf.c,
        __set_clk_parents(), __set_clk_rates().
        """
        node, entry = reference.node, reference.entry
        if entry >= self._stops.get(node, entry + 1):
            return False
        return (
            reference.binding.name == _PARENTS
            or (node, entry) in self._parents
            or any(self._rate(node, entry))
        )

    def _rate(self, node: int, entry: int) -> Iterator[int]:
        """The cells of the rate that a clock gets."""
        for name, size in (("assigned-clock-rates", 1), ("assigned-clock-rates-u64", 2)):
            at = self._tree.holders(name).get(node)
            if at is not None:
                yield from self._tree.cells_at(at)[entry * size : (entry + 1) * size]
