"""Another kernel version orders the devices of this board in another way.

What it finds: with --against VERSION, what changes for the board from that kernel to the one that
is linted for, all drivers being there: one finding for each parameter with another default, for
each property that is newly followed or no longer followed, where that makes a device wait or lets
it go, for the cycles, and for each device that newly waits for ever. Without --against it says
nothing.
Why it matters: an update that changes nothing in the devicetree changes who waits for whom. A
property that is newly followed lets its consumers wait for suppliers that were never asked for,
and one that is no longer followed leaves the order to luck.
What to do: read what is new; where a device newly waits for ever, make its supplier a device, or
take the reference out.
References: Linux, drivers/base/core.c (fw_devlink: off to 5.7, permissive to 5.12, on to 6.8, rpm
from 6.9 on), drivers/base/dd.c (deferred_probe_timeout) and drivers/of/property.c,
of_supplier_bindings[]. Kernels before 6.1 are approximated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dtlink.board.tree import Board
from dtlink.boot.devlink.ordering import LinkEffect
from dtlink.facts.behaviours import PARAMETERS
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.tree import Node
from dtlink.rules.model import Dts, Finding, Severity, rule

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
def behaviour_change(board: Board) -> Iterator[Finding]:
    """All that changes, from the other kernel to this one."""
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


def _default(board: Board, found: KernelComparison, change: ChangedDefault) -> Finding:
    old, new = _text(change.before), _text(change.after)
    return behaviour_change.finding(
        board.tree.root,
        f"{change.parameter} is {new} in Linux {found.after.release}, and {old} in "
        f"{found.before.release}",
        consequence=PARAMETERS[change.parameter].effect(change.after),
        fix=f"to have it as before: {change.parameter}={old} on the kernel's command line",
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


def _reads(board: Board, found: KernelComparison) -> Iterator[Finding]:
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
    board: Board,
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
        consequence="these devices wait for the suppliers named there, whether or not their "
        "drivers ask for them"
        if gained
        else "nothing lets these devices wait for the suppliers named there: their drivers must "
        "defer",
        fix="nothing, where the suppliers come; else take the reference out"
        if gained
        else "nothing, where the drivers defer (-EPROBE_DEFER) until the suppliers come",
        related=_nodes(board, consumers),
    )


def _taken(board: Board, found: KernelComparison, changes: Sequence[ReadingChange]) -> Finding:
    """References that both kernels read, for other devices or with another end."""
    first = changes[0].origin
    names = Counter(change.origin.property_name for change in changes)
    told = ", ".join(f"{name} ({number})" for name, number in names.most_common(_NAMED))
    return behaviour_change.finding(
        board.tree.by_path[first.node],
        f"Linux {found.after.release} takes {_counted(changes)} in another way than "
        f"{found.before.release}: {told}{', …' if len(names) > _NAMED else ''}",
        property_name=first.property_name,
        consequence="it ties them to other devices, or makes a link where the other kernel does "
        "not; dtlink devlink --against tells each",
        fix="nothing, where all the devices come up",
        related=_nodes(board, _consumers(changes)),
    )


def _cycles(board: Board, found: KernelComparison) -> Iterator[Finding]:
    for ends, word, consequence in (
        (found.cycles_gained, "sees", "the kernel's log tells each, and nothing orders the two"),
        (found.cycles_lost, "no longer sees", "what was relaxed is ordered, or not linked"),
    ):
        pairs = [pair for pair in ends if pair[0] != pair[1]]
        if pairs:
            consumer, supplier = pairs[0]
            more = f", and {len(pairs) - 1} more" if len(pairs) > 1 else ""
            yield behaviour_change.finding(
                board.tree.by_path[consumer],
                f"Linux {found.after.release} {word} a cycle of {_name(consumer)} and "
                f"{_name(supplier)}{more}",
                consequence=consequence,
                fix="dtlink cycles tells how to break those that matter",
                supplier=board.tree.by_path[supplier],
                related=_nodes(board, [end for pair in pairs for end in pair]),
            )


def _waits(board: Board, found: KernelComparison) -> Iterator[Finding]:
    gained, lost = _grouped(found.waits_gained), _grouped(found.waits_lost)
    still = {item.device for item in board.order.prediction.waiting}
    for device, suppliers in gained.items():
        yield behaviour_change.finding(
            board.tree.by_path[device],
            f"{_name(device)} waits for ever in Linux {found.after.release}, and not so in "
            f"{found.before.release}",
            consequence=f'{_name(device)} never probes: "wait for supplier {suppliers[0]}"',
            fix=f"make {suppliers[0]} a device, or take the reference to it out",
            supplier=board.tree.by_path[suppliers[0]],
            severity=Severity.WARNING,
            likely=True,
        )
    for device, suppliers in lost.items():
        if device not in still:
            yield behaviour_change.finding(
                board.tree.by_path[device],
                f"{_name(device)} waits for ever in Linux {found.before.release}, and no longer "
                f"in {found.after.release}",
                consequence=f"{_name(device)} probes without {suppliers[0]}",
                fix="nothing",
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


def _nodes(board: Board, paths: Sequence[str]) -> list[Node]:
    return [board.tree.by_path[path] for path in list(dict.fromkeys(paths))[:_MOST_RELATED]]


def _counted(changes: Sequence[ReadingChange]) -> str:
    return f"{len(changes)} reference{'s' if len(changes) != 1 else ''}"


def _named(paths: Sequence[str]) -> str:
    told, more = ", ".join(map(_name, paths[:_NAMED])), len(paths) - _NAMED
    return told if more <= 0 else f"{told} and {more} more device{'s' if more > 1 else ''}"


def _name(path: str) -> str:
    return path.rpartition("/")[2] or "/"
