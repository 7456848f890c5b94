"""What ``dtlink devlink`` tells of one input: the kernel, the prediction, and what it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from dtlink.boot.devlink.ordering import LinkEffect
from dtlink.facts.behaviours import LINKS_NODES
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line
from dtlink.report.rows import SHOWN, by, counted, listing
from dtlink.views import device_links

if TYPE_CHECKING:
    from dtlink.boot.devlink.compare import KernelComparison
    from dtlink.boot.devlink.model import FwnodeLink
    from dtlink.boot.devlink.ordering import Ordering
    from dtlink.facts.profile import KernelProfile
    from dtlink.report.model import InputReport

VIEWS = {
    "full": "all drivers there could be have bound",
    "bare": "a kernel without drivers",
}
_ENDPOINT = "remote-endpoint"


class Outlook(NamedTuple):
    """What is told of one tree."""

    profile: KernelProfile
    ordering: Ordering
    told_by: str = ""
    """What sets the parameters that are no defaults; empty if all are."""
    comparison: KernelComparison | None = None
    observed: dict[str, Any] | None = None
    """The comparison with a running board, as JSON data."""


def kernel(profile: KernelProfile) -> dict[str, Any]:
    """The member ``kernel`` of the report."""
    return {
        "version": profile.release,
        "fw_devlink": profile.fw_devlink.value,
        "strict": profile.strict,
        "deferred_probe_timeout": profile.deferred_probe_timeout,
    }


def head(item: InputReport, outlook: Outlook) -> Iterator[Line]:
    """Which board, which kernel, and what was assumed."""
    profile, prediction = outlook.profile, outlook.ordering.prediction
    yield line(Span(item.path, BOLD), identity(item, outlook.ordering))
    told_by = f" ({outlook.told_by})" if outlook.told_by else ""
    yield line(
        f"Linux {profile.release}, fw_devlink={profile.fw_devlink.value}, "
        f"strict {'on' if profile.strict else 'off'}, "
        f"deferred_probe_timeout {timeout(profile.deferred_probe_timeout)}{told_by}"
    )
    view = f"view {prediction.view}: {VIEWS[prediction.view]}"
    yield line(Span(view + approximated(profile), DIM))


def identity(item: InputReport, ordering: Ordering) -> str:
    """Model, compatible and size of a board."""
    name = f" · {item.model}" if item.model else ""
    who = f" ({item.compatible[0]})" if item.compatible else ""
    devices = len(ordering.prediction.devices)
    return f"{name}{who} · {item.nodes:,} nodes, {devices:,} devices"


def timeout(seconds: int) -> str:
    """The value of ``deferred_probe_timeout`` in words."""
    return "never" if seconds < 0 else f"{seconds} s"


def approximated(profile: KernelProfile) -> str:
    """That the prediction is an approximation, where it is one."""
    return "" if profile.links_nodes else f"; kernels before {LINKS_NODES.since} are approximated"


def lines(item: InputReport, outlook: Outlook, *, everything: bool = False) -> Iterator[Line]:
    """All groups, the ones to act on first."""
    limit = None if everything else SHOWN
    yield from head(item, outlook)
    for group in (_waiting, _cycles, _relaxed, device_links.refused, device_links.counts):
        yield line()
        yield from group(outlook, limit)
    if everything:
        yield line()
        yield from device_links.every_link(outlook.ordering)


def _waiting(outlook: Outlook, limit: int | None) -> Iterator[Line]:
    """Who waits, and for what."""
    ordering, prediction = outlook.ordering, outlook.ordering.prediction
    if not outlook.profile.orders_probing:
        mode = outlook.profile.fw_devlink.value
        yield line(Span("nobody waits", BOLD), f" for a supplier: fw_devlink={mode}")
        return
    full = prediction.view == "full"
    held = {who: what for who, what in ordering.held_up.items() if full}
    if not prediction.waiting and not held:
        yield line(Span("nobody waits for ever" if full else "nobody waits", BOLD))
        return
    waits = "waits for ever for" if full else "waits for"
    title = "that never probe" if full else "waiting for suppliers that are no devices"
    number = len({x.device for x in prediction.waiting} | held.keys())
    style = STYLES["error"] if full else BOLD
    yield line(Span(f"{counted(number, 'device')} {title}", style))
    rows = []
    for who in prediction.waiting:
        for supplier in who.suppliers:
            tie = ordering.dependencies.get((who.device, supplier))
            entry = by(tie.origins) if tie else ""
            rows.append(line(f"  {who.device} {waits} {supplier}", Span(f"  {entry}", DIM)))
    rows += [
        line(f"  {who} waits behind {', '.join(what)}, which never probes")
        for who, what in held.items()
    ]
    yield from listing(rows, limit)
    if full:
        hint = 'the kernel: "wait for supplier …" in /sys/kernel/debug/devices_deferred'
        yield line(Span(f"  {hint}; dtlink lint says what to write instead", DIM))


def _cycles(outlook: Outlook, limit: int | None) -> Iterator[Line]:
    """The kernel's own lines, those of graph endpoints only counted."""
    prediction = outlook.ordering.prediction
    if not prediction.cycles:
        yield line(Span("no cycles", BOLD))
        return
    reports = Counter((report.consumer, report.supplier) for report in prediction.cycles)
    endpoints = _endpoint_pairs(prediction.fwnode_links)
    words = log_words(outlook.profile)
    rows = [
        line(
            f"  {pair[0]}: {words} {pair[1]}", Span(f"  ({times} times)" if times > 1 else "", DIM)
        )
        for pair, times in reports.items()
        if limit is None or pair not in endpoints
    ]
    lines_told = counted(len(prediction.cycles), "line")
    names = "" if outlook.profile.links_nodes else "; this kernel names devices, not nodes"
    yield line(
        Span("cycles", BOLD),
        f" · the log has {lines_told} about {counted(len(reports), 'pair')} of nodes{names}",
    )
    yield from listing(rows, limit)
    graph = len(reports.keys() & endpoints)
    if graph and limit is not None:
        told = f"  {counted(graph, 'pair')} by {_ENDPOINT} alone, as any graph has (--all)"
        yield line(Span(told, DIM))


def log_words(profile: KernelProfile) -> str:
    """How the kernel's log tells of a cycle."""
    if profile.links_nodes:
        return "Fixed dependency cycle(s) with"
    return "Fixing up cyclic dependency with"


def _endpoint_pairs(links: Iterable[FwnodeLink]) -> set[tuple[str, str]]:
    """The links that nothing but graph endpoints make."""
    return {
        (link.consumer, link.supplier)
        for link in links
        if link.origins and {origin.property_name for origin in link.origins} == {_ENDPOINT}
    }


def _relaxed(outlook: Outlook, limit: int | None) -> Iterator[Line]:
    """Who does not wait although the tree says so."""
    found = list(outlook.ordering.of(LinkEffect.RELAXED, LinkEffect.IGNORED))
    if not found:
        yield line(Span("every link between devices is ordered", BOLD))
        return
    title = f"{counted(len(found), 'link')} not ordered"
    yield line(Span(title, BOLD), ": the consumer may probe before its supplier")
    rows, graph, inside = [], 0, 0
    for (consumer, supplier), tie in found:
        names = {origin.property_name for origin in tie.origins}
        if limit is not None and names == {_ENDPOINT}:
            graph += 1
        elif limit is not None and supplier.startswith(consumer + "/"):
            inside += 1
        else:
            given_up = (
                ", given up by post-init-providers" if tie.effect is LinkEffect.IGNORED else ""
            )
            note = f"  {by(tie.origins)}{given_up}"
            rows.append(line(f"  {consumer} → {supplier}", Span(note, DIM)))
    yield from listing(rows, limit)
    if inside:
        yield line(Span(f"  {inside} to a node of the consumer's own (--all)", DIM))
    if graph:
        yield line(Span(f"  {graph} by {_ENDPOINT} alone (--all)", DIM))
