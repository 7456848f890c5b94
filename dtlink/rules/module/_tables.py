"""The IOMMUs of ACPI tables whose driver comes late or never, in one kernel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.facts.outcomes import Outcome, Wait, When
from dtlink.firmware.acpi.iort import RootComplex
from dtlink.firmware.acpi.rimt import RimtRootComplex
from dtlink.firmware.acpi.viot import PciRange
from dtlink.records import NamedTuple
from dtlink.rules.module._iommu import given_up, listed
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.tables import TablesBoard
    from dtlink.boot.timeline.model import AcpiDependency
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.kernel.facts import Facts

_HURT = (Outcome.DEGRADED, Outcome.RECOVERS, Outcome.NEVER)
_HOSTS = (RootComplex, PciRange, RimtRootComplex)


class LateIommu(NamedTuple):
    """The IOMMUs that have one driver, and what they serve."""

    config: str
    missing: Sequence[str]
    """The modules that the initramfs, or if there is none the kernel, does not have at hand."""
    outcome: Outcome
    wait: Wait
    comes: When
    is_off: bool
    """The kernel has no such driver."""
    suppliers: Sequence[Struct]
    consumers: Sequence[Struct]
    has_all_hosts: bool
    """All PCI hosts that these tables describe are behind IOMMUs of this driver."""
    is_open: bool
    """The outcome depends on when the root filesystem is mounted, which is not known."""

    @property
    def is_stuck(self) -> bool:
        """Whether devices never probe: the module is on a device behind the IOMMU itself."""
        return self.outcome is Outcome.NEVER or (
            self.outcome is Outcome.RECOVERS and self.has_all_hosts
        )


def kept(board: TablesBoard, facts: Facts) -> Iterator[LateIommu]:
    """One for each driver that comes late or never, in the order of the tables."""
    timeline = board.timeline
    if timeline is None:
        return
    groups: dict[tuple[str, Outcome], list[AcpiDependency]] = {}
    for each in timeline.waits:
        if each.outcome in _HURT:
            groups.setdefault((each.config, each.outcome), []).append(each)
    for (config, outcome), found in groups.items():
        yield _kept(board, facts, config, outcome, found)


def _kept(
    board: TablesBoard, facts: Facts, config: str, outcome: Outcome, found: Sequence[AcpiDependency]
) -> LateIommu:
    suppliers = {each.supplier.index: each.supplier for each in found}
    consumers = {each.consumer.index: each.consumer for each in found}
    kinds = {type(each) for each in consumers.values()}.intersection(_HOSTS)
    hosts = {each.index for each in board.machine.nodes[1:] if type(each) in kinds}
    needed = facts.build.closure(found[0].modules) or found[0].modules
    return LateIommu(
        config,
        [each for each in needed if facts.holds(each) is not True],
        outcome,
        found[0].wait,
        found[0].comes,
        facts.build.config.get(config, "n") not in ("y", "m"),
        list(suppliers.values()),
        list(consumers.values()),
        bool(hosts) and hosts <= consumers.keys(),
        all(each.is_open for each in found),
    )


def message(facts: Facts, each: LateIommu) -> str:
    """What is missing, and the effect on which devices."""
    return (
        f"{_lacks(facts, each)}: {listed(map(_name, each.consumers))}, behind "
        f"{listed(map(_name, each.suppliers))}, {_effect(each)}"
    )


def _name(struct: Struct) -> str:
    return struct.path.rpartition("/")[2]


def _lacks(facts: Facts, each: LateIommu) -> str:
    if each.is_off:
        return f"this kernel has no driver for the IOMMU (CONFIG_{each.config} is off)"
    names = listed(each.missing) or f"CONFIG_{each.config}"
    if each.comes is When.NEVER:
        return f"module {names} of the IOMMU is in neither the kernel package nor the initramfs"
    where = "on the root filesystem" if facts.initramfs is None else "not in the initramfs"
    return f"module {names} of the IOMMU is {where}"


def _effect(each: LateIommu) -> str:
    if each.outcome is Outcome.DEGRADED:
        return "may run untranslated" if each.is_open else "run untranslated"
    return "never probe" if each.outcome is Outcome.NEVER else "wait for the root filesystem"


def effect(board: TablesBoard, each: LateIommu) -> str:
    """The log line, and what the machine does."""
    if each.outcome is Outcome.DEGRADED and each.wait is Wait.NONE:
        return "the kernel does not wait for a driver that is not built, and logs nothing"
    if each.outcome is Outcome.DEGRADED:
        late = "" if each.comes is When.NEVER else ", also after the IOMMU has probed"
        then = f"only then do the masters probe, without translation{late}"
        return given_up(board, then, if_late=each.is_open)
    return (
        '"deferred probe pending: (reason unknown)" for each, forever; a root filesystem behind '
        "it, or on the network, is never mounted"
    )


def fix(each: LateIommu) -> str:
    """What to build, or where to put the module."""
    option = f"CONFIG_{each.config}=y"
    if each.is_off or not each.missing:
        return f"Set {option} in the kernel configuration."
    return f"Put {', '.join(each.missing)} into the initramfs, or set {option}."
