"""The links that changed, in lines: below their consumers, or as many of one node at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dtlink.firmware.names import stable
from dtlink.records import NamedTuple
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.report.rows import counted
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT
from dtlink.views.links import id_range
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.views.diff.rows import LinkChanges
    from dtlink.views.links import LinkRow

#: Signs and their colours.
SIGNS = {"gained": Span("+ ", "green"), "lost": Span("- ", "red"), "changed": Span("~ ", "yellow")}
#: As a unified diff has them: what was, then what is.
_ORDER = ("lost", "changed", "gained")
#: More links than this that came or went with one node share one line.
_FEW = 4
#: Upper bound on the nodes in such a line.
_NAMED = 4


class _Row(NamedTuple):
    """A link that changed."""

    change: str
    """``gained``, ``lost`` or ``changed``."""
    link: LinkRow
    """As it is now; as it was, if it was lost."""
    old: LinkRow | None
    because: str
    at: str


def links(changes: LinkChanges, limit: int | None) -> Iterator[Line]:
    """All changes: those of nodes that came or went first, then the others by consumer."""
    nodes: dict[tuple[str, str, str], list[_Row]] = {}
    consumers: dict[str, list[_Row]] = {}
    for row in _rows(changes):
        if row.because:
            nodes.setdefault((row.at, row.because.partition(" ")[2], row.change), []).append(row)
        else:
            consumers.setdefault(stable(row.link.consumer), []).append(row)
    blocks = []
    for (_, _, change), rows in sorted(nodes.items()):
        if len(rows) > _FEW and limit is not None:
            blocks.append([_bundle(SIGNS[change], rows)])
        else:
            for row in rows:
                consumers.setdefault(stable(row.link.consumer), []).append(row)
    for consumer, found in sorted(consumers.items()):
        rows = sorted(found, key=lambda row: (row.link.property_name, _ORDER.index(row.change)))
        events = {row.because for row in rows if row.at == row.link.consumer}
        # Of one that came or went, that is said once: it says why of every link.
        event = events.pop() if len(events) == 1 else ""
        what = f" ({event.partition(' ')[2]})" if event else ""
        head = line("  ", Span(consumer, BOLD), Span(what, DIM))
        blocks.append([head, *(_link(SIGNS[row.change], row, event) for row in rows)])
    yield from _limited(blocks, limit)


def _rows(changes: LinkChanges) -> Iterator[_Row]:
    for each in changes.lost:
        yield _Row("lost", each.link, None, each.because or "", each.at or "")
    for change in changes.changed:
        yield _Row("changed", change.new, change.old, change.because or "", change.at or "")
    for each in changes.gained:
        yield _Row("gained", each.link, None, each.because or "", each.at or "")


def _limited(blocks: Sequence[Sequence[Line]], limit: int | None) -> Iterator[Line]:
    """Whole blocks, as many as fit; of one that is too long, its beginning."""
    left = len([row for block in blocks for row in block]) + 1 if limit is None else limit * 2
    for number, block in enumerate(blocks):
        yield from block[:left]
        left -= len(block)
        if left <= 0:
            hidden = -left + sum(len(each) for each in blocks[number + 1 :])
            if hidden:
                yield line(Span(f"  … and {counted(hidden, 'more line')} (--all)", DIM))
            return


def _bundle(sign: Span, rows: Sequence[_Row]) -> Line:
    """The links that came or went with one node."""
    because, at = rows[0].because, rows[0].at
    end, _, event = because.partition(" ")
    if end == "supplier":
        others, word = [row.link.consumer for row in rows], "of"
    else:
        others, word = [row.link.supplier for row in rows], "to"
    inside = sum(other == at or other.startswith(f"{at}/") for other in others)
    outside = [stable(other) for other in others if not (other == at or other.startswith(f"{at}/"))]
    notes = [f"{word} {_named(outside)}"] if outside else []
    if inside:
        notes.append(f"{inside} within")
    return line(
        sign,
        Span(stable(at), BOLD),
        f" ({event})  {counted(len(rows), 'link')} ",
        Span(", ".join(notes), DIM),
    )


def _named(paths: Sequence[str]) -> str:
    """The nodes that are named most often."""
    counts = Counter(paths)
    # Of equals, by name: their order in the blob is no matter.
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    told = [path + (f" ({count})" if count > 1 else "") for path, count in ranked]
    return listed(told, _NAMED)


def _link(sign: Span, row: _Row, told: str) -> Line:
    link = row.link
    at = "" if link.node in (link.consumer, link.supplier) else f" at {stable(link.node)}"
    value = _value(link)
    if row.old is not None:
        was = _value(row.old)
        value = f"{was} ⇒ {value}" if was != value else value
    notes = [row.because] if row.old is None and row.because != told else []
    if row.old is not None and row.old.why_not != link.why_not:
        notes.append(_followed(row.old, link))
    note = f"  ({'; '.join(notes)})" if notes else ""
    return line(
        sign,
        f"  {link.property_name:<18}{at} → {stable(link.supplier)}",
        f" {value}" if value else "",
        Span(note, DIM),
    )


def _followed(old: LinkRow, new: LinkRow) -> str:
    if not new.why_not:
        return "now followed"
    return f"{'not' if old.why_not else 'no longer'} followed: {new.why_not}"


def _value(link: LinkRow) -> str:
    """What the entry says beside the supplier: cells, or which IDs become which."""
    ids = id_range(link.inputs)
    before = f"{ids} → " if ids else ""
    if link.output is None or link.output is ABSENT:
        cells = " ".join(f"{arg:#x}" for arg in link.args)
        return f"{before}<{cells}>" if cells else before.strip()
    through = f" through {stable(link.through)}" if link.through else ""
    return f"{before}{link.output:#x}{through}"
