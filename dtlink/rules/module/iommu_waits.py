"""An IOMMU's driver is loaded in time, but a supplier of the IOMMU is late.

What it finds: IOMMUs whose driver is built in (or in the initramfs), which need a clock, a power
domain or the like of a module that is loaded later than their masters; one finding for each IOMMU.
Not reported are IOMMUs whose own probe fails for good (late-supplier), and those that wait for
what the root filesystem's controller lacks as well (initramfs-lacks-supplier).
Why it matters: masters wait for the IOMMU, not for the driver: at the deferred-probe timeout the
kernel lets them run without translation, although the IOMMU's driver is built in. When a module on
the root filesystem loads is not known, so the finding says "may"; --root-after gives the time.
What to do: put the supplier's module into the initramfs, or build it in.
References: Linux 6.12, drivers/base/dd.c, device_links_check_suppliers() (drivers/base/core.c),
driver_deferred_probe_check_state(); drivers/iommu/of_iommu.c, of_iommu_xlate().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.driver_words import to_set
from dtlink.board.tree import TreeBoard
from dtlink.boot.roles import Role
from dtlink.facts.outcomes import Driver, Outcome, State, When
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.module._iommu import (
    Master,
    depends_on_root,
    effect,
    given_up,
    listed,
    masters_hurt,
)
from dtlink.rules.module._late import fails_late
from dtlink.rules.module._missing import WAITS, role
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.timeline.model import AffectedDevice, Cause
    from dtlink.kernel.facts import Facts

_TREE = """
/ {
    clock@500 { compatible = "vendor,gpucc"; reg = <0x500>; phandle = <2>; #clock-cells = <0>; };
    iommu@1000 {
        compatible = "vendor,iommu"; reg = <0x1000>; phandle = <1>;
        #iommu-cells = <0>; clocks = <2>;
    };
    gpu@2000 { compatible = "vendor,gpu"; reg = <0x2000>; iommus = <1>; };
};
"""
_KERNEL = """
built-in IOMMU_VENDOR drivers/iommu/vendor-iommu.c vendor,iommu
built-in GPU_VENDOR drivers/gpu/vendor.c vendor,gpu
module CLK_VENDOR drivers/clk/vendor.c vendor,gpucc
initramfs ext4 %s
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    needs=("iommus", "iommu-map"),
    bad=Dts(_TREE, finds=("/iommu@1000",), kernel=_KERNEL % ""),
    good=Dts(_TREE, kernel=_KERNEL % "vendor"),
)
def iommu_waits(board: TreeBoard) -> Iterator[Finding]:
    """Each IOMMU that probes later than its driver is loaded."""
    facts = board.facts
    if facts is None:
        return
    late = {
        iommu: masters for iommu, masters in masters_hurt(board).items() if _is_held(board, iommu)
    }
    causes = board.timeline.causes() if late else []
    for iommu, masters in late.items():
        own = [each for each in causes if any(taken.node == iommu for taken in each.devices)]
        # What has no driver at all costs more than translation, and has a rule of its own.
        modular = own and all(each.driver.state is State.MODULE for each in own)
        if modular and not (fails_late(board, iommu) or _is_told(board, own)):
            yield _finding(board, facts, iommu, masters, own)


def _is_held(board: TreeBoard, iommu: int) -> bool:
    comes, when = board.timeline.comes(iommu), board.timeline.when(iommu)
    return comes is not when and When.UNKNOWN not in (comes, when)


def _is_told(board: TreeBoard, causes: Sequence[Cause]) -> bool:
    """Whether the root filesystem is not found without what the IOMMU waits for, either."""
    lost = {
        driver._replace(by="")
        for hit in board.missing_drivers
        if hit.comes is When.ROOT and any(_is_lost_root(board, each) for each in hit.devices)
        for driver in hit.all_drivers
    }
    return all(each.driver._replace(by="") in lost for each in causes)


def _is_lost_root(board: TreeBoard, taken: AffectedDevice) -> bool:
    has_initramfs = board.facts is not None and board.facts.initramfs is not None
    is_root = has_initramfs and role(board, taken.node) is Role.ROOT
    return is_root and taken.outcome in WAITS


def _finding(
    board: TreeBoard, facts: Facts, iommu: int, masters: Sequence[Master], causes: Sequence[Cause]
) -> Finding:
    node = board.tree[iommu]
    suppliers = [board.tree[each.supplier] for each in causes]
    is_open = depends_on_root(masters)
    return iommu_waits.finding(
        node,
        f"{node.name} waits for {listed(_lack(board, each) for each in causes)}: "
        f"{listed(each.name for each in masters)}, behind it, {effect(masters)}",
        severity=Severity.ERROR
        if any(each.outcome is Outcome.NEVER for each in masters)
        else Severity.WARNING,
        # Whether its driver asks for all that the node declares is not known, and there may be an
        # initramfs that was not named.
        likely=is_open
        or facts.initramfs is None
        or any(each.is_race for each in masters)
        or _is_unsure(iommu, own=causes),
        effect=given_up(
            board,
            "devices that probe before the IOMMU run without translation",
            if_late=is_open,
        ),
        fix=_fix(facts, [each.driver for each in causes]),
        related=[*suppliers, *(each.node for each in masters)],
    )


def _is_unsure(iommu: int, *, own: Sequence[Cause]) -> bool:
    taken = [each for cause in own for each in cause.devices if each.node == iommu]
    return all(each.outcome is not each.unasked for each in taken)


def _lack(board: TreeBoard, cause: Cause) -> str:
    return f"{board.tree[cause.supplier].name} (module {' or '.join(cause.driver.modules)})"


def _fix(facts: Facts, drivers: Sequence[Driver]) -> str:
    own = [name for driver in drivers for name in driver.modules]
    missing = [each for each in facts.build.closure(own) or own if facts.holds(each) is not True]
    options = dict.fromkeys(to_set(facts, each.config, "=y") for each in drivers if each.config)
    built_in = f"set {' '.join(options)}" if options else "build the drivers in"
    if missing:
        return f"Put {', '.join(missing)} into the initramfs, or {built_in}."
    return f"{built_in[0].upper()}{built_in[1:]}."
