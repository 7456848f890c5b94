"""What changed between two descriptions of a machine, free of what every build changes.

Phandle numbers, offsets, and the order of nodes, properties and entries are no change: links,
waits, cycles and findings are compared by the paths of nodes. What is compared is what reports
have, so that a saved report can stand for the firmware it was made from.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from dtlink.firmware.names import stable
from dtlink.typed import TYPE_CHECKING
from dtlink.views.diff.findings import findings
from dtlink.views.diff.match import by, match
from dtlink.views.diff.places import Places
from dtlink.views.diff.rows import (
    CycleChange,
    CycleChanges,
    KindChanges,
    LinkChange,
    LinkChanges,
    LinkEvent,
    PairChanges,
    PairRow,
    PropertyChange,
    PropertyChanges,
    WaitChange,
    WaitChanges,
)

if TYPE_CHECKING:
    from dtlink.boot.devlink.model import CycleReport
    from dtlink.views.cycles import CycleRow
    from dtlink.views.diff.rows import FindingChanges, WaitRow
    from dtlink.views.diff.snapshot import Snapshot
    from dtlink.views.links import LinkRow, PropertyRow

#: What is compared, in the order in which it is reported.
KINDS = ("findings", "waits", "cycles", "cycle_lines", "links", "properties")
#: What two entries of a link may differ in.
_VALUES = ("args", "inputs", "through", "why_not")


def compared(old: Snapshot, new: Snapshot) -> list[str]:
    """The kinds that both have. The lines of the log stand in for cycles that one does not know."""
    both = [kind for kind in KINDS if old.has(kind) and new.has(kind)]
    return [kind for kind in both if kind != "cycle_lines" or "cycles" not in both]


def lacking(old: Snapshot, new: Snapshot) -> list[tuple[str, str]]:
    """The kinds that only one of the two has, and which of them lacks it: ``OLD`` or ``NEW``."""
    told = compared(old, new)
    return [
        (kind, name)
        for kind in KINDS
        if kind not in told and kind != "cycle_lines"
        for name, side in (("OLD", old), ("NEW", new))
        if not side.has(kind) and (old.has(kind) or new.has(kind))
    ]


def compare_findings(old: Snapshot, new: Snapshot) -> FindingChanges:
    """By fingerprint. What a report lacks may be anything: nothing of its rule is new, or gone."""
    found = findings(old.findings or (), new.findings or (), old.ignored | new.ignored)
    if not (old.omitted or new.omitted):
        return found
    return KindChanges(
        gained=tuple(each for each in found.gained if each.rule not in old.omitted),
        lost=tuple(each for each in found.lost if each.rule not in new.omitted),
        changed=found.changed,
    )


def compare_waits(old: Snapshot, new: Snapshot) -> WaitChanges:
    """By device and supplier, and by what the wait comes of."""
    both = old.has_kernel and new.has_kernel
    before, after = (
        [each for each in side.waits or () if both or each.why != "driver"] for side in (old, new)
    )
    found = match(before, after, _wait, by(("outcome", "sure")))
    return KindChanges(
        gained=tuple(found.gained),
        lost=tuple(found.lost),
        changed=tuple(WaitChange(old=one, new=other) for one, other in found.changed),
    )


def _wait(row: WaitRow) -> Hashable:
    return stable(row.device), stable(row.supplier), row.why, row.binding


def compare_cycles(old: Snapshot, new: Snapshot) -> CycleChanges:
    """By the set of nodes; one that shares nodes with one of the other side is changed."""
    before, after = _by_nodes(old.cycles or ()), _by_nodes(new.cycles or ())
    lost = {nodes: cycle for nodes, cycle in before.items() if nodes not in after}
    home = {node: nodes for nodes in lost for node in nodes}
    news = [
        (cycle, list(dict.fromkeys(home[node] for node in nodes if node in home)))
        for nodes, cycle in after.items()
        if nodes not in before
    ]
    kept = {nodes for _, shared in news for nodes in shared}
    return KindChanges(
        gained=tuple(cycle for cycle, shared in news if not shared),
        lost=tuple(cycle for nodes, cycle in lost.items() if nodes not in kept),
        changed=tuple(
            CycleChange(old=tuple(lost[nodes] for nodes in shared), new=cycle)
            for cycle, shared in news
            if shared
        ),
    )


def _by_nodes(cycles: Sequence[CycleRow]) -> Mapping[tuple[str, ...], CycleRow]:
    return {tuple(sorted(map(stable, cycle.nodes))): cycle for cycle in cycles}


def compare_cycle_lines(old: Snapshot, new: Snapshot) -> PairChanges:
    """By the two nodes: which of them the log names first hangs on the order of the nodes."""
    before, after = _by_ends(old.cycle_lines or ()), _by_ends(new.cycle_lines or ())
    return KindChanges(
        gained=tuple(_pair(pair) for ends, pair in after.items() if ends not in before),
        lost=tuple(_pair(pair) for ends, pair in before.items() if ends not in after),
    )


def _by_ends(lines: Sequence[CycleReport]) -> Mapping[frozenset[str], CycleReport]:
    return {frozenset(each): each for each in lines}


def _pair(line: CycleReport) -> PairRow:
    return PairRow(consumer=line.consumer, supplier=line.supplier)


def compare_links(old: Snapshot, new: Snapshot) -> LinkChanges:
    """By consumer, supplier, property and the node that has it; what else differs is a change."""
    found = match(old.links or (), new.links or (), _link, by(_VALUES, _VALUES[:-1], ("args",)))
    places = Places(old.nodes, new.nodes)
    gained = ((each, *places.gained(each)) for each in found.gained)
    lost = ((each, *places.lost(each)) for each in found.lost)
    changed = ((one, other, *places.changed(one)) for one, other in found.changed)
    return KindChanges(
        gained=tuple(LinkEvent(link=each, because=why, at=at) for each, why, at in gained),
        lost=tuple(LinkEvent(link=each, because=why, at=at) for each, why, at in lost),
        changed=tuple(
            LinkChange(because=why, at=at, old=one, new=other) for one, other, why, at in changed
        ),
    )


def _link(row: LinkRow) -> Hashable:
    return (
        stable(row.consumer),
        stable(row.supplier),
        stable(row.node),
        row.binding,
        row.property_name,
    )


def compare_properties(old: Snapshot, new: Snapshot) -> PropertyChanges:
    """By structure and name, of structures that both have."""
    before, after = old.properties or (), new.properties or ()
    both = {stable(row.node) for row in before} & {stable(row.node) for row in after}
    was, is_now = ([row for row in rows if stable(row.node) in both] for rows in (before, after))
    found = match(was, is_now, _property, by(("value",)))
    return KindChanges(
        gained=tuple(found.gained),
        lost=tuple(found.lost),
        changed=tuple(PropertyChange(old=one, new=other) for one, other in found.changed),
    )


def _property(row: PropertyRow) -> Hashable:
    return stable(row.node), row.name
