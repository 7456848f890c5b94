"""This kernel has no driver for a supplier.

What it finds: a supplier whose driver is in the kernel's source but not in its configuration, with
the devices that never probe without it; and the same for a controller that may have the root
filesystem (a PCI host included), for the console, and for what the passphrase of an encrypted root
needs.
One finding for each driver; drivers for what it would create are part of it. Not reported are
suppliers with an unknown driver, consumers that probe nevertheless (unless they lose something for
good, as a PCI host its MSIs), and devices of which only parts are missing.
Why it matters: fw_devlink defers the consumers of a supplier that never probes until the
deferred-probe timeout, and those whose drivers request it are deferred forever, or fail.
What to do: set the option, or use a kernel that has it. It is an error where the console cannot
probe, or none of the controllers that may have the root filesystem, or ten devices or more; and a
warning where that depends on whether the consumers' drivers request what their nodes reference.
References: Linux, drivers/base/core.c, fw_devlink_drivers_done(); drivers/base/dd.c,
driver_deferred_probe_check_state(), deferred_probe_timeout_work_func().
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dtlink.board.driver_words import to_set
from dtlink.board.missing_drivers import OWN_DRIVER, MissingDriver
from dtlink.board.tree import TreeBoard
from dtlink.boot.roles import Role
from dtlink.boot.timeline.model import PARENT, AffectedDevice
from dtlink.facts.bindings import row_named
from dtlink.facts.outcomes import Driver, Outcome, State
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.module._missing import (
    FAILS,
    is_sure,
    lacking,
    needs,
    no_medium_left,
    nodes,
    numbered,
    role,
)
from dtlink.wording import joined, listed

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


#: How many devices that cannot probe are as bad as a lost console.
_MANY = 10
#: How many options of drivers for what a missing driver would create a message names.
_SHOWN = 4


@rule(__name__, __doc__, severity=Severity.WARNING, bad=_BAD, good=_GOOD)
def no_driver(board: TreeBoard) -> Iterator[Finding]:
    """Each driver that is not built, by the devices that need it."""
    if board.facts is None:
        return
    found = [(hit, _told(board, hit)) for hit in board.missing_drivers if _is_left_out(hit)]
    lost = {each.node for _, devices in found for each in devices if is_sure(each, FAILS)}
    for hit, devices in found:
        if any(each.outcome in FAILS for each in devices):
            yield _finding(board, hit, devices, all_lost=no_medium_left(board, lost))
        elif devices:
            yield _degraded(board, hit, devices)


def _is_left_out(hit: MissingDriver) -> bool:
    return hit.driver.state is State.NOT_BUILT


def _told(board: TreeBoard, hit: MissingDriver) -> Sequence[AffectedDevice]:
    found = (_reason(board, hit, each) for each in hit.devices)
    return [each for each in found if each and (_fails(board, each) or _lacks(each))]


def _reason(board: TreeBoard, hit: MissingDriver, device: AffectedDevice) -> AffectedDevice | None:
    """A device with a need that the missing driver would meet; ``None`` if there is none.

    What it provides nothing of, and is asked for, is ``supplier/wrong-kind``'s.
    """
    if hit.made or not _would_lack_it(board, device.node, device.binding, device.supplier):
        return device
    for each in board.timeline.waits_of(device.node):
        if each.provider not in hit.suppliers or each.outcome not in FAILS:
            continue
        if not _would_lack_it(board, device.node, each.binding, each.supplier):
            return device._replace(
                binding=each.binding,
                supplier=each.supplier,
                wait=each.wait,
                outcome=each.outcome,
                unasked=each.unasked,
                if_in_time=each.if_in_time,
            )
    return None


def _would_lack_it(board: TreeBoard, node: int, binding: str, supplier: int) -> bool:
    row, provider = row_named(binding), board.device_index(supplier)
    if (
        row is None
        or not row.resource.is_registered
        or not board.requests.lacks(provider, row.kind)
    ):
        return False
    return any(
        (ref.consumer, ref.supplier, ref.binding.name) == (node, supplier, binding)
        and board.requests.of(ref, node).is_waited_for
        for ref in board.graph.references
    )


def _fails(board: TreeBoard, device: AffectedDevice) -> bool:
    is_part = device.binding == PARENT and role(board, device.node) > Role.CONSOLE
    return device.outcome in FAILS and not is_part


def _lacks(device: AffectedDevice) -> bool:
    return bool(device.loss) and is_sure(device, (Outcome.DEGRADED,))


def _finding(
    board: TreeBoard, hit: MissingDriver, devices: Sequence[AffectedDevice], *, all_lost: bool
) -> Finding:
    failing = [each for each in devices if each.outcome in FAILS]
    sure = [each for each in failing if is_sure(each, FAILS)]
    is_down = len(sure) >= _MANY
    first = _first(board, sure if is_down else failing)
    worst = role(board, first.node)
    is_sure_of_first = is_sure(first, FAILS)
    is_grave = is_down or worst in (Role.ROOT, Role.CONSOLE)
    return no_driver.finding(
        board.tree[hit.suppliers[0]],
        f"{_no_driver(board, hit)}{_whom(board, hit, failing, first)}",
        effect=f"{needs(board, hit, first)}: {_effect(first)}",
        fix=f"{_set(board, hit)}, or disable the devices that need it.",
        related=nodes(board, hit, devices),
        severity=Severity.ERROR if is_grave else Severity.WARNING,
        likely=not is_sure_of_first or (worst is Role.ROOT and not all_lost and not is_down),
    )


def _first(board: TreeBoard, devices: Sequence[AffectedDevice]) -> AffectedDevice:
    """The device to show: of those whose role is the worst a sure one, if there is any."""
    worst = role(board, devices[0].node)
    same = [each for each in devices if role(board, each.node) is worst]
    return next((each for each in same if is_sure(each, FAILS)), same[0])


def _no_driver(board: TreeBoard, hit: MissingDriver) -> str:
    option = f"CONFIG_{hit.driver.config}" if hit.driver.config else "its driver's option"
    also = [f"CONFIG_{each}" for each in _configs(hit.also)]
    # "and 1 more" would not be shorter than an option.
    names = joined(also) if len(also) <= _SHOWN + 1 else listed(also, _SHOWN)
    nor = f" (nor {names}, for the devices that it creates)" if also else ""
    return f"this kernel has no driver for {lacking(board, hit)}: {option} is not set{nor}"


def _whom(
    board: TreeBoard,
    hit: MissingDriver,
    failing: Sequence[AffectedDevice],
    first: AffectedDevice,
) -> str:
    others = [each for each in failing if each.node not in hit.suppliers]
    if not others:
        return ""
    if not is_sure(first, FAILS):
        return f", so {numbered(board, others)} may not probe"
    sure = [each for each in others if is_sure(each, FAILS)]
    if not sure:
        return f", and {numbered(board, others)} may not probe"
    return f", so {numbered(board, sure, len(others) - len(sure))} cannot probe"


def _set(board: TreeBoard, hit: MissingDriver) -> str:
    facts = board.named_facts
    options = [to_set(facts, each) for each in _configs(hit.all_drivers)]
    return f"Set {joined(options) or 'its option'}"


def _configs(drivers: Iterable[Driver]) -> Sequence[str]:
    return list(dict.fromkeys(each.config for each in drivers if each.config))


def _effect(first: AffectedDevice) -> str:
    if first.binding == OWN_DRIVER:
        return "it will not work"
    if first.binding == PARENT:
        return "it never becomes a device"
    asks = "" if is_sure(first, FAILS) else "if its driver requests it, "
    return f"{asks}{_END[first.outcome]}"


def _degraded(board: TreeBoard, hit: MissingDriver, devices: Sequence[AffectedDevice]) -> Finding:
    """What probes without the missing driver, and lacks something for good."""
    first = devices[0]
    return no_driver.finding(
        board.tree[hit.suppliers[0]],
        _no_driver(board, hit),
        effect=f"{needs(board, hit, first)}: {first.loss}",
        fix=f"{_set(board, hit)}.",
        related=nodes(board, hit, devices),
        severity=Severity.WARNING,
    )
