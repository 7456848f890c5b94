"""Consumers that wait for a supplier that never becomes a device, and what waits for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from dtlink.board.devices import is_plain_bus
from dtlink.board.tree import TreeBoard
from dtlink.links.reference import Link, Reference
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted, noun

if TYPE_CHECKING:
    from dtlink.boot.devlink.ordering import Ordering
    from dtlink.firmware.tree import Node

#: How many devices of a chain are shown by name.
_SHOWN = 3


def stranded(board: TreeBoard) -> Iterator[Sequence[Link]]:
    """The links to each supplier that the kernel makes no device for, in blob order.

    Only links that fw_devlink follows, of consumers that can become devices themselves.
    """
    groups: dict[int, list[Reference]] = {}
    for ref in board.stranded:
        if board.graph.orders(ref) and _waits(board, ref):
            groups.setdefault(ref.supplier, []).append(ref)
    for refs in groups.values():
        yield [Link(board.tree, ref) for ref in refs]


def on_plain_buses(board: TreeBoard) -> Iterator[Sequence[Link]]:
    """The links to each supplier without ``compatible`` whose nearest device is a plain bus.

    No driver makes anything of such a node: drivers/bus/simple-pm-bus.c, simple_pm_bus_probe().
    Nor of a consumer that is not a device itself: no driver asks for what it references.
    """
    tree, parents = board.tree, board.tree.parents
    bare = board.suppliers - tree.holders("compatible").keys()
    buses = {parent for parent in {parents[node] for node in bare} if _is_on_a_bus(board, parent)}
    lost = {node for node in bare if parents[node] in buses}
    groups: dict[int, list[Reference]] = {}
    for ref in board.graph.references if lost else ():
        asks = ref.supplier in lost and not _is_on_a_bus(board, ref.consumer)
        if asks and board.graph.orders(ref) and _waits(board, ref):
            groups.setdefault(ref.supplier, []).append(ref)
    for refs in groups.values():
        yield [Link(tree, ref) for ref in refs]


def _is_on_a_bus(board: TreeBoard, node: int) -> bool:
    at = board.tree.holders("compatible").get(board.device_index(node))
    return at is not None and is_plain_bus(board.tree.value(at))


def _waits(board: TreeBoard, ref: Reference) -> bool:
    device = board.device_index(ref.consumer)
    can_come = device in board.tree.holders("compatible") and device not in board.passed_over
    return can_come and not board.graph.not_followed(ref)


def waiting(board: TreeBoard) -> Mapping[str, Sequence[str]]:
    """The devices that wait forever, by the suppliers that cause it.

    A supplier that is a part of a device which waits itself is not: it is reported with the other.
    """
    return _waiting(board.order)


@lru_cache(maxsize=1)
def _waiting(order: Ordering) -> Mapping[str, Sequence[str]]:
    """The same, of the board at hand: each finding asks for it."""
    found: dict[str, list[str]] = {}
    unbound = _unbound(order)
    for item in order.prediction.waiting:
        for supplier in item.suppliers:
            if order.device(supplier) not in unbound:
                found.setdefault(supplier, []).append(item.device)
    return found


def fallen(board: TreeBoard, suppliers: Sequence[Node]) -> dict[str, str]:
    """The devices that never probe because of suppliers that never probe, each with what it waits
    for: the nearest first.
    """
    order, blamed = board.order, waiting(board)
    after = _after(order)
    found: dict[str, str] = {}
    queue = deque((node.path, path) for node in suppliers for path in blamed.get(node.path, ()))
    while queue:
        supplier, device = queue.popleft()
        if device not in found:
            found[device] = supplier
            queue.extend((device, other) for other in after.get(device, ()))
    return found


@lru_cache(maxsize=1)
def _after(order: Ordering) -> Mapping[str, Sequence[str]]:
    """The devices that wait for each device that never binds, or for a part of it."""
    after: dict[str, list[str]] = {}
    for consumer, suppliers in order.held_up.items():
        for supplier in suppliers:
            after.setdefault(supplier, []).append(consumer)
    unbound = _unbound(order)
    for item in order.prediction.waiting:
        for owner in {order.device(supplier) for supplier in item.suppliers} & unbound:
            after.setdefault(owner, []).append(item.device)
    return after


def _unbound(order: Ordering) -> set[str]:
    return {device.node for device in order.prediction.devices if device.driver is None}


def effect(board: TreeBoard, link: Link, down: Mapping[str, str]) -> str:
    """The effect on the consumer of a supplier that never becomes a device.

    The device itself waits by fw_devlink (drivers/base/core.c, device_links_check_suppliers()); a
    node that is a part of a device does not, but the request of its driver fails. ``down`` is what
    :func:`fallen` returns.
    """
    device, supplier = board.device(link.consumer), link.supplier.path
    if down.get(link.consumer.path) == supplier:
        return f'{device.name} never probes: "wait for supplier {supplier}"{_chain(down)}'
    return f"the driver of {device.path} never gets the {link.binding.kind}"


def _chain(down: Mapping[str, str]) -> str:
    """What waits for the devices that wait."""
    later = [(device, cause) for device, cause in down.items() if cause in down]
    shown = [f"{_name(device)} waits for {_name(cause)}" for device, cause in later[:_SHOWN]]
    rest = len(later) - _SHOWN
    verb = noun(rest, "waits", "wait")
    more = f", and {counted(rest, 'more device')} {verb}" if rest > 0 else ""
    return "".join(f"; {text}" for text in shown) + more


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def nodes(board: TreeBoard, down: Mapping[str, str]) -> list[Node]:
    """The devices of :func:`fallen`."""
    return [board.tree.by_path[path] for path in down]
