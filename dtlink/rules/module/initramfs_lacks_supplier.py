"""The initramfs lacks the module of a supplier that a disk, the console or the network needs.

What it finds: a controller of the root filesystem's medium that cannot probe in the initramfs,
because the module of its own driver, a supplier's or a parent's is missing there; and a console, a
network device or a display whose driver is loaded in time, but its supplier's is not. A supplier
may need two drivers: that of its node, and that of a device which the former makes (a PMIC's
regulators). One finding for each driver, with the devices that need it. Every controller of the
kind that root= names may be the one; where it names none (a UUID, a label), every disk controller
and PCI host, or else NAND chip: where one of several cannot probe, it is a warning, as it is where
the driver may not request what its node references, and where only USB hosts are left.
With a root on the network the PHYs of its device count as well; with an encrypted one (rd.luks.uuid
and the like), the display and the keyboard that its passphrase needs.
Why it matters: the module is on the root filesystem, which cannot be mounted without it. Tools
that make an initramfs choose drivers by kind of device, and leave out interconnects, mailboxes,
power domains, regulators and PHYs on which they depend. Console, network and display
probe after the root filesystem is mounted: too late for a passphrase, a network root or a message.
What to do: put the module into the initramfs ("dtlink modules" lists all that a device needs, in
the formats of initramfs-tools, dracut and others), or build the driver in.
References: Linux, drivers/base/core.c, device_links_check_suppliers(), fw_devlink_drivers_done();
drivers/base/dd.c, really_probe(), deferred_probe_timeout_work_func(); initramfs-tools,
hook-functions, auto_add_modules(); scripts/local, local_device_setup().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.missing_drivers import MissingDriver
from dtlink.board.tree import TreeBoard
from dtlink.boot.roles import Role
from dtlink.boot.timeline.model import PARENT, AffectedDevice
from dtlink.facts.outcomes import Driver, Outcome, When
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.module._missing import (
    FAILS,
    WAITS,
    is_sure,
    needs,
    no_medium_left,
    nodes,
    option,
    role,
    split,
)
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import joined

if TYPE_CHECKING:
    from dtlink.kernel.facts import Facts

_BOARD = """
/dts-v1/;
/ {
  chosen { bootargs = "root=/dev/mmcblk0p2"; };
  clk: clock-controller@1000 {
    compatible = "vendor,clock"; reg = <0x1000 0x100>; #clock-cells = <0>;
  };
  mmc@2000 { compatible = "vendor,mmc"; reg = <0x2000 0x100>; clocks = <&clk>; };
};
"""
_KERNEL = """
module CLK_VENDOR drivers/clk/clk-vendor.c vendor,clock {held}
module MMC_VENDOR drivers/mmc/host/vendor-mmc.c vendor,mmc initramfs
"""
_BAD = Dts(_BOARD, finds=("/clock-controller@1000",), kernel=_KERNEL.format(held=""))
_GOOD = Dts(_BOARD, kernel=_KERNEL.format(held="initramfs"))

_NO_DISK = (
    'the disk does not appear, and the boot ends in the initramfs ("Gave up waiting for root file '
    'system device", "Dropping to a shell!")'
)
_NO_NETWORK = "there is no link, and the root filesystem is not mounted over the network"
_LATER = {
    Role.CONSOLE: "the console works only after the root filesystem is mounted",
    Role.PROMPT: "the passphrase of the root filesystem cannot be asked for, or entered, with it",
    Role.NETWORK: "this network works only after the root filesystem is mounted",
    Role.DISPLAY: "this display works only after the root filesystem is mounted",
}
_COMES = (Outcome.LATE, Outcome.RECOVERS)
#: What can't be in the initramfs, whatever drivers ask for.
_AWAY = (Outcome.RECOVERS, *FAILS)


@rule(__name__, __doc__, severity=Severity.ERROR, bad=_BAD, good=_GOOD)
def initramfs_lacks_supplier(board: TreeBoard) -> Iterator[Finding]:
    """Each driver that an initramfs lacks, by the devices that need it."""
    if board.facts is None or board.facts.initramfs is None:
        return
    late = [hit for hit in board.missing_drivers if hit.comes is When.ROOT and hit.driver.modules]
    found = [(hit, told(board, hit)) for hit in late]
    lost = {each.node for _, devices in found for each in devices if _is_sure(board, each)}
    for hit, devices in found:
        if devices:
            yield _finding(board, hit, devices, all_lost=no_medium_left(board, lost))


def told(board: TreeBoard, hit: MissingDriver) -> Sequence[AffectedDevice]:
    """The devices that this rule reports, the worst role first."""
    return [each for each in hit.devices if _counts(board, each)]


def _counts(board: TreeBoard, taken: AffectedDevice) -> bool:
    found = role(board, taken.node)
    if _may_have_root(board, taken):
        return taken.outcome in WAITS
    # A part of what is not needed so early is not needed either: a bridge's panel, a MAC's bus.
    is_part = taken.binding == PARENT and found is not Role.CONSOLE
    return taken.outcome in _COMES and found <= Role.DISPLAY and not is_part


def _may_have_root(board: TreeBoard, taken: AffectedDevice) -> bool:
    return role(board, taken.node) is Role.ROOT or taken.node in board.root.plugged


def _is_sure(board: TreeBoard, taken: AffectedDevice) -> bool:
    """Whether a device cannot be used in the initramfs, whatever drivers ask for.

    A PHY needs what its node references whether or not its driver asks: without a clock or a
    supply there is no link.
    """
    needed = taken.outcome in _AWAY and board.roles.is_phy(taken.node)
    return needed or is_sure(taken, _AWAY)


def _finding(
    board: TreeBoard, hit: MissingDriver, devices: Sequence[AffectedDevice], *, all_lost: bool
) -> Finding:
    worst = role(board, devices[0].node)
    same = [each for each in devices if role(board, each.node) is worst]
    first = next((each for each in same if _is_sure(board, each)), same[0])
    sure = _is_sure(board, first)
    is_root = _may_have_root(board, first)
    lacks = joined(_lacking(board, hit))
    what = "them" if len(hit.all_drivers) > 1 else "it"
    path = board.tree.path(first.node)
    which = split(board, hit, devices, _AWAY) or path
    return initramfs_lacks_supplier.finding(
        board.tree[hit.suppliers[0]],
        f"the initramfs lacks {lacks}{option(*hit.all_drivers)}, so {which} "
        f"{'cannot' if sure else 'may not'} probe before the root filesystem is mounted",
        effect=f"{needs(board, hit, first)}: {_effect(board, first, all_lost=all_lost)}",
        fix=f"Put {lacks} into the initramfs, or build {what} in ('dtlink modules' with {path} "
        "lists all that this device needs).",
        related=nodes(board, hit, devices),
        severity=Severity.ERROR if is_root else Severity.WARNING,
        likely=not sure or (is_root and not (all_lost and worst is Role.ROOT)),
    )


def _effect(board: TreeBoard, first: AffectedDevice, *, all_lost: bool) -> str:
    """The effect, with its conditions."""
    worst = role(board, first.node)
    is_root = _may_have_root(board, first)
    if_asked = [] if _is_sure(board, first) else ["its driver requests what its node references"]
    is_open = is_root and not (all_lost and worst is Role.ROOT)
    if_there = ["the device gives access to the root filesystem"] if is_open else []
    conditions = " and ".join(if_asked + if_there)
    is_network = first.node in board.root.network or board.roles.is_phy(first.node)
    lost = _NO_NETWORK if is_network else _NO_DISK
    text = lost if is_root else _LATER[worst]
    return f"if {conditions}, {text}" if conditions else text


def _lacking(board: TreeBoard, hit: MissingDriver) -> list[str]:
    """The missing modules: the drivers', or those they depend on."""
    facts = board.facts
    if facts is None:
        return []
    found = [_missing(facts, driver) for driver in hit.all_drivers]
    return list(dict.fromkeys(name for names in found for name in names))


def _missing(facts: Facts, driver: Driver) -> list[str]:
    lacking = [name for name in driver.modules if not facts.holds(name)]
    known = facts.build.modules
    below = [each for name in driver.modules if name in known for each in known[name].depends]
    if lacking:
        return [" or ".join(lacking)]  # any of them does
    return [name for name in below if not facts.holds(name)]
