"""Interrupt controllers without ``#interrupt-cells``, and what meant them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from dtlink.facts.binding import Walk
from dtlink.links.interrupts import InterruptTree, Ways
from dtlink.links.reference import UnresolvedReason
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Unresolved

#: The walks of properties whose suppliers are interrupt controllers.
_INTERRUPTS = (Walk.INTERRUPTS, Walk.INTERRUPT_MAP)


def users_by_controller(
    tree: Tree, unresolved: Iterable[Unresolved]
) -> Mapping[int, Collection[int]]:
    """The nodes with interrupts of each enabled controller that lacks ``#interrupt-cells``."""
    marked = tree.holders("interrupt-controller").keys()
    bare = marked - tree.holders("#interrupt-cells").keys() - tree.disabled
    if not bare or tree.is_overlay:
        return {}
    found: dict[int, dict[int, None]] = {}
    irq, extended = InterruptTree(tree), tree.holders("interrupts-extended")
    ways = Ways(irq, lambda there: there in bare or irq.width(there) >= 0)
    for node in tree.holders("interrupts"):
        if node not in tree.disabled and node not in extended:
            controller = _on_the_way(ways, node, bare)
            if controller is not None:
                found.setdefault(controller, {})[node] = None
    for raw in unresolved:
        is_bare = raw.why is UnresolvedReason.NO_CELLS and raw.target in bare
        if is_bare and raw.binding.walk in _INTERRUPTS:
            found.setdefault(raw.target, {})[raw.node] = None
    return {controller: users.keys() for controller, users in found.items()}


def _on_the_way(ways: Ways, node: int, bare: Collection[int]) -> int | None:
    """The first of the controllers that a node meets before its interrupt parent."""
    last = ways.end(node)
    return last[1] if last and last[1] in bare else None
