"""Whether modules of the root filesystem load before the deferred-probe timeout expires.

The boot does not say how long it takes to mount the root filesystem. What is known:

- The timeout counts from the last driver registration; before 5.19, once from late_initcall
  (:data:`~dtlink.facts.behaviours.REGISTRATION_RESTARTS_TIMEOUT`).
- Without an initramfs ``rootdelay=`` is a time in which no module loads (Linux, init/do_mounts.c,
  prepare_namespace()). An initramfs does not wait that long for a device that is there
  (initramfs-tools, scripts/local, local_device_setup()).
- The root filesystem is mounted after its controller has probed
  (:mod:`dtlink.boot.timeline.timeout_waits`).
"""

from __future__ import annotations

from dtlink.enums import Enum
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.profile import KernelProfile


class RootTiming(Enum):
    """When the first module of the root filesystem loads."""

    IN_TIME = "before the timeout expires"
    TOO_LATE = "after the timeout has expired, or there is none"
    UNKNOWN = "not known"


def root_timing(
    profile: KernelProfile, root_after: float | None, delay: int | None = None
) -> RootTiming:
    """What the kernel, the user and the command line say.

    ``root_after``: seconds from the last driver registration in the initramfs to the first module
    of the root filesystem. ``delay``: ``rootdelay=``, where there is no initramfs.
    """
    timeout = profile.deferred_probe_timeout
    at_least = delay or 0 if root_after is None else root_after
    if timeout <= 0 or at_least >= timeout:
        return RootTiming.TOO_LATE
    known = root_after is not None and profile.registration_restarts_timeout
    return RootTiming.IN_TIME if known else RootTiming.UNKNOWN
