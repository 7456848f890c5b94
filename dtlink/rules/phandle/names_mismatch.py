"""A ``…-names`` property does not fit its list: names without an entry, or one name twice.

What it finds: ``clock-names``, ``reset-names``, ``interrupt-names`` and the like with more names
than their list has entries, or with the same name twice. Not ``dma-names``, where one name twice
is an alternative, and not names without any list, unless the driver is known to require one. Fewer
names than entries are right where a driver counts the entries; where it is known to ask for a name
that is missing there, that is a note (it may ask for another name first). So is a name without an
entry, unless the driver is known to require it, or nothing is known of the driver.
Why it matters: a driver asks for a clock, a reset line or an interrupt by name; the kernel takes
the entry at the index of the first such name. Where there is no such entry the request fails, and a
driver for which the resource is optional continues without it and without a message. The second of
two equal names can never be requested.
What to do: write one name for each entry, in the order of the entries; remove the others.
References: Linux, drivers/clk/clk.c, of_parse_clkspec(); drivers/reset/core.c,
__of_reset_control_get(); drivers/of/irq.c, of_irq_get_byname(); drivers/of/property.c,
of_property_match_string().
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.resource import Requested
from dtlink.facts.resources import CLOCK, DMA_CHANNEL, INTERRUPT
from dtlink.firmware.tree import Node
from dtlink.links.entry_lists import LISTS, NamedList, misnamed_lists
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule
from dtlink.wording import counted, joined, noun


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "an entry may be what is missing, or another name"),
    since="0.2",
    needs=tuple(LISTS),
    bad=Dts(
        """
        / {
            osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            mac@1000 {
                compatible = "vendor,mac"; reg = <0x1000>;
                clocks = <&osc>, <&osc>; clock-names = "bus", "ref", "out";
            };
            spi@2000 {
                compatible = "vendor,spi"; reg = <0x2000>;
                clocks = <&osc>, <&osc>; clock-names = "bus", "bus";
            };
        };
        """,
        finds=("/mac@1000:clock-names", "/spi@2000:clock-names"),
    ),
    good=Dts(
        """
        / {
            osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            mac@1000 {
                compatible = "vendor,mac"; reg = <0x1000>;
                clocks = <&osc>, <&osc>, <&osc>; clock-names = "bus", "ref", "out";
            };
            spi@2000 {
                compatible = "vendor,spi"; reg = <0x2000>;
                clocks = <&osc>, <&osc>; clock-names = "bus";
            };
        };
        """
    ),
)
def names_mismatch(board: TreeBoard) -> Iterator[Finding]:
    """Each list with names that have no entry of their own."""
    is_quiet = names_mismatch.id in board.without_notes
    for found in misnamed_lists(board.tree, board.graph.columns):
        if len(found.names) > found.entries:
            if found.entries >= 0 or _is_missed(board, found):
                yield _without_entry(board, found)
        elif len(set(found.names)) < len(found.names) and found.binding.resource is not DMA_CHANNEL:
            yield _twice(board, found)
        elif len(found.names) < found.entries and not is_quiet:
            yield from _nameless(board, found)


def _is_missed(board: TreeBoard, found: NamedList) -> bool:
    """Whether the driver requires an entry of a list that is missing.

    A clock may come from the kernel's own table (drivers/clk/clkdev.c).
    """
    is_clock = found.binding.kind == CLOCK.kind
    return not is_clock and _requested(board, found, found.names) is Requested.REQUIRED


def _requested(board: TreeBoard, found: NamedList, names: tuple[str, ...]) -> Requested:
    """How much the driver needs the entries of these names."""
    answers = [board.requests.of_name(found.node, found.binding.kind, each) for each in names]
    return min(answers, key=list(Requested).index)


def _without_entry(board: TreeBoard, found: NamedList) -> Finding:
    node, kind, count = board.tree[found.node], _kind(found), max(found.entries, 0)
    lost = found.names[count:]
    quoted = joined(f'"{name}"' for name in lost)
    requested = _requested(board, found, lost)
    is_needed = requested is Requested.REQUIRED or (
        requested is Requested.UNKNOWN and not board.requests.is_known(node.index)
    )
    is_unused = not is_needed or node.path.startswith("/cpus/")
    return names_mismatch.finding(
        node,
        f"{found.names_property} has {counted(len(found.names), 'name')}, but "
        f"{found.binding.name} has {counted(count, 'entry', 'entries')}: {quoted} "
        f"{noun(len(lost), 'names no entry', 'name no entries')}",
        effect=_effect(requested, kind, quoted)
        if set(lost).isdisjoint(found.names[:count])
        else f"a driver that requests the {kind} {quoted} gets the entry of that name before",
        fix=_without_names(node, found, quoted, is_needed=requested is Requested.REQUIRED),
        property_name=found.names_property,
        other_property=found.binding.name,
        severity=Severity.INFO if is_unused else Severity.WARNING,
    )


def _without_names(node: Node, found: NamedList, quoted: str, *, is_needed: bool) -> Fix:
    """Remove the names that have no entry, unless the driver needs their entries."""
    lost, names = len(found.names) - max(found.entries, 0), found.names_property
    add = f"dd the missing {noun(lost, 'entry', 'entries')} to {found.binding.name}"
    if is_needed:
        return Fix(f"A{add}, or remove {quoted} from {names}.")
    return _first_names(node, found, max(found.entries, 0), f"{quoted} from {names}, or a{add}")


def _first_names(node: Node, found: NamedList, count: int, what: str) -> Fix:
    from dtlink.firmware.edits import DeleteProperty, SetProperty, ref

    name, here = found.names_property, ref(node)
    kept = SetProperty(here, name, found.names[:count]) if count else DeleteProperty(here, name)
    return Fix(f"Remove {what}.", (kept,))


def _effect(requested: Requested, kind: str, names: str) -> str:
    if requested is Requested.REQUIRED:
        return f"the driver requests the {kind} {names}, and does not get it"
    if requested is Requested.OPTIONAL:
        return f"the driver requests the {kind} {names} if there is one: it works without"
    if requested.holds_nothing:
        return f"none today: the driver does not wait for the {kind} {names}"
    return f"a driver that requests the {kind} {names} does not get it"


def _nameless(board: TreeBoard, found: NamedList) -> Iterator[Finding]:
    """An entry without a name, where the driver requires a name that is missing."""
    if missing := _missing(board, found):
        names, count = found.names_property, len(found.names)
        quoted = joined((f'"{name}"' for name in missing), "or")
        yield names_mismatch.finding(
            board.tree[found.node],
            f"{found.binding.name} has {counted(found.entries, 'entry', 'entries')}, but {names} "
            f"has {counted(count, 'name')}, and not {quoted}, which the driver requests",
            effect=f"entry {count} and those after it cannot be requested by name",
            fix=f"Add the names of the other entries to {names}, as the binding has them.",
            property_name=names,
            severity=Severity.INFO,
            likely=True,
        )


def _missing(board: TreeBoard, found: NamedList) -> list[str]:
    """The names that the driver requires beside some of those that there are."""
    asked = board.requests.names_of(found.node, found.binding.kind, required=True)
    return sorted(asked - set(found.names)) if asked & set(found.names) else []


def _kind(found: NamedList) -> str:
    """What an entry is for a driver: an interrupt, not its controller."""
    return "interrupt" if found.binding.resource is INTERRUPT else found.binding.kind


def _twice(board: TreeBoard, found: NamedList) -> Finding:
    name, times = Counter(found.names).most_common(1)[0]
    first, second = [at for at, each in enumerate(found.names) if each == name][:2]
    own = f"Give each entry of {found.binding.name} its own name, as the binding has them"
    is_tail = set(found.names[second:]) == {name} and not _missing(board, found)
    node = board.tree[found.node]
    return names_mismatch.finding(
        board.tree[found.node],
        f'{found.names_property} has "{name}" {"twice" if times == 2 else f"{times} times"}; '
        f"lookups by name resolve to entry {first} of {found.binding.name}",
        effect=f"a driver that asks by name never gets entry {second}: it uses the "
        f"{_kind(found)} of entry {first} instead",
        fix=_first_names(
            node, found, second, f'the second "{name}" from {found.names_property}, or g{own[1:]}'
        )
        if is_tail
        else f"{own}.",
        property_name=found.names_property,
        other_property=found.binding.name,
    )
