"""A driver requests a resource from a device whose driver provides none of that kind.

What it finds: a reference that the consumer's driver requests, by the source of the kernel, to a
device whose driver is read to the end and registers no provider of that kind: an ``extcon`` that
names a USB Type-C port controller, a PWM of a timer that only keeps time. One finding for each such
device and kind. Without --kernel only properties without cells are checked (``extcon``,
``backlight``, ``leds``, ``power-supplies``): for others any driver of the source may be the one.
Why it matters: the request returns -EPROBE_DEFER forever, although the supplier has its driver: the
consumer is in /sys/kernel/debug/devices_deferred, and no link of fw_devlink shows why.
What to do: reference the device that provides it; or, where two drivers match the supplier, build
the one that does.
References: Linux, drivers/extcon/extcon.c, extcon_get_edev_by_phandle(); drivers/pwm/core.c,
of_pwm_get(); drivers/iio/inkern.c, fwnode_iio_channel_get().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.links.reference import Link, Reference
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import also

_TREE = """
/ {
    muic: extcon@25 { compatible = "vendor,muic"; reg = <0x25>; };
    port: typec@22 { compatible = "vendor,typec"; reg = <0x22>; };
    usb@1000 { compatible = "vendor,usb"; reg = <0x1000>; extcon = <&%s>; };
};
"""
_KERNEL = """
built-in EXTCON_VENDOR drivers/extcon/extcon-vendor.c vendor,muic
built-in TYPEC_VENDOR drivers/usb/typec/vendor.c vendor,typec
built-in USB_VENDOR drivers/usb/vendor.c vendor,usb
facts drivers/extcon/extcon-vendor.c offers:external_connector whole
facts drivers/usb/typec/vendor.c required:regulator:vbus whole
facts drivers/usb/vendor.c optional:external_connector: whole
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    asks="named_without_cells",
    bad=Dts(_TREE % "port", finds=("/usb@1000:extcon",), kernel=_KERNEL),
    good=Dts(_TREE % "muic", kernel=_KERNEL),
)
def wrong_kind(board: TreeBoard) -> Iterator[Finding]:
    """Each device that is asked for what its driver does not provide."""
    groups: dict[tuple[int, str], list[Reference]] = {}
    for kind, references in board.named_without_cells:
        for ref in references:
            device = board.device_index(ref.supplier)
            if _is_wrong(board, ref, device):
                groups.setdefault((device, kind), []).append(ref)
    for (device, _), refs in groups.items():
        yield _finding(board, device, [Link(board.tree, ref) for ref in refs])


def _is_wrong(board: TreeBoard, ref: Reference, device: int) -> bool:
    """Whether a device's driver, and what it makes, provides nothing of the kind requested."""
    return (
        device > 0
        and ref.supplier not in board.tree.disabled
        and board.requests.lacks(device, ref.binding.kind)
        and _is_requested(board, ref)
    )


def _is_requested(board: TreeBoard, ref: Reference) -> bool:
    device, reader = board.device_index(ref.consumer), board.requests
    if ref.consumer == device:
        return reader.of(ref, device).is_waited_for
    return reader.of_part(ref, device)[1].is_waited_for


def _finding(board: TreeBoard, device: int, links: Sequence[Link]) -> Finding:
    first, owner = links[0], board.tree[device]
    kind = first.binding.kind
    return wrong_kind.finding(
        first,
        f"{first.entry} references {first.supplier.path} for a resource of the kind "
        f"{kind}, but the driver of {owner.path} provides none"
        f"{also([link.node.path for link in links])}",
        effect=f"the driver of {board.device(first.consumer).path} requests it, and the request "
        "returns -EPROBE_DEFER forever",
        fix=f"Reference a device that provides it in {first.property_name}, or build another "
        f"driver for {owner.path}, if there is one.",
        supplier=first.supplier,
        related=[link.node for link in links[1:]],
    )
