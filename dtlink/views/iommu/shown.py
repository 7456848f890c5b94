"""How ``dtlink iommu`` prints its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dtlink.facts.assignment import Outcome
from dtlink.facts.pci import bdf
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.views.iommu.rows import (
        EntryRow,
        GroupRow,
        InterruptsRow,
        IommuRow,
        ObstacleRow,
        RangeRow,
        RegionRow,
        RequesterRow,
    )

_WIDTH = 15
_STYLE: Mapping[Outcome | None, str] = {
    Outcome.REFUSED: STYLES["error"],
    Outcome.MAY_BE_REFUSED: STYLES["warning"],
    Outcome.OPTION: STYLES["warning"],
}
#: The answer in one line, by the worst obstacle.
_ANSWERS: Mapping[Outcome | None, str] = {
    Outcome.REFUSED: "refused",
    Outcome.MAY_BE_REFUSED: "may be refused",
    Outcome.OPTION: "possible with an option",
    Outcome.TOGETHER: "possible with its group",
    Outcome.UNKNOWN: "nothing refuses it, as far as the input shows",
    None: "nothing refuses it, as far as the input shows",
}


def whole(row: RequesterRow) -> Iterator[Line]:
    """All of one requester."""
    ident = "" if row.id is None else f" · requester ID {row.id:#x}"
    changed = [each for each in row.dma_ids if each != row.id]
    ident += f" · its DMA has {listed(f'{each:#x}' for each in changed)}" if changed else ""
    node = f" · {row.node}" if row.node and row.node != row.requester else ""
    yield line(Span(row.requester, BOLD), ident, node)
    for each in row.iommus:
        yield from _iommu(each)
    if not row.iommus:
        yield _labelled("IOMMU", Span("none", DIM))
    yield _labelled("MSIs", *_interrupts(row.interrupts))
    for region in row.reserved:
        yield from _region(region)
    if row.more_reserved:
        yield _labelled("reserved", Span("and more, which are left out", DIM))
    if row.group is not None:
        yield from _group(row.group)
    yield from _assignment(row)


def short(row: RequesterRow) -> Line:
    """One requester in one line."""
    iommus = (
        f"{each.found}{'' if each.id is None else f' {each.id:#x}'}"
        for each in row.iommus
        if each.found
    )
    more = " or more" if row.more_reserved else ""
    reserved = f" · {len(row.reserved)}{more} reserved" if row.reserved else ""
    if row.more_reserved and not row.reserved:
        reserved = " · reserved regions, which are left out"
    reasons = [each.reason for each in row.obstacles if each.outcome is row.assignment]
    why = f" ({', '.join(dict.fromkeys(reasons))})" if row.assignment in _STYLE else ""
    answer = Span(f"assignment: {_ANSWERS[row.assignment]}{why}", _STYLE.get(row.assignment, DIM))
    group = f" · with {listed(row.group.others, 2)}" if row.group and row.group.others else ""
    where = listed(iommus, 2) or "no IOMMU"
    return line(f"  {row.requester}  ", f"{where}{reserved}{group}  ", answer)


def _labelled(label: str, *parts: str | Span) -> Line:
    return line(Span(f"  {label}".ljust(_WIDTH), DIM), *parts)


def _iommu(row: IommuRow) -> Iterator[Line]:
    if row.found is None:
        yield _labelled("IOMMU", Span(f"none: {row.end}" if row.end else "none", DIM))
    else:
        ident = "" if row.id is None else f", {row.id_kind} {row.id:#x}"
        yield _labelled("IOMMU", row.found, ident, Span(f"  {_by(row.entry)}", DIM))
    if row.note:
        yield _labelled("", Span(row.note, STYLES["warning"]))


def _by(entry: EntryRow | None) -> str:
    if entry is None:
        return ""
    if entry.index is not None:
        return f"by {entry.name}[{entry.index}] of {entry.node}"
    return f"by {entry.name} of {entry.node}" if entry.name.isupper() else f"by {entry.node}"


def _interrupts(row: InterruptsRow) -> Iterator[str | Span]:
    if row.controller is None:
        yield Span(f"not isolated: {row.reason}" if row.isolated is False else f"{row.reason}", DIM)
        return
    ident = "" if row.id is None else f", device ID {row.id:#x}"
    remapped = "" if row.id is not None or not row.isolated else ", which remaps them"
    yield f"{row.controller}{ident}{remapped}"
    if row.isolated is False:
        yield Span(f"  not isolated: {row.reason}", DIM)


def _region(row: RegionRow) -> Iterator[Line]:
    said = f"  {_by(row.entry)}"
    yield _labelled("reserved", f"{row.first:#x}-{row.last:#x}, {row.kind.value}", Span(said, DIM))
    if row.note:
        yield _labelled("", Span(row.note, DIM))


def _group(row: GroupRow) -> Iterator[Line]:
    number = "" if row.number is None else f"{row.number}: "
    with_others = f"with {listed(row.others, 8)}" if row.others else "alone"
    yield _labelled("IOMMU group", number, with_others)
    for reason in row.reasons:
        yield _labelled("", Span(reason, DIM))


def _assignment(row: RequesterRow) -> Iterator[Line]:
    """What VFIO would say."""
    answer = Span(_ANSWERS[row.assignment], _STYLE.get(row.assignment, ""))
    yield _labelled("assignment", answer)
    for each in row.obstacles:
        yield from _obstacle(each)


def _obstacle(row: ObstacleRow) -> Iterator[Line]:
    yield line(" " * _WIDTH, Span("- ", _STYLE.get(row.outcome, DIM)), row.text)
    if row.log:
        yield line(" " * _WIDTH, Span(f"  kernel log: {row.log}", DIM))


def ranges(rows: Sequence[RangeRow]) -> Iterator[Line]:
    """Requester IDs by IOMMU and MSI controller, as a table."""
    cells = [_cells(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)] if cells else []
    for row, shown in zip(rows, cells, strict=True):
        padded = (text.ljust(width) for text, width in zip(shown, widths, strict=True))
        yield line(
            f"  {'  '.join(padded)}".rstrip(), Span(f"  {row.note}" if row.note else "", DIM)
        )


def _cells(row: RangeRow) -> tuple[str, str, str]:
    span = bdf(row.first, row.segment)
    span += f"-{bdf(row.last)}" if row.last != row.first else ""
    return (
        span,
        _at(row.iommu, row.iommu_id, row.iommu_ids, "no IOMMU"),
        _at(row.msi, row.msi_id, row.msi_ids, ""),
    )


def _at(path: str | None, ident: int | None, count: int, none: str) -> str:
    if path is None:
        return none
    if ident is None:
        return path
    return f"{path} {ident:#x}" + (f"-{ident + count - 1:#x}" if count > 1 else "")
