"""``dtlink diff``: what changed between two builds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from dtlink.records import NamedTuple
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.typed import TYPE_CHECKING, Any, Literal
from dtlink.views.data import ABSENT, Absent, CommandResult, plain
from dtlink.views.diff.compare import (
    KINDS,
    compare_cycle_lines,
    compare_cycles,
    compare_findings,
    compare_links,
    compare_properties,
    compare_waits,
    compared,
    lacking,
)
from dtlink.views.diff.finding_text import findings
from dtlink.views.diff.link_text import links
from dtlink.views.diff.property_text import properties
from dtlink.views.diff.rows import LackingRow
from dtlink.views.diff.snapshot import NOTHING
from dtlink.views.diff.wait_text import cycle_lines, cycles, waits
from dtlink.wording import and_more

if TYPE_CHECKING:
    from typing import TypeAlias

    from dtlink.report.entries import Json
    from dtlink.views.diff.rows import (
        CycleChanges,
        FindingChanges,
        IdentityRow,
        LinkChanges,
        PairChanges,
        PropertyChanges,
        WaitChanges,
    )
    from dtlink.views.diff.sides import Side

Presence: TypeAlias = Literal["both", "gained", "lost"]

#: Upper bound on the rows of a kind, in text.
_SHOWN = 24
#: The kinds that are listed of an input: what depends on a board that is gone, or new, is not.
LISTED: Mapping[Presence, Sequence[str]] = {"both": KINDS, "gained": ("findings",), "lost": ()}


class _Changes(NamedTuple):
    """The changes of each of the kinds, in their order."""

    findings: FindingChanges | Absent
    waits: WaitChanges | Absent
    cycles: CycleChanges | Absent
    cycle_lines: PairChanges | Absent
    links: LinkChanges | Absent
    properties: PropertyChanges | Absent


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class DiffView(CommandResult):
    """What the new side gained, lost and has changed, by kind; without the kinds that one lacks.

    The ``view`` of an input of :func:`dtlink.diff`.
    """

    member: ClassVar[str] = "diff"
    input: Presence
    """The sides that have the input."""
    old: IdentityRow | None
    new: IdentityRow | None
    not_compared: tuple[LackingRow, ...]
    same: bool
    compared: tuple[str, ...]
    summary: Mapping[str, Mapping[str, int]]
    findings: FindingChanges | Absent = ABSENT
    waits: WaitChanges | Absent = ABSENT
    cycles: CycleChanges | Absent = ABSENT
    cycle_lines: PairChanges | Absent = ABSENT
    links: LinkChanges | Absent = ABSENT
    properties: PropertyChanges | Absent = ABSENT
    incomplete: tuple[str, ...] | Absent = ABSENT
    """Rules of which a saved report lacks findings: these are not compared."""

    @classmethod
    def of(cls, old: Side | None, new: Side | None) -> DiffView:
        """Compare two sides. The links of an input that only one has are not compared."""
        before = NOTHING if old is None else old.snapshot
        after = NOTHING if new is None else new.snapshot
        both = old is not None and new is not None
        kinds = compared(before, after)
        changed = _Changes(
            compare_findings(before, after) if "findings" in kinds else ABSENT,
            compare_waits(before, after) if "waits" in kinds else ABSENT,
            compare_cycles(before, after) if "cycles" in kinds else ABSENT,
            compare_cycle_lines(before, after) if "cycle_lines" in kinds else ABSENT,
            compare_links(before, after) if "links" in kinds else ABSENT,
            compare_properties(before, after) if "properties" in kinds else ABSENT,
        )
        return cls(
            input="both" if both else "gained" if old is None else "lost",
            old=None if old is None else old.identity,
            new=None if new is None else new.identity,
            not_compared=tuple(
                LackingRow(what=what, lacks=name.lower())
                for what, name in (lacking(before, after) if both else ())
            ),
            same=not any(changed),
            compared=tuple(kinds),
            summary={
                kind: each.counts
                for kind, each in zip(KINDS, changed, strict=True)
                if each is not ABSENT
            },
            findings=changed.findings,
            waits=changed.waits,
            cycles=changed.cycles,
            cycle_lines=changed.cycle_lines,
            links=changed.links,
            properties=changed.properties,
            incomplete=tuple(sorted({*before.omitted, *after.omitted})) or ABSENT,
        )

    def to_json(self) -> Json:
        """The part ``diff`` of a report's input, which has one member for each kind of diff."""
        return {"changes": plain(self)}

    def text(self, width: int | None = None, *, everything: bool = False) -> Iterator[Line]:
        """What changed, by kind."""
        limit = None if everything else _SHOWN
        texts: Mapping[str, Callable[[Any], Iterable[Line]]] = {
            "findings": partial(findings, width=width),
            "waits": partial(waits, limit=limit),
            "cycles": partial(cycles, limit=limit),
            "cycle_lines": partial(cycle_lines, limit=limit),
            "links": partial(links, limit=limit),
            "properties": partial(properties, limit=limit),
        }
        for kind in LISTED[self.input]:
            changes = getattr(self, kind)
            if changes:
                # The other kinds show few rows and count the others, unless all are wanted.
                first = changes.bounded() if everything or kind == "findings" else changes
                rows = list(texts[kind](first))
                counts = self.summary[kind].items()
                told = ", ".join(f"{number:,} {what}" for what, number in counts if number)
                yield line()
                yield line(Span(kind.replace("_", " "), BOLD), Span(f"  {told}", DIM))
                yield from rows
                if more := sum((first.left_out or {}).values()):
                    yield line(Span(f"  … {and_more(more)}", DIM))
