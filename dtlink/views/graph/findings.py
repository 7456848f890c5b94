"""Findings, with the nodes and edges of a graph that they are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dtlink.report.model import identified
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT
from dtlink.views.graph.bounds import MAX_FINDINGS, clipped
from dtlink.views.graph.rows import GraphFinding

if TYPE_CHECKING:
    from dtlink.rules.model import Finding
    from dtlink.views.graph.collector import Collector


def rows(found: Sequence[Finding], collector: Collector) -> Iterator[GraphFinding]:
    """The rows of the findings, the worst first."""
    for fingerprint, each in sorted(identified(_worst(found)), key=_rank):
        at = each.location
        yield GraphFinding(
            rule=each.rule,
            severity=each.severity.value,
            confidence=each.confidence.value,
            subject=clipped(each.subject.path),
            property_name=each.property_name,
            index=each.index,
            message=each.message,
            effect=each.effect,
            fix=each.fix.text,
            nodes=_nodes(each, collector),
            place=f"{at.file}:{at.line}" if at else ABSENT,
            fingerprint=fingerprint,
        )


def _worst(found: Sequence[Finding]) -> Sequence[Finding]:
    """As many as a graph has, the worst, in their order: fingerprints take time."""
    if len(found) <= MAX_FINDINGS:
        return found
    worst = sorted(range(len(found)), key=lambda at: found[at].severity.rank)[:MAX_FINDINGS]
    return [found[at] for at in sorted(worst)]


def _rank(item: tuple[str, Finding]) -> int:
    return item[1].severity.rank


def _nodes(finding: Finding, collector: Collector) -> tuple[int, ...]:
    """The devices of the subject, the supplier and the related nodes, as far as there are any."""
    paths = (finding.subject.path, finding.supplier, *finding.related)
    found = dict.fromkeys(_device(path, collector) for path in paths if path)
    return tuple(number for number in found if number >= 0)


def _device(path: str, collector: Collector) -> int:
    """The node of a path, or the nearest above it."""
    while path and (number := collector.find(path)) < 0:
        path = path.rpartition("/")[0]
    return number if path else -1


def add_to_edges(found: Sequence[GraphFinding], collector: Collector) -> None:
    """Name each finding at the edges between its first node and the others."""
    at: dict[tuple[int, int], list[int]] = {}
    for number, each in enumerate(found):
        for other in each.nodes[1:]:
            at.setdefault((each.nodes[0], other), []).append(number)
    for ends, numbers in at.items():
        edge = collector.edges.get(ends)
        if edge is not None:
            collector.edges[ends] = replace(edge, findings=tuple(numbers))
