"""The devices that certainly wait until the deferred-probe timeout expires.

The root filesystem is mounted after its controller has probed: initramfs-tools, dracut and the
kernel's ``rootwait`` wait for it, and without them the boot fails. A controller that waits for what
comes with the root filesystem, or never, probes when the timeout has expired, or not at all.
Modules of that filesystem load later still.
"""

from __future__ import annotations

from dtlink.boot.timeline.requirement import Hold
from dtlink.facts.outcomes import Wait, When
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from dtlink.boot.timeline.devices import Devices
    from dtlink.boot.timeline.settle import JudgedRequirement, ProbeTimes

_NOT_BEFORE_ROOT = (When.ROOT, When.NEVER)


class TimeoutWaits:
    """The devices that probe only after the timeout has expired, if they do."""

    def __init__(self, devices: Devices, times: ProbeTimes) -> None:
        self._devices = devices
        self._times = times
        self._found: dict[int, bool] = {}
        self._needs: dict[int, list[JudgedRequirement]] = {}
        for each in times.judged:
            if not each.requirement.function:
                self._needs.setdefault(each.requirement.consumer, []).append(each)

    def have_all(self, devices: Collection[int]) -> bool:
        """Whether all of some devices are among them."""
        return all(self._has(device) for device in devices)

    def _has(self, device: int) -> bool:
        """Whether a device is one, whatever its driver asks for."""
        if device not in self._found:
            self._found[device] = False  # nothing is claimed of a cycle
            maker = self._devices.maker(device)
            self._found[device] = (
                self._times.registered(device) in _NOT_BEFORE_ROOT
                or (maker >= 0 and self._has(maker))
                or any(self._is_held(each) for each in self._needs.get(device, ()))
            )
        return self._found[device]

    def _is_held(self, judged: JudgedRequirement) -> bool:
        """Whether a device waits for a supplier that does not come before the root filesystem."""
        supplier = self._devices.provider(judged.requirement.supplier)
        waits = judged.unasked.wait is not Wait.NONE
        if supplier.early or not (waits or judged.requirement.hold is Hold.LINK):
            return False
        return waits if supplier.device < 0 else self._has(supplier.device)
