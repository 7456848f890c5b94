"""This kernel has no driver for a supplier.

What it finds: a supplier whose driver is in the kernel's source but not in its configuration, with
the devices that never probe without it; and the same for a disk controller or the console itself.
One finding for each driver. Not reported are suppliers with an unknown driver, consumers that probe
nevertheless, and devices of which only parts are missing.
Why it matters: fw_devlink defers the consumers of a supplier that never probes until the
deferred-probe timeout, and those whose drivers request it are deferred forever, or fail.
What to do: set the option, or use a kernel that has it. It is an error where the console cannot
probe, or none of the controllers that may have the root filesystem; and a warning where that
depends on whether the consumers' drivers request what their nodes reference.
References: Linux, drivers/base/core.c, fw_devlink_drivers_done(); drivers/base/dd.c,
driver_deferred_probe_check_state(), deferred_probe_timeout_work_func().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.missing_drivers import OWN_DRIVER, MissingDriver
from dtlink.board.tree import TreeBoard
from dtlink.boot.roles import Role
from dtlink.boot.timeline import PARENT, AffectedDevice
from dtlink.facts.outcomes import Outcome, State
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.module._missing import (
    FAILS,
    is_sure,
    lacking,
    needs,
    nodes,
    role,
    split,
)

_BOARD = """
/dts-v1/;
/ {
  chosen { bootargs = "root=/dev/mmcblk0p2"; };
  pd: power-controller@1000 {
    compatible = "vendor,power"; reg = <0x1000 0x100>; #power-domain-cells = <0>;
  };
  mmc@2000 { compatible = "vendor,mmc"; reg = <0x2000 0x100>; power-domains = <&pd>; };
};
"""
_KERNEL = """
{power} VENDOR_PM_DOMAINS drivers/pmdomain/vendor/vendor-power.c vendor,power
built-in MMC_VENDOR drivers/mmc/host/vendor-mmc.c vendor,mmc
"""
_BAD = Dts(_BOARD, finds=("/power-controller@1000",), kernel=_KERNEL.format(power="off"))
_GOOD = Dts(_BOARD, kernel=_KERNEL.format(power="built-in"))

_END = {
    Outcome.NEVER: 'it stays deferred ("deferred probe pending")',
    Outcome.LOST: '"deferred probe timeout, ignoring dependency", and its probe fails (-110)',
}


@rule(__name__, __doc__, severity=Severity.WARNING, bad=_BAD, good=_GOOD)
def no_driver(board: TreeBoard) -> Iterator[Finding]:
    """Each driver that is not built, by the devices that need it."""
    if board.facts is None:
        return
    found = [(hit, _told(board, hit)) for hit in board.missing_drivers if _is_left_out(hit)]
    lost = {each.node for _, devices in found for each in devices if is_sure(each, FAILS)}
    for hit, devices in found:
        if devices:
            yield _finding(board, hit, devices, all_lost=board.media <= lost)


def _is_left_out(hit: MissingDriver) -> bool:
    return hit.driver.state is State.NOT_BUILT


def _told(board: TreeBoard, hit: MissingDriver) -> Sequence[AffectedDevice]:
    return [
        each
        for each in hit.devices
        if each.outcome in FAILS
        and (each.binding != PARENT or role(board, each.node) <= Role.CONSOLE)
    ]


def _finding(
    board: TreeBoard, hit: MissingDriver, devices: Sequence[AffectedDevice], *, all_lost: bool
) -> Finding:
    worst = role(board, devices[0].node)
    same = [each for each in devices if role(board, each.node) is worst]
    first = next((each for each in same if is_sure(each, FAILS)), same[0])
    sure, grave = is_sure(first, FAILS), worst in (Role.ROOT, Role.CONSOLE)
    option = f"CONFIG_{hit.driver.config}" if hit.driver.config else "its driver's option"
    others = split(board, hit, devices, FAILS)
    whom = f", so {others} {'cannot' if sure else 'may not'} probe" if others else ""
    return no_driver.finding(
        board.tree[hit.suppliers[0]],
        f"this kernel has no driver for {lacking(board, hit)}: {option} is not set{whom}",
        effect=f"{needs(board, hit, first)}: {_effect(first)}",
        fix=f"Set {option}, or disable the devices that need it.",
        related=nodes(board, hit, devices),
        severity=Severity.ERROR if grave else Severity.WARNING,
        likely=not sure or (worst is Role.ROOT and not all_lost),
    )


def _effect(first: AffectedDevice) -> str:
    if first.binding == OWN_DRIVER:
        return "it will not work"
    if first.binding == PARENT:
        return "it never becomes a device"
    asks = "" if is_sure(first, FAILS) else "if its driver requests it, "
    return f"{asks}{_END[first.outcome]}"
