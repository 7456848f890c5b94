"""The masters of IOMMUs whose drivers come late, and the effect on them as text.

A master asks for its IOMMU when its DMA is configured, before its driver is called (Linux 6.12,
drivers/base/dd.c, really_probe(); drivers/iommu/of_iommu.c, of_iommu_xlate()).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dtlink import wording
from dtlink.facts.bindings import IOMMU_NAMES
from dtlink.facts.outcomes import Outcome, Wait, When
from dtlink.records import NamedTuple
from dtlink.rules.module._missing import if_mounted_late, timeout_start
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.tree import TreeBoard
    from dtlink.boot.timeline.model import Dependency
    from dtlink.firmware.tree import Node

_NAMED = 3


class Master(NamedTuple):
    """A device, or the PCI functions behind one, whose IOMMU comes late."""

    node: Node
    outcome: Outcome
    is_race: bool
    """Its driver is loaded at the same time as the IOMMU's: the first one decides."""
    functions: bool
    is_open: bool
    """The outcome depends on when the root filesystem is mounted, which is not known."""

    @property
    def name(self) -> str:
        """As a message names it."""
        return f"the PCI functions of {self.node.name}" if self.functions else self.node.name


def masters_hurt(board: TreeBoard) -> Mapping[int, Sequence[Master]]:
    """The masters for which a late IOMMU is more than a delay, by IOMMU; both enabled.

    Those that can't probe anyway are left out: their own driver is what they lack.
    """
    found: dict[int, dict[int, Master]] = {}
    for each in board.timeline.waits_by(IOMMU_NAMES):
        if master := _master(board, each):
            masters = found.setdefault(each.supplier, {})
            masters.setdefault(each.consumer, master)
    return {iommu: list(masters.values()) for iommu, masters in found.items()}


def _master(board: TreeBoard, each: Dependency) -> Master | None:
    timeline = board.timeline
    # Two modules of one time: no outcome is claimed, though a wait is.
    is_race = (
        each.outcome is Outcome.UNKNOWN
        and each.wait is Wait.IOMMU_DT
        and each.comes not in (When.UNKNOWN, When.INITCALL)
        and timeline.when(each.consumer) is not When.NEVER
        and timeline.comes(each.consumer) is each.comes
    )
    held = each.wait is not Wait.NONE and timeline.comes(each.consumer) is not When.NEVER
    waits = held and each.outcome in (Outcome.RECOVERS, Outcome.NEVER)
    if not (is_race or waits or each.outcome is Outcome.DEGRADED):
        return None
    node = board.tree[each.consumer]
    return Master(node, each.outcome, is_race, each.of_functions, each.is_open)


def listed(names: Iterable[str]) -> str:
    """The first names of some, and how many more there are."""
    return wording.listed(dict.fromkeys(names), _NAMED)


def depends_on_root(masters: Iterable[Master]) -> bool:
    """Whether the effect depends on when the root filesystem is mounted, which is not known."""
    claimed = [master for master in masters if master.outcome is not Outcome.RECOVERS]
    return bool(claimed) and all(master.is_open for master in claimed)


def effect(masters: Sequence[Master]) -> str:
    """The effect on the masters, as the verb after their names."""
    outcomes = {master.outcome for master in masters}
    may = "may " if depends_on_root(masters) else ""
    if outcomes == {Outcome.UNKNOWN}:
        return "may run untranslated"
    if Outcome.DEGRADED in outcomes:
        return f"{may}run untranslated"
    return f"{may}never probe" if Outcome.NEVER in outcomes else "wait for the root filesystem"


def given_up(board: AnyBoard, then: str, *, if_late: bool = False) -> str:
    """When the kernel stops waiting for an IOMMU, what it logs, and the effect on masters then.

    ``if_late``: it does so only if the root filesystem is mounted late.
    Source: Linux, drivers/base/dd.c, driver_deferred_probe_check_state().
    """
    config = board.facts.build.config if board.facts else {}
    if config.get("MODULES", "y") != "y":
        return f'"ignoring dependency for device, assuming no driver": {then}'
    line = '"deferred probe timeout, ignoring dependency"'
    timeout = board.profile.deferred_probe_timeout
    if timeout < 0 and board.profile.timeout_holds_requests:
        return "the masters wait for it forever; a root filesystem behind it is not found"
    if if_late:
        return f"{if_mounted_late(board.profile)}, the kernel prints {line}: {then}"
    if timeout > 0:
        return f"{line}, {timeout} s after the last {timeout_start(board.profile)}: {then}"
    return f"{line}, as soon as the built-in drivers are done: {then}"
