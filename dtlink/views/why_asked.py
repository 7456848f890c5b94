"""What ``dtlink why`` says of requests, where a kernel is named."""

from __future__ import annotations

from dtlink.boot.drivers.asked import strongest
from dtlink.facts.binding import Walk
from dtlink.facts.resource import Asker, Requested
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT, Absent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtlink.board.tree import TreeBoard
    from dtlink.firmware.tree import Node
    from dtlink.links.graph import Graph
    from dtlink.links.reference import Link

#: How text says it; what is required, or unknown, needs no word.
NOTES = {
    Requested.OPTIONAL: "optional",
    Requested.IGNORED: "its driver does not wait for it",
    Requested.NO: "its driver does not request it",
}


def is_weaker(one: Requested | Absent, other: Requested | Absent) -> bool:
    """Whether one request is less than another; one that the kernel makes is never."""
    if one is ABSENT:
        return False
    return other is ABSENT or strongest((one, other)) is not one


def requested(board: TreeBoard, link: Link) -> Requested | None:
    """Whether a device's driver asks for a supplier; ``None`` where the kernel's core would."""
    reference = link.reference
    resource = reference.binding.resource
    is_drivers = resource.request.asker is Asker.DRIVER and resource.if_several is None
    if not is_drivers or reference.binding.walk not in (Walk.LIST, Walk.INTERRUPTS):
        return None
    return board.requests.of(reference, reference.consumer)


def of_parts(board: TreeBoard, graph: Graph, node: Node) -> Iterator[tuple[Link, Requested]]:
    """What a device's driver asks for on behalf of the nodes below it."""
    for each in board.requirements:
        if each.consumer == node.index and each.is_certain and each.node != node.index:
            for link in graph.suppliers.get(each.node, ()):
                same = link.binding.name == each.binding and link.supplier.index == each.supplier
                if same and link.reference.node == each.node:
                    yield link, each.requested
                    break
