"""What the log shows of one supplier: whether it has its driver, and since when."""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping

from dtlink.observed.bootlog.device import LoggedDevice, ProbeStage
from dtlink.observed.bootlog.model import CauseKind, CauseOrigin
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Node, Tree
    from dtlink.observed.bootlog.history import History
    from dtlink.observed.bootlog.read import LogLine

_VIRTIO_IOMMU = frozenset(("virtio,pci-iommu", "pci1af4,1057"))


class SupplierStates:
    """Suppliers, as the log knows them. ``complete``: it reports every binding."""

    def __init__(
        self,
        history: History,
        by_node: Mapping[str, LoggedDevice],
        tree: Tree | None,
        *,
        complete: bool,
    ) -> None:
        self._history = history
        self._by_node = by_node
        self._tree = tree
        self._complete = complete

    def is_down(self, bus: str) -> bool:
        """Whether the log shows, by saying or by silence, that a bus has no driver."""
        device = self._by_node.get(bus)
        if device is None:
            return self._complete
        return device.stage in (ProbeStage.PUT_OFF, ProbeStage.FAILED) or (
            self._complete and device.stage is not ProbeStage.BOUND
        )

    def origin(
        self, subject: str, device: LoggedDevice | None, waiting: LoggedDevice | None
    ) -> CauseOrigin:
        """The state of a supplier that is neither deferred nor failed."""
        bound = self.bound(subject, device)
        if self._is_virtio_iommu(subject):
            device = None  # what its transport reports is not about the IOMMU
        if bound is not None and not _in_time(bound, waiting):
            return CauseOrigin(CauseKind.LATE, subject, _late(bound, waiting))
        if bound is not None:
            detail = "it has its driver, which does not hand out what is asked for"
            return CauseOrigin(CauseKind.NOT_SERVED, subject, detail)
        if device is not None and device.stage is ProbeStage.DECLINED:
            name = error(device.error)
            detail = f"the driver {device.driver} declined it ({name}), and no other took it"
            return CauseOrigin(CauseKind.DECLINED, subject, detail, sure=self._complete)
        if device is not None and device.spoke is not None:
            detail = f"its driver {device.driver} writes of it (line {device.spoke.number}); "
            detail += "the log does not show whether it bound"
            return CauseOrigin(CauseKind.NOT_SERVED, subject, detail, sure=False)
        detail = "the log shows no driver for it, and does not report bindings: it may also have "
        detail += "come late, or not hand out what is asked for"
        if self._complete:
            detail = "no driver took it, in a log that reports every binding"
        group = self.compatible(subject)
        return CauseOrigin(CauseKind.NO_DRIVER, subject, detail, self._complete, group=group)

    def compatible(self, subject: str) -> str:
        """What its driver would have to know."""
        node = self._tree.by_path.get(subject) if self._tree else None
        return next(iter(node.compatible), "") if node else ""

    def bound(self, subject: str, device: LoggedDevice | None) -> LogLine | None:
        """Where a device bound; for a virtio-iommu, where the driver above its transport did."""
        if self._is_virtio_iommu(subject):
            return self._history.drivers.get("virtio_iommu")
        return device.since if device and device.stage is ProbeStage.BOUND else None

    def _is_virtio_iommu(self, subject: str) -> bool:
        node = self._tree.by_path.get(subject) if self._tree else None
        return node is not None and not _VIRTIO_IOMMU.isdisjoint(node.compatible)

    def serves(self, owner: str | None, waiting: LoggedDevice) -> bool:
        """Whether a supplier is known to have had its driver when the device was last tried."""
        bound = self.bound(owner, self._by_node.get(owner)) if owner else None
        return bound is not None and _in_time(bound, waiting)

    def spoke(self, owner: str | None) -> bool:
        """Whether a driver wrote of a supplier, without the log showing whether it bound."""
        device = self._by_node.get(owner) if owner else None
        return bool(device and device.stage is ProbeStage.UNHEARD and device.spoke)


def _in_time(bound: LogLine, waiting: LoggedDevice | None) -> bool:
    """Whether a supplier bound before a device was last heard to lack something."""
    line = _lacked(waiting)
    return line is None or bound.number <= line.number


def _lacked(waiting: LoggedDevice | None) -> LogLine | None:
    """Where a device was last heard to lack something."""
    return waiting.ignored or waiting.since if waiting else None


def _late(bound: LogLine, waiting: LoggedDevice | None) -> str:
    gave_up = waiting is not None and waiting.ignored is not None
    last = "the kernel gave it up" if gave_up else "the consumer was last put off"
    return f"its driver came {_at(bound)}; {last} {_at(_lacked(waiting))}"


def _at(line: LogLine | None) -> str:
    if line is None:
        return "before"
    return f"in line {line.number}" if line.time is None else f"at {line.time:.1f} s"


def by_device_name(device: LoggedDevice, node: Node | None) -> str:
    """What to say of a clock that a driver lacks although its node references none; else empty.

    Platform code registers such a clock for the device of one name, and that name has the node's
    (drivers/clk/clkdev.c, clk_find()).
    """
    says_clock = re.search(r"(?i)\b(?:clk|clock)s?\b", device.said) is not None
    if device.error != -errno.ENOENT or not says_clock or node is None or node.has("clocks"):
        return ""
    return (
        f"the node has no clocks: the kernel looks for a clock that is registered for the device "
        f"{device.name}, so that the node's name and address matter"
    )


def error(number: int) -> str:
    """An error as users look for it: ``-110 (ETIMEDOUT)``."""
    name = errno.errorcode.get(-number, "")
    return f"{number} ({name})" if name else str(number)
