"""What devices need through others, and which suppliers the devices that run show to be there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from dtlink.observed.bootlog.device import ProbeStage
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.observed.bootlog.device import LoggedDevice
    from dtlink.observed.bootlog.suppliers import Need, Suppliers

#: Upper bound on the devices that one needs, directly or not, and that are looked at.
_MOST = 256


class Reach:
    """The needs of all devices of a log."""

    def __init__(self, suppliers: Suppliers | None, by_node: Mapping[str, LoggedDevice]) -> None:
        self._suppliers = suppliers
        self._by_node = by_node
        self._found: dict[str, frozenset[str]] = {}

    def needed(self, path: str) -> frozenset[str]:
        """The devices that a device needs, and those that they need."""
        if path not in self._found:
            self._found[path] = frozenset(self._follow(path))
        return self._found[path]

    def _follow(self, path: str) -> set[str]:
        found: set[str] = set()
        waiting = [path]
        while waiting and len(found) < _MOST:
            for need in self._needs(waiting.pop()):
                owner = need.owner
                if owner and owner not in found and not need.requested.holds_nothing:
                    found.add(owner)
                    waiting.append(owner)
        return found

    @cached_property
    def serving(self) -> frozenset[str]:
        """The suppliers of devices that run: what their drivers wait for is there.

        So is what fw_devlink makes them wait for, if they ran before the timeout ended the waits.
        """
        return frozenset(
            need.owner
            for node, device in self._by_node.items()
            if _runs(device)
            for need in self._needs(node)
            if need.owner and (need.requested.is_waited_for or self._waited(node, device, need))
        )

    def _waited(self, node: str, device: LoggedDevice, need: Need) -> bool:
        line = device.since or device.spoke
        in_time = line is not None and line.number < self._expiry
        return in_time and self._suppliers is not None and self._suppliers.waits_for(node, need)

    @cached_property
    def _expiry(self) -> int:
        """The first line that the kernel writes after the timeout; 0 if there is none."""
        ends = (device.pending or device.ignored for device in self._by_node.values())
        return min((line.number for line in ends if line), default=0)

    def _needs(self, path: str) -> list[Need]:
        known = self._suppliers is not None and path in self._suppliers.tree.by_path
        return self._suppliers.needs(path) if known and self._suppliers else []


def _runs(device: LoggedDevice) -> bool:
    """Whether a driver has a device, or wrote of it without a complaint."""
    spoke = device.stage is ProbeStage.UNHEARD and device.spoke and not device.said
    return device.stage is ProbeStage.BOUND or bool(spoke)
