"""The devices for which modules of the root filesystem are too late, and do not just take long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.missing_drivers import OWN_DRIVER, MissingDriver
from dtlink.boot.roles import Role
from dtlink.facts.bindings import IOMMU_NAMES
from dtlink.facts.outcomes import Outcome, When
from dtlink.rules.module._missing import FAILS, is_sure, role
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.boot.timeline.model import AffectedDevice

_WORSE = (Outcome.DEGRADED, *FAILS)


def late_modules(board: TreeBoard) -> Iterator[tuple[MissingDriver, Sequence[AffectedDevice]]]:
    """Each module that is loaded too late, and the devices that fail or lack something for good."""
    for hit in board.missing_drivers:
        devices = [each for each in hit.devices if _counts(board, each)]
        if hit.comes is When.ROOT and hit.driver.modules and devices:
            yield hit, devices


def fails_late(board: TreeBoard, node: int) -> bool:
    """Whether a device's probe fails for good because a module is loaded too late."""
    return any(
        each.node == node and each.outcome in FAILS
        for _, devices in late_modules(board)
        for each in devices
    )


def _counts(board: TreeBoard, taken: AffectedDevice) -> bool:
    if taken.binding in IOMMU_NAMES or taken.binding == OWN_DRIVER or taken.outcome not in _WORSE:
        return False
    if taken.outcome is Outcome.DEGRADED:
        return is_sure(taken, (Outcome.DEGRADED,))
    has_initramfs = board.facts is not None and board.facts.initramfs is not None
    return not (has_initramfs and role(board, taken.node) is Role.ROOT)
