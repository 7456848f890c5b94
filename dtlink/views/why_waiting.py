"""The suppliers that hold a device back.

Where a kernel is named, a supplier holds a device back if the device is late, degraded, lost or
never there because of it (:mod:`dtlink.boot.timeline`). Without a kernel a driver is assumed for
every device: what holds back is then a supplier that is disabled, or that never becomes a device,
and one that itself never probes (:mod:`dtlink.boot.devlink`). Both count what holds the suppliers
back. A node that is no device, such as a regulator of a chip, has no probe of its own: its
device's counts, and is listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from dtlink.facts.outcomes import Outcome
from dtlink.facts.resource import Requested
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.views.why import NeedRow

#: The suppliers of a node, each with the way to find its own.
Suppliers = Callable[[], Sequence[tuple["NeedRow", "Suppliers"]]]
#: The ends of a device that no supplier is to blame for.
_FINE = (Outcome.OK, Outcome.UNKNOWN)


def only_waiting(board: TreeBoard, top: str, needs: Suppliers) -> Suppliers:
    """Of the suppliers of a node, and of theirs, those that hold their consumers back."""
    direct: dict[str, list[tuple[NeedRow, Suppliers]]] = {}
    todo = [(top, needs)]
    while todo:
        consumer, suppliers = todo.pop()
        if consumer not in direct:
            direct[consumer] = [
                (replace(row, holds_back=_holds_back(board, consumer, row)), below)
                for row, below in suppliers()
            ]
            todo += [(row.supplier, below) for row, below in direct[consumer]]
    devices = _devices(board)

    def leads(consumer: str, row: NeedRow) -> bool:
        """Whether a wait of the supplier is one of the consumer."""
        is_enforced = board.facts is None and row.followed and not row.relaxed
        return is_enforced or consumer not in devices

    waiting = {path for path, rows in direct.items() if any(row.holds_back for row, _ in rows)}
    led = ((row.supplier, path) for path in direct for row, _ in direct[path] if leads(path, row))
    _add_leading(waiting, led)

    def is_kept(consumer: str, row: NeedRow) -> bool:
        is_on_the_way = row.property_name is None and consumer not in devices
        leads_on = row.supplier in waiting and leads(consumer, row)
        return bool(row.holds_back) or is_on_the_way or leads_on

    def kept(consumer: str) -> Sequence[tuple[NeedRow, Suppliers]]:
        rows = (row for row, _ in direct[consumer] if is_kept(consumer, row))
        return [(row, partial(kept, row.supplier)) for row in rows]

    return partial(kept, top)


def _holds_back(board: TreeBoard, consumer: str, row: NeedRow) -> bool:
    if board.facts is not None:
        return _costs(board, consumer, row)
    order = board.order
    supplier = order.provider(consumer, row.supplier)
    lacking = {each.device: each.suppliers for each in order.prediction.waiting}
    return (
        not row.enabled
        or row.supplier in lacking.get(consumer, ())
        or supplier in (*lacking.get(consumer, ()), *order.held_up.get(consumer, ()))
    )


def _costs(board: TreeBoard, consumer: str, row: NeedRow) -> bool:
    """Whether the consumer ends badly, or late, in the named kernel because of a supplier."""
    nodes, timeline = board.tree.by_path, board.timeline
    node, supplier = nodes[consumer].index, nodes[row.supplier].index
    if row.requested in (Requested.NO, Requested.IGNORED):
        return False
    if node not in timeline.devices:
        return row.driver is not ABSENT and row.driver.culprit
    waits = timeline.waits_of(node)
    return any(each.supplier == supplier and each.outcome not in _FINE for each in waits)


def _devices(board: TreeBoard) -> frozenset[str]:
    """The paths of what can probe."""
    if board.facts is None:
        return board.order.devices
    return frozenset(board.tree.path(node) for node in board.timeline.devices)


def _add_leading(waiting: set[str], led: Iterable[tuple[str, str]]) -> None:
    """Add what waits since a supplier does, by pairs of a supplier and its consumer."""
    users: dict[str, list[str]] = {}
    for supplier, consumer in led:
        users.setdefault(supplier, []).append(consumer)
    todo = list(waiting)
    while todo:
        new = [user for user in users.get(todo.pop(), ()) if user not in waiting]
        waiting.update(new)
        todo += new
