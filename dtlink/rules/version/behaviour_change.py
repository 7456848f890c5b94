"""Another kernel version orders the devices of this board differently.

What it finds: with --against VERSION, what changes for the board from that kernel to the selected
one, assuming a driver for every device: one finding for each parameter with another default, for
each property that is newly followed or no longer followed, where a device waits because of it, for
the cycles, and for each device that newly waits forever. Without --against it is silent.
Why it matters: a kernel update changes which devices wait although the devicetree is the same. The
consumers of a property that is newly followed wait for suppliers that were not awaited before, and
one that is no longer followed leaves the order to chance.
What to do: read what is new; where a device newly waits forever, make its supplier a device, or
remove the reference.
References: Linux, drivers/base/core.c (fw_devlink: off to 5.7, permissive to 5.12, on to 6.8, rpm
from 6.9 on), drivers/base/dd.c (deferred_probe_timeout) and drivers/of/property.c,
of_supplier_bindings[]. Kernels before 6.1 are approximated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.boot.devlink.effects import LinkEffect
from dtlink.facts.behaviours import PARAMETERS
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.tree import Node
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import and_more, counted, listed

if TYPE_CHECKING:
    from dtlink.boot.devlink.compare import (
        ChangedDefault,
        EntryReading,
        KernelComparison,
        ReadingChange,
    )
    from dtlink.boot.devlink.ordering import Ends

#: How many devices a message names, and how many a finding lists.
_NAMED = 3
_MOST_RELATED = 32
_WAITS = (LinkEffect.ORDERS, LinkEffect.WAITS)


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Dts(
        """
        / {
            soc {
                compatible = "simple-bus";
                reset: reset-controller { compatible = "vendor,reset"; #reset-cells = <1>; };
                mmc { compatible = "vendor,mmc"; resets = <&reset 3>; };
            };
        };
        """,
        finds=("/", "/", "/soc/mmc:resets"),
        against=KernelVersion(5, 10),
    ),
    good=Dts(
        """
        / {
            osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            mmc { compatible = "vendor,mmc"; clocks = <&osc>; };
        };
        """,
        against=KernelVersion(6, 9),
    ),
)
def behaviour_change(board: TreeBoard) -> Iterator[Finding]:
    """All changes from the other kernel to this one."""
    before, against = board.order_against, board.against
    if before is None or against is None:
        return
    # Imported here, since only --against needs it.
    from dtlink.boot.devlink.compare import compare

    found = compare(before, board.order, against, board.profile)
    for default in found.defaults:
        yield _default(board, found, default)
    yield from _reads(board, found)
    yield from _cycles(board, found)
    yield from _waits(board, found)


def _default(board: TreeBoard, found: KernelComparison, change: ChangedDefault) -> Finding:
    old, new = _text(change.before), _text(change.after)
    return behaviour_change.finding(
        board.tree.root,
        f"{change.parameter} is {new} in Linux {found.after.release}, and {old} in "
        f"{found.before.release}",
        effect=PARAMETERS[change.parameter].effect(change.after),
        fix=f"Add {change.parameter}={old} to the kernel command line to keep the old behaviour.",
    )._replace(supplier=change.parameter)


def _text(value: str | int | bool) -> str:  # noqa: FBT001
    return str(int(value)) if isinstance(value, bool) else str(value)


def _reordered(found: KernelComparison, *, gained: bool) -> set[Ends]:
    """The pairs of devices that only the one kernel orders, or only the other.

    An entry that is newly read changes nothing where another names the same supplier, where that is
    served early, or where the consumer is a part of a device.
    """
    pairs = set()
    for change in found.dependencies:
        ties = (change.after, change.before) if gained else (change.before, change.after)
        here, there = (tie is not None and tie.effect in _WAITS for tie in ties)
        if here and not there:
            pairs.add((change.consumer, change.supplier))
    return pairs


def _reads(board: TreeBoard, found: KernelComparison) -> Iterator[Finding]:
    """By property what only one of the two kernels follows; the rest in one finding."""
    groups: dict[tuple[str, bool], list[ReadingChange]] = {}
    others: list[ReadingChange] = []
    reordered = {gained: _reordered(found, gained=gained) for gained in (False, True)}
    for change in found.reads:
        was = change.before is not None and _ends(change.before) in reordered[False]
        now = change.after is not None and _ends(change.after) in reordered[True]
        if change.before is not None and change.after is not None:
            if was or now:
                others.append(change)
        elif was or now:
            groups.setdefault((change.origin.property_name, now), []).append(change)
    for (name, gained), changes in groups.items():
        yield _followed(board, found, name, changes, gained=gained)
    if others:
        yield _taken(board, found, others)


def _ends(read: EntryReading) -> Ends:
    return read.consumer, read.supplier


def _followed(
    board: TreeBoard,
    found: KernelComparison,
    name: str,
    changes: Sequence[ReadingChange],
    *,
    gained: bool,
) -> Finding:
    first = changes[0].origin
    consumers = _consumers(changes)
    word = "newly follows" if gained else "no longer follows"
    return behaviour_change.finding(
        board.tree.by_path[first.node],
        f"Linux {found.after.release} {word} {name}, which {found.before.release} "
        f"{'does not' if gained else 'does'}: {_counted(changes)} of {_named(consumers)}",
        property_name=name,
        effect="these devices wait for the suppliers referenced there, whether or not their "
        "drivers request them"
        if gained
        else "these devices do not wait for the suppliers referenced there: their drivers must "
        "handle -EPROBE_DEFER",
        fix="Check that the suppliers probe; remove the reference to one that does not."
        if gained
        else "Check that the drivers handle -EPROBE_DEFER.",
        related=_nodes(board, consumers),
    )


def _taken(board: TreeBoard, found: KernelComparison, changes: Sequence[ReadingChange]) -> Finding:
    """References that both kernels read, for other devices or with another end."""
    first = changes[0].origin
    names = Counter(change.origin.property_name for change in changes)
    shown = ", ".join(f"{name} ({number})" for name, number in names.most_common(_NAMED))
    return behaviour_change.finding(
        board.tree.by_path[first.node],
        f"Linux {found.after.release} reads {_counted(changes)} differently from "
        f"{found.before.release}: {shown}{', …' if len(names) > _NAMED else ''}",
        property_name=first.property_name,
        effect="it links other devices, or creates a link where the other kernel does not; "
        "dtlink devlink --against lists each",
        fix="Check that all the devices probe.",
        related=_nodes(board, _consumers(changes)),
    )


def _cycles(board: TreeBoard, found: KernelComparison) -> Iterator[Finding]:
    for ends, word, effect in (
        (
            found.cycles_gained,
            "sees",
            "the kernel logs each and relaxes the links between the two",
        ),
        (found.cycles_lost, "no longer sees", "the relaxed links order probing again, or are gone"),
    ):
        pairs = [pair for pair in ends if pair[0] != pair[1]]
        if pairs:
            consumer, supplier = pairs[0]
            more = f", {and_more(len(pairs) - 1)}" if len(pairs) > 1 else ""
            yield behaviour_change.finding(
                board.tree.by_path[consumer],
                f"Linux {found.after.release} {word} a cycle of {_name(consumer)} and "
                f"{_name(supplier)}{more}",
                effect=effect,
                fix="Run dtlink cycles to see how to break them.",
                supplier=board.tree.by_path[supplier],
                related=_nodes(board, [end for pair in pairs for end in pair]),
            )


def _waits(board: TreeBoard, found: KernelComparison) -> Iterator[Finding]:
    gained, lost = _grouped(found.waits_gained), _grouped(found.waits_lost)
    still = {item.device for item in board.order.prediction.waiting}
    for device, suppliers in gained.items():
        yield behaviour_change.finding(
            board.tree.by_path[device],
            f"{_name(device)} waits forever in Linux {found.after.release}, but not in "
            f"{found.before.release}",
            effect=f'{_name(device)} never probes: "wait for supplier {suppliers[0]}"',
            fix=f"Make {suppliers[0]} a device, or remove the reference to it.",
            supplier=board.tree.by_path[suppliers[0]],
            severity=Severity.WARNING,
            likely=True,
        )
    for device, suppliers in lost.items():
        if device not in still:
            yield behaviour_change.finding(
                board.tree.by_path[device],
                f"{_name(device)} waits forever in Linux {found.before.release}, but no longer "
                f"in {found.after.release}",
                effect=f"{_name(device)} probes without {suppliers[0]}",
                fix="No change is needed.",
                supplier=board.tree.by_path[suppliers[0]],
            )


def _grouped(pairs: Sequence[Ends]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for device, supplier in pairs:
        found.setdefault(device, []).append(supplier)
    return found


def _consumers(changes: Sequence[ReadingChange]) -> list[str]:
    reads = (change.after or change.before for change in changes)
    return list(dict.fromkeys(read.consumer for read in reads if read is not None))


def _nodes(board: TreeBoard, paths: Sequence[str]) -> list[Node]:
    return [board.tree.by_path[path] for path in list(dict.fromkeys(paths))[:_MOST_RELATED]]


def _counted(changes: Sequence[ReadingChange]) -> str:
    return counted(len(changes), "reference")


def _named(paths: Sequence[str]) -> str:
    return listed(map(_name, paths), _NAMED, "device")


def _name(path: str) -> str:
    return path.rpartition("/")[2] or "/"
