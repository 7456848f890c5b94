"""The kernel that a prediction is made for, in JSON data and in words."""

from __future__ import annotations

from dtlink.facts.kernels import Check, check_of
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.profile import KernelProfile
    from dtlink.report.entries import JsonObject

VIEWS = {
    "full": "assuming a driver for every device",
    "bare": "assuming no drivers",
}


def kernel(profile: KernelProfile) -> JsonObject:
    """The member ``kernel`` of a report."""
    return {
        "version": profile.release,
        "fw_devlink": profile.fw_devlink.value,
        "strict": profile.strict,
        "deferred_probe_timeout": profile.deferred_probe_timeout,
    }


def timeout(seconds: int) -> str:
    """The value of ``deferred_probe_timeout`` in words."""
    return "never" if seconds < 0 else f"{seconds} s"


def checked(profile: KernelProfile) -> str:
    """How the prediction for this version was checked, unless it was with a running kernel."""
    check = check_of(profile.version)
    return "" if check is Check.ORACLE else f"; {profile.release} is checked {check.value} only"


def log_words(profile: KernelProfile) -> str:
    """The kernel's log message about a cycle."""
    if profile.links_nodes:
        return "Fixed dependency cycle(s) with"
    return "Fixing up cyclic dependency with"
