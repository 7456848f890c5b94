"""The links in the text of ``dtlink devlink``: those not made, their number, their flags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dtlink.boot.devlink.effects import TryResult
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.report.rows import by, counted, listing
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.ordering import Ordering
    from dtlink.views.devlink import DevlinkView


def refused(result: DevlinkView, limit: int | None) -> Iterator[Line]:
    """References and device links that were dropped, by reason."""
    prediction = result.ordering.prediction
    if not prediction.not_linked and not prediction.refused:
        yield line(Span("every reference that the kernel reads makes a link", BOLD))
        return
    reasons = {
        "unavailable": "whose supplier, or an ancestor of it, is disabled",
        "no device": "whose supplier has no device of its own in this kernel",
    }
    for reason, words in reasons.items():
        found = [item for item in prediction.not_linked if item.reason == reason]
        if found:
            yield line(Span(counted(len(found), "reference"), BOLD), f" dropped, {words}")
            rows = [
                line(f"  {x.consumer} → {x.supplier}", Span(f"  {by([x.origin])}", DIM))
                for x in found
            ]
            yield from listing(rows, limit and limit // 2)
    if prediction.refused:
        pairs = list(dict.fromkeys(prediction.refused))
        words = "not created (consumer already probed, or would form a loop): delays no probe"
        yield line(Span(counted(len(pairs), "device link"), BOLD), f" {words}")
        rows = [line(f"  {consumer} → {supplier}") for consumer, supplier in pairs]
        yield from listing(rows, limit and limit // 2)


def counts(result: DevlinkView, limit: int | None) -> Iterator[Line]:
    """How many links there are in the end."""
    prediction = result.ordering.prediction
    links = prediction.device_links
    kinds = {
        "order probing": sum(not link.sync_state_only for link in links),
        "order runtime PM too": sum(link.runtime_pm for link in links),
        "for sync_state() only": sum(link.sync_state_only for link in links),
    }
    kinds |= Counter(link.status for link in links)
    told = ", ".join(f"{number:,} {kind}" for kind, number in kinds.items() if number)
    hint = Span(" (--all lists them)" if limit is not None and links else "", DIM)
    yield line(Span(counted(len(links), "device link"), BOLD), f": {told}" if told else "", hint)
    if prediction.tried:
        later = sum(each.result is TryResult.LATER for each in prediction.tried)
        tried = counted(len(prediction.tried), "reference")
        yield line(f"{later:,} of {tried} tried lack a device of the supplier")
        return
    left = sum(link.remaining for link in prediction.fwnode_links)
    made = len(prediction.fwnode_links)
    yield line(f"{left:,} of {made:,} fwnode links remain: their consumers have no driver")


def every_link(ordering: Ordering) -> Iterator[Line]:
    """Each device link with its flags and status, and each fwnode link that remains."""
    prediction = ordering.prediction
    flags = {(link.consumer, link.supplier): link.flags for link in prediction.fwnode_links}
    yield line(Span("device links", BOLD))
    rows = []
    for item in prediction.device_links:
        notes = ["sync_state_only"] * item.sync_state_only + [item.status]
        notes += [_FLAGS[flag] for flag in flags.get((item.consumer, item.supplier), ())]
        note = Span(f"  {', '.join(notes)}", DIM)
        rows.append(line(f"  {item.consumer} → {item.supplier}", note))
    yield from listing(rows, None)
    left = [link for link in prediction.fwnode_links if link.remaining]
    if left:
        yield line()
        yield line(Span("fwnode links that remain", BOLD))
    rows = []
    for link in left:
        notes = [by(link.origins) or "moved", *(_FLAGS[flag] for flag in link.flags)]
        note = Span(f"  {', '.join(notes)}", DIM)
        rows.append(line(f"  {link.consumer} → {link.supplier}", note))
    yield from listing(rows, None)


_FLAGS = {"CYCLE": "cycle", "IGNORE": "ignored"}
