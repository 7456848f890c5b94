"""The places of a source that a finding is about beside its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from dtlink.firmware.tree import Location, Node, Origins
from dtlink.rules.finding import PlaceRole, RelatedPlace

#: Upper bound on the places of each role.
_MOST = 8


def related_places(
    origins: Origins,
    node: Node,
    names: Sequence[str],
    at: Location | None,
    others: Iterable[Node],
) -> tuple[RelatedPlace, ...]:
    """Where the other nodes are, where the node is enabled and opened, and the property set before.

    ``names`` are the properties, the first one that which the finding is at; ``others`` are the
    supplier and the related nodes; ``at`` is the place of the finding.
    """
    name = names[0] if names else None
    return (
        *_of_properties(origins, node, names[1:]),
        *islice(_of_others(origins, others), _MOST),
        *islice(_enabling(origins, node), 1),
        *islice(_openings(origins, node, name, at), _MOST),
        *islice(_settings(origins, node, name), _MOST),
    )


def _of_properties(origins: Origins, node: Node, names: Iterable[str]) -> Iterator[RelatedPlace]:
    for name in names:
        location = origins.location(node.path, name) if node.has(name) else None
        if location is not None:
            yield RelatedPlace(PlaceRole.OTHER, node.path, name, _short(location))


def _of_others(origins: Origins, others: Iterable[Node]) -> Iterator[RelatedPlace]:
    for other in dict.fromkeys(others):
        # Of a node that is not available, that is what matters.
        name = None if other.available else "status"
        location = origins.location(other.path, name)
        if location is not None:
            yield RelatedPlace(PlaceRole.RELATED, other.path, name, _short(location))


def _enabling(origins: Origins, node: Node) -> Iterator[RelatedPlace]:
    for each in (node, *node.ancestors):
        location = origins.location(each.path, "status") if each.has("status") else None
        if location is not None and each.available:
            yield RelatedPlace(PlaceRole.ENABLED, each.path, "status", _short(location))


def _openings(
    origins: Origins, node: Node, name: str | None, at: Location | None
) -> Iterator[RelatedPlace]:
    """The openings of the node, but for the one that the finding is in."""
    for location in origins.node(node.path, besides=name):
        if at is None or location[:3] != at[:3]:
            yield RelatedPlace(PlaceRole.OPENING, node.path, None, _short(location))


def _settings(origins: Origins, node: Node, name: str | None) -> Iterator[RelatedPlace]:
    """The places that set the property, but for the last one, which counts."""
    if name is not None and node.has(name):
        for location in origins.property(node.path, name)[:-1]:
            yield RelatedPlace(PlaceRole.SETTING, node.path, name, _short(location))


def _short(location: Location) -> Location:
    return Location(location.file, location.line, location.column)
