"""A supplier's module is loaded too late for a consumer that does not wait for it.

What it finds: a supplier whose module is loaded from the root filesystem, and a consumer whose
driver is loaded before (built in, or in the initramfs) and which does not simply wait for the
supplier: its probe fails permanently, or it works without. One finding for each driver. Not
reported are IOMMUs, which have their own rules, DMA channels, which drivers handle differently
(most wait, or request them again when used), and devices that initramfs-lacks-supplier reports.
Why it matters: requests for power domains end with the deferred-probe timeout, ten seconds after
the last driver is registered: consumers have failed when the module is loaded later. Requests for
the interrupt of a network PHY end in the same way: it is polled. A PCI host looks for its MSI
controller once, when it scans its bus: its functions have no MSIs if the wait for that device has
ended before. The masters of an IOMMU that has failed run without translation. When the root
filesystem is mounted is not known, so the finding says "may", unless its controller waits for the
timeout itself; --root-after gives the time.
What to do: put the module into the initramfs, or build it in; or raise deferred_probe_timeout= on
the command line. A device that was lost can be bound by hand: write its name to the "bind" file of
its driver in sysfs.
References: Linux, drivers/pmdomain/core.c, __genpd_dev_pm_attach(); drivers/base/dd.c,
driver_deferred_probe_check_state(); drivers/net/mdio/fwnode_mdio.c,
fwnode_mdiobus_phy_device_register(); drivers/pci/probe.c, pci_set_bus_msi_domain().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.missing_drivers import MissingDriver
from dtlink.board.tree import TreeBoard
from dtlink.boot.timeline.model import AffectedDevice
from dtlink.facts.outcomes import Outcome
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.module._iommu import effect, listed, masters_hurt
from dtlink.rules.module._late import late_modules
from dtlink.rules.module._missing import (
    FAILS,
    if_mounted_late,
    is_sure,
    lacking,
    named,
    needs,
    nodes,
    option,
)
from dtlink.wording import joined

_BOARD = """
/dts-v1/;
/ {
  pd: power-controller@1000 {
    compatible = "vendor,power"; reg = <0x1000 0x100>; #power-domain-cells = <0>;
  };
  video@2000 { compatible = "vendor,video"; reg = <0x2000 0x100>; power-domains = <&pd>; };
};
"""
_KERNEL = """
module VENDOR_PM_DOMAINS drivers/pmdomain/vendor/vendor-power.c vendor,power {held}
built-in VIDEO_VENDOR drivers/media/platform/vendor-video.c vendor,video
initramfs ext4
"""
_BAD = Dts(_BOARD, finds=("/power-controller@1000",), kernel=_KERNEL.format(held=""))
_GOOD = Dts(_BOARD, kernel=_KERNEL.format(held="initramfs"))

_WORSE = (Outcome.DEGRADED, *FAILS)
_END = {
    Outcome.DEGRADED: "it works without, and does not request it again",
    Outcome.LOST: 'the kernel prints "deferred probe timeout, ignoring dependency", '
    "its probe fails (-110), and it is not probed again after the module is loaded",
    Outcome.NEVER: "it never probes, because its supplier has failed permanently",
}


@rule(__name__, __doc__, severity=Severity.WARNING, bad=_BAD, good=_GOOD)
def late_supplier(board: TreeBoard) -> Iterator[Finding]:
    """Each module that is loaded too late for a device."""
    if board.facts is None:
        return
    for hit, devices in late_modules(board):
        yield _finding(board, hit, devices)


def _finding(board: TreeBoard, hit: MissingDriver, devices: Sequence[AffectedDevice]) -> Finding:
    sure = [each for each in devices if not each.is_open]
    bad = [each for each in sure or devices if each.outcome in FAILS or each.loss]
    first = next((each for each in bad if is_sure(each, FAILS)), (bad or sure or devices)[0])
    end = first.loss if first.outcome is Outcome.DEGRADED else ""
    module = joined(" or ".join(each.modules) for each in hit.all_drivers if each.modules)
    modules, they, them = ("module", "is", "it") if not hit.also else ("modules", "are", "them")
    which = named(board, [each.node for each in sure or devices])
    rest = len(devices) - len(sure or devices)
    perhaps = f" (and perhaps {rest} more)" if rest else ""
    assumed = "" if sure else f"{if_mounted_late(board.profile)}, "
    return late_supplier.finding(
        board.tree[hit.suppliers[0]],
        f"the {modules} {module}{option(*hit.all_drivers)} of {lacking(board, hit)} {they} "
        f"loaded from the root filesystem, {'' if sure else 'which may be '}too late for "
        f"{which}{perhaps}",
        effect=f"{needs(board, hit, first)}: {assumed}{end or _END[first.outcome]}"
        f"{_behind(board, first)}",
        fix=f"Put {module} into the initramfs, or build {them} in.",
        related=nodes(board, hit, devices),
        severity=Severity.WARNING if bad else Severity.INFO,
        # Drivers differ in what they ask for, and there may be an initramfs that was not named.
        likely=first.is_open or not is_sure(first, _WORSE) or board.named_facts.initramfs is None,
    )


def _behind(board: TreeBoard, first: AffectedDevice) -> str:
    """What the masters of an IOMMU do whose probe has failed."""
    masters = masters_hurt(board).get(first.node, ()) if first.outcome in FAILS else ()
    if not masters:
        return ""
    return f"; {listed(each.name for each in masters)}, behind it, {effect(masters)}"
