"""What to do about a cause: a row for each, with what the log and the tree say of it filled in."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.observed.bootlog.model import Cause, Effect, Root

_TREE = "give the tree that the board booted with: a copy of its /sys/firmware/fdt"

#: By what lies behind it. ``{who}`` is the subject, ``{compatible}`` what its driver has to know.
_CURES: Mapping[Root, str] = {
    Root.NO_DRIVER: "build the driver{compatible} into the kernel, or have its module loaded "
    "before the consumers need it (in the initramfs)",
    Root.FAILED: "see what its driver wrote before that line: the others follow when it probes",
    Root.DECLINED: "see why its driver declined it: mostly another one is meant, and is not there",
    Root.LATE: "have its module in the initramfs, or built in; or boot with a "
    "deferred_probe_timeout that is long enough",
    Root.NOT_SERVED: "check the consumer's entry against the binding of {who} (an index or a name "
    "that its driver does not have?), and what the driver wrote when it probed",
    Root.NO_DEVICE: "give {who} the compatible of its binding, or take the reference out",
    Root.NOT_IN_TREE: _TREE,
    Root.SWITCHED_OFF: _TREE,
    Root.NO_IDENTITY: 'status = "disabled"; if the board does not have the device; else see to its '
    "clock, reset and power, or say what it is in arm,primecell-periphid",
    Root.LOOP: "name the supplier that is not needed for probing in post-init-providers (dtlink "
    "cycles TREE)",
    Root.IOMMU: "build the IOMMU's driver into the kernel, or have its module in the initramfs",
    Root.NAMED: _TREE,
    Root.UNCLEAR: "look into /sys/kernel/debug/devices_deferred on the board",
}

#: What the effect adds. ``{device}`` and ``{driver}`` are of the first victim.
_AFTERWARDS: Mapping[Effect, str] = {
    Effect.LOST: "; on the running board, once the supplier is there: echo {device} > "
    "/sys/bus/{bus}/drivers/{driver}/bind",
    Effect.UNTRANSLATED: "; an IOMMU that comes after the timeout takes over nobody",
}


def cure(cause: Cause, compatible: str = "") -> str:
    """What to do; ``compatible`` is what the driver of the subject has to know."""
    origin = cause.origin
    text = origin.cure or _CURES.get(origin.root, "")
    text = text.replace("{who}", origin.subject)
    text = text.replace("{compatible}", f' for "{compatible}"' if compatible else "")
    for effect, more in _AFTERWARDS.items():
        first = next((victim for victim in cause.victims if victim.effect is effect), None)
        if first is not None and (first.driver or effect is not Effect.LOST):
            filled = more.replace("{device}", first.device).replace("{driver}", first.driver)
            text += filled.replace("{bus}", first.bus or "platform")
    return text
