"""What to do about a root cause: one row each, completed from the log and the tree."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.observed.bootlog.model import CauseKind, DeviceEffect, RootCause
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.observed.bootlog.kernel_side import KernelSide

_TREE = "pass the tree that the board booted with: a copy of its /sys/firmware/fdt"

#: ``{who}`` is the subject, ``{compatible}`` the compatible that its driver must know.
_CURES: Mapping[CauseKind, str] = {
    CauseKind.NO_DRIVER: "build the driver{compatible} into the kernel, or load its module before "
    "the consumers need it (in the initramfs)",
    CauseKind.FAILED: "see what its driver logged before that line: the others follow when it "
    "probes",
    CauseKind.DECLINED: "see why its driver declined it: mostly another driver is meant, and is "
    "missing",
    CauseKind.LATE: "put its module into the initramfs, or build it in; or boot with a "
    "deferred_probe_timeout that is long enough",
    CauseKind.NOT_SERVED: "check the consumer's entry against the binding of {who} (an index or a "
    "name that its driver does not have?), and what the driver logged when it probed",
    CauseKind.NO_DEVICE: "give {who} the compatible of its binding, or remove the reference",
    CauseKind.NOT_IN_TREE: _TREE,
    CauseKind.SWITCHED_OFF: _TREE,
    CauseKind.NO_IDENTITY: 'set status = "disabled"; if the board does not have the device; '
    "otherwise check its clock, reset and power, or set arm,primecell-periphid",
    CauseKind.LOOP: "name the supplier that is not needed for probing in post-init-providers "
    "(dtlink cycles TREE)",
    CauseKind.IOMMU: "build the IOMMU's driver into the kernel, or put its module into the "
    "initramfs",
    CauseKind.NAMED: _TREE,
    CauseKind.UNCLEAR: "read /sys/kernel/debug/devices_deferred on the board",
}

#: What the effect adds. ``{device}`` and ``{driver}`` are those of the first victim.
_AFTERWARDS: Mapping[DeviceEffect, str] = {
    DeviceEffect.LOST: "; on the running board, once the supplier has probed: echo {device} > "
    "/sys/bus/{bus}/drivers/{driver}/bind",
    DeviceEffect.UNTRANSLATED: "; devices that have probed are not attached to an IOMMU that "
    "appears later",
}


#: The causes that a driver cures, and what else does.
_BY_DRIVER: Mapping[CauseKind, str] = {
    CauseKind.NO_DRIVER: "",
    CauseKind.IOMMU: "",
    CauseKind.LATE: "; or boot with a deferred_probe_timeout that is long enough",
}


def cure(cause: RootCause, compatible: str = "", kernel: KernelSide | None = None) -> str:
    """What to do; ``compatible`` is the one that the driver of the subject must know.

    With a kernel the fix names the option or the module.
    """
    origin = cause.origin
    by_kernel = kernel.cure(origin.subject) if kernel and origin.root in _BY_DRIVER else ""
    if by_kernel:
        by_kernel += _BY_DRIVER[origin.root]
    text = origin.cure or by_kernel or _CURES.get(origin.root, "")
    text = text.replace("{who}", origin.subject)
    text = text.replace("{compatible}", f' for "{compatible}"' if compatible else "")
    for effect, more in _AFTERWARDS.items():
        first = next((victim for victim in cause.victims if victim.effect is effect), None)
        if first is not None and (first.driver or effect is not DeviceEffect.LOST):
            filled = more.replace("{device}", first.device).replace("{driver}", first.driver)
            text += filled.replace("{bus}", first.bus or "platform")
    return text
