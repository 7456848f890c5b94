"""The devices that are held back: those predicted, and those that the board names."""

from __future__ import annotations

from dtlink.observed.comparison import ComparedPair, ComparedPairs, DifferenceReason
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.model import Prediction
    from dtlink.observed.running import RunningBoard

#: The reason of a device whose file says no more than that it waits.
_WAITING = "waiting_for_supplier is 1"


def compare_held_back(prediction: Prediction, board: RunningBoard) -> ComparedPairs:
    """Compare the devices that wait for a supplier, or whose probe is deferred."""
    ours = {x.device: x.suppliers[0] for x in prediction.waiting}
    if prediction.view == "full":
        suppliers = {x.consumer: x.supplier for x in prediction.device_links}
        for device in prediction.devices:
            if device.driver is None and device.node in suppliers:
                ours.setdefault(device.node, suppliers[device.node])
    theirs = reported_back(board)
    all_told = bool(board.told.waiting or board.told.drivers)
    return ComparedPairs(
        agreed=[
            ComparedPair(node, ours[node], None, theirs[node]) for node in ours if node in theirs
        ],
        missing=[
            ComparedPair(node, ours[node], _why_not_held(node, board))
            for node in ours
            if all_told and node not in theirs
        ],
        unforeseen=[
            _unforeseen_wait(node, reason, prediction, board)
            for node, reason in theirs.items()
            if node not in ours
        ],
        observed=all_told,
    )


def reported_back(board: RunningBoard) -> dict[str, str]:
    """The nodes of the devices that the board holds back, and what it says of them."""
    told, found = board.told, dict[str, str]()
    for path, waits in told.waiting.items():
        if waits and (node := board.node(path.rpartition("/")[2], path)):
            found[node] = _WAITING
    for name, supplier in told.waits.items():
        node = board.node(name)
        if node and not board.is_bound(node):
            found[node] = f"wait for supplier {supplier}"
    for name, reason in told.deferred.items():
        if node := board.node(name):
            found[node] = reason or found.get(node, "")
    return found


def _unforeseen_wait(
    node: str, reason: str, prediction: Prediction, board: RunningBoard
) -> ComparedPair:
    """A device that is held back, its supplier if known, and why."""
    _, named, supplier = reason.partition("wait for supplier ")
    if named:
        return ComparedPair(node, board.named(supplier.strip()), DifferenceReason.NO_NODE, reason)
    if reason == _WAITING:
        return ComparedPair(node, _lacking(node, prediction), DifferenceReason.NO_NODE, reason)
    _, named, rest = reason.partition("supplier ")
    if named and rest.endswith(" not ready"):
        supplier = board.node(rest.removesuffix(" not ready")) or ""
        return ComparedPair(node, supplier, DifferenceReason.NOT_READY, reason)
    return ComparedPair(
        node, "", DifferenceReason.DRIVER_DEFERS if reason else DifferenceReason.NO_REASON, reason
    )


def _lacking(node: str, prediction: Prediction) -> str:
    """A supplier node of a device that the driver of a parent would provide."""
    speakers = [x.supplier for x in prediction.device_links if x.consumer == node]
    named = (x.supplier for x in prediction.fwnode_links if x.consumer == node and not x.flags)
    return next((x for x in named if any(x.startswith(f"{y}/") for y in speakers)), "")


def _why_not_held(node: str, board: RunningBoard) -> DifferenceReason:
    if board.is_foreign(node) or board.is_no_device(node):
        return DifferenceReason.NO_CONSUMER
    if board.is_bound(node):
        return DifferenceReason.BOUND
    return DifferenceReason.NO_DRIVER if board.is_unbound(node) else DifferenceReason.UNKNOWN
