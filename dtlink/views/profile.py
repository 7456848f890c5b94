"""The kernel that a prediction is made for, in JSON data and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtlink.facts.behaviours import LINKS_NODES

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


def approximated(profile: KernelProfile) -> str:
    """That the prediction is an approximation, where it is one."""
    return "" if profile.links_nodes else f"; kernels before {LINKS_NODES.since} are approximated"


def log_words(profile: KernelProfile) -> str:
    """The kernel's log message about a cycle."""
    if profile.links_nodes:
        return "Fixed dependency cycle(s) with"
    return "Fixing up cyclic dependency with"
