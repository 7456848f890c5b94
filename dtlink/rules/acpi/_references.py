"""The references of a table: which field of which structure refers to which."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from dtlink.rules.acpi._effects import table_of
from dtlink.rules.acpi._rows import CheckedTable, OffsetReference
from dtlink.rules.fix import Fix
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import and_more

if TYPE_CHECKING:
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.acpi.table import TableHeader

#: How many targets a fix names.
_CHOICES = 4


def references(checked: CheckedTable) -> Iterator[OffsetReference]:
    """The references of all whole structures that the table's rows do not leave out."""
    rows = checked.rows.references
    targets = {each.start: each for each in checked.table.structures}
    for each in checked.table.everything():
        for name, field in type(each).fields().items():
            if field.refers_to and each.end - each.start >= each.least():
                target = targets.get(getattr(each, name))
                found = OffsetReference(each, name, target, checked.version)
                if not (rows.ignored and rows.ignored(found)):
                    yield found


def legal(checked: CheckedTable, reference: OffsetReference) -> tuple[str, ...]:
    """The words of the kinds that a reference may lead to."""
    override = checked.rows.references.legal
    if override is not None:
        return override(reference)
    words: tuple[str, ...] = type(reference.where).fields()[reference.field].refers_to
    return words


def is_without_targets(checked: CheckedTable) -> bool:
    """Whether acpi/nothing-described reports that the table has no target at all."""
    words = {
        word
        for each in checked.table.structures
        for field in type(each).fields().values()
        for word in field.refers_to
    }
    there = {each.WORD for each in checked.table.structures}
    return checked.rows.references.needs_target and words.isdisjoint(there)


def grouped(found: Iterable[tuple[object, OffsetReference]]) -> Iterator[list[OffsetReference]]:
    """The references of one structure that have one key, together."""
    groups: dict[object, list[OffsetReference]] = {}
    for key, each in found:
        groups.setdefault((each.holder, key), []).append(each)
    yield from groups.values()


def named(some: Sequence[OffsetReference]) -> str:
    """References of one structure: the first, and how many more."""
    first = some[0]
    more = f" {and_more(len(some) - 1)}" if len(some) > 1 else ""
    if not first.where.MEMBER:
        return first.where.name
    return f"{first.where.MEMBER}[{first.where.entry}]{more} of {first.holder.name}"


def verb(some: Sequence[OffsetReference], one: str, several: str) -> str:
    """The form of a verb that agrees with them."""
    return one if len(some) == 1 else several


def fix(checked: CheckedTable, some: Sequence[OffsetReference]) -> Fix:
    """The offsets that may be written; with edits where there is one only."""
    words, field = legal(checked, some[0]), some[0].field
    nodes = _of_words(checked.table, words)
    if not nodes:
        return Fix(f"Add a node of type {' or '.join(words)}, and set {field} to its offset.")
    told = ", ".join(f"{each.start:#x} ({_short(each)})" for each in nodes[:_CHOICES])
    more = f" {and_more(len(nodes) - _CHOICES)}" if len(nodes) > _CHOICES else ""
    text = f"Set {field} to {'' if len(nodes) == 1 else 'one of '}{told}{more}."
    fields = [(each.where, field, nodes[0].start) for each in some if each.field == field]
    if len(nodes) > 1:
        return Fix(text)
    # What the IDs then reach is looked at for the first time.
    return Fix.setting(text, *fields)._replace(reveals=True)


@lru_cache(maxsize=4)
def _of_words(table: TableHeader, words: tuple[str, ...]) -> Sequence[Struct]:
    """The nodes of some kinds: each of thousands of wrong references asks for them."""
    return tuple(each for each in table.structures if each.WORD in words)


def _short(each: Struct) -> str:
    return f"{each.WORD} {each.identity}".rstrip()


def lies(reference: OffsetReference) -> str:
    """Where an offset is that no structure begins at."""
    table, value = table_of(reference.where), reference.value
    if value == 0:
        return "not the offset of a node"
    if value < table.SIZE:
        return "inside the header"
    inside = _inside(checked_nodes(table), value)
    if inside is not None:
        return f"inside {inside.name}"
    return "not the offset of a node" if value < table.end else "outside the table"


def checked_nodes(table: Struct) -> Sequence[Struct]:
    """The nodes of a table, by their offsets."""
    nodes: Sequence[Struct] = getattr(table, "structures", ())
    return nodes


def _inside(nodes: Sequence[Struct], offset: int) -> Struct | None:
    before = bisect_right(nodes, offset, key=lambda node: node.start) - 1
    return nodes[before] if before >= 0 and offset < nodes[before].end else None
