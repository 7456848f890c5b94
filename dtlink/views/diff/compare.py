"""What changed between two descriptions of a machine, free of what every build changes.

Phandle numbers, offsets, and the order of nodes, properties and entries are no change: links,
waits, cycles and findings are compared by the paths of nodes. What is compared is the JSON data
that the commands tell, so that a saved report can stand for the firmware it was made from.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from dtlink.firmware.names import stable
from dtlink.views.diff.findings import findings
from dtlink.views.diff.match import Change, by, match
from dtlink.views.diff.places import Places
from dtlink.views.parts import Entry

#: What is compared, in the order in which it is told.
KINDS = ("findings", "waits", "cycles", "cycle_lines", "links")
#: What two entries of a link may differ in.
_VALUES = ("args", "inputs", "through", "why_not")


class Picture(NamedTuple):
    """What is known of one input, as JSON data; ``None`` for what is not."""

    findings: Sequence[Entry] | None = None
    waits: Sequence[Entry] | None = None
    cycles: Sequence[Entry] | None = None
    cycle_lines: Sequence[Entry] | None = None
    """The kernel's log lines about cycles, as :class:`dtlink.boot.devlink.model.CycleReport`."""
    links: Sequence[Entry] | None = None
    ignored: frozenset[str] = frozenset()
    """Fingerprints of findings that a configuration takes out: neither gained nor lost."""
    nodes: Mapping[str, bool] | None = None
    """All nodes by path, and whether they are enabled."""
    has_kernel: bool = False
    """``waits`` has those that come of what one kernel holds."""


#: An input that is not there.
NOTHING = Picture((), (), (), (), nodes={})
#: An input of which nothing needs to be known, since the other is the same.
SAME = Picture((), (), (), (), (), nodes={})


def compare(old: Picture, new: Picture) -> dict[str, Any]:
    """What ``new`` gained, lost and has changed, by kind; without the kinds that one lacks."""
    told: dict[str, Any] = {}
    for kind in compared(old, new):
        told[kind] = _COMPARE[kind](old, new)
    groups = {kind: {name: len(told[kind][name]) for name in told[kind]} for kind in told}
    return {
        "same": not any(count for group in groups.values() for count in group.values()),
        "compared": list(told),
        "summary": groups,
        **told,
    }


def compared(old: Picture, new: Picture) -> list[str]:
    """The kinds that both have. The lines of the log stand in for cycles that one does not know."""
    both = [kind for kind in KINDS if None not in (getattr(old, kind), getattr(new, kind))]
    return [kind for kind in both if kind != "cycle_lines" or "cycles" not in both]


def lacking(old: Picture, new: Picture) -> list[tuple[str, str]]:
    """The kinds that only one of the two has, and which of them lacks it: ``OLD`` or ``NEW``."""
    sides = {"OLD": old, "NEW": new}
    told = compared(old, new)
    return [
        (kind, name)
        for kind in KINDS
        if kind not in told and kind != "cycle_lines"
        for name, picture in sides.items()
        if getattr(picture, kind) is None and any(getattr(x, kind) is not None for x in (old, new))
    ]


def _findings(old: Picture, new: Picture) -> dict[str, list[Entry]]:
    return findings(old.findings or (), new.findings or (), old.ignored | new.ignored)


def _waits(old: Picture, new: Picture) -> dict[str, list[Entry]]:
    """By device and supplier, and by what the wait comes of."""
    both = old.has_kernel and new.has_kernel
    before, after = (
        [each for each in side.waits or () if both or each["why"] != "driver"]
        for side in (old, new)
    )
    return _told(match(before, after, _wait, by(("outcome", "sure"))))


def _wait(entry: Entry) -> Hashable:
    return stable(entry["device"]), stable(entry["supplier"]), entry["why"], entry.get("binding")


def _told(change: Change) -> dict[str, list[Entry]]:
    return {
        "gained": change.gained,
        "lost": change.lost,
        "changed": [{"old": one, "new": other} for one, other in change.changed],
    }


def _cycles(old: Picture, new: Picture) -> dict[str, list[Entry]]:
    """By the set of nodes; one that shares nodes with one of the other side is changed."""
    before = {_nodes(each): each for each in old.cycles or ()}
    after = {_nodes(each): each for each in new.cycles or ()}
    lost = {nodes: each for nodes, each in before.items() if nodes not in after}
    home = {node: nodes for nodes in lost for node in nodes}
    gained: list[Entry] = []
    changed: list[Entry] = []
    kept: set[tuple[str, ...]] = set()
    for nodes, each in after.items():
        if nodes in before:
            continue
        shared = dict.fromkeys(home[node] for node in sorted(nodes) if node in home)
        kept.update(shared)
        if shared:
            changed.append({"old": [lost[one] for one in shared], "new": each})
        else:
            gained.append(each)
    return {
        "gained": gained,
        "lost": [each for nodes, each in lost.items() if nodes not in kept],
        "changed": changed,
    }


def _nodes(cycle: Entry) -> tuple[str, ...]:
    return tuple(sorted(map(stable, cycle["nodes"])))


def _cycle_lines(old: Picture, new: Picture) -> dict[str, list[Entry]]:
    """By the two nodes: which of them the log names first hangs on the order of the nodes."""
    sides = [
        {frozenset((each["consumer"], each["supplier"])): each for each in side.cycle_lines or ()}
        for side in (old, new)
    ]
    before, after = sides
    return {
        "gained": [each for ends, each in after.items() if ends not in before],
        "lost": [each for ends, each in before.items() if ends not in after],
        "changed": [],
    }


def _links(old: Picture, new: Picture) -> dict[str, list[Entry]]:
    """By consumer, supplier, property and the node that has it; what else differs is a change."""
    change = match(old.links or (), new.links or (), _link, by(_VALUES, _VALUES[:-1], ("args",)))
    places = Places(old.nodes, new.nodes)
    return {
        "gained": [{**each, **places.gained(each)} for each in change.gained],
        "lost": [{**each, **places.lost(each)} for each in change.lost],
        "changed": [
            {**places.changed(one), "old": one, "new": other} for one, other in change.changed
        ],
    }


def _link(entry: Entry) -> Hashable:
    return (
        stable(entry["consumer"]),
        stable(entry["supplier"]),
        stable(entry["node"]),
        entry["binding"],
        entry["property"],
    )


_COMPARE: Mapping[str, Callable[[Picture, Picture], dict[str, list[Entry]]]] = {
    "findings": _findings,
    "waits": _waits,
    "cycles": _cycles,
    "cycle_lines": _cycle_lines,
    "links": _links,
}
