"""The related places of a finding in text: only those that its own place does not show."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence

from dtlink.firmware.tree import Location
from dtlink.report.groups import Group
from dtlink.report.places import relative
from dtlink.rules.finding import Finding, PlaceRole
from dtlink.wording import listed

#: How many places of a kind are named before the rest is counted.
_MOST = 3


def placed(group: Group) -> Sequence[str]:
    """The related nodes, each with its place in the source where that is known."""
    finding = group.finding
    places = {
        each.node: f"{each.node} ({each.property_name or 'declared'} {_at(each.location, finding)})"
        for each in group.places
        if each.role is PlaceRole.RELATED
    }
    return [places.get(path, path) for path in finding.related]


def around(group: Group) -> str:
    """Where the property was set before; in other files: where the node is enabled and opened.

    And by what the file is included, if that is not the board itself, and there is one board. The
    openings matter where a property is missing, or the finding is about the node.
    """
    return "; ".join(_parts(group))


def _parts(group: Group) -> Iterator[str]:
    finding = group.finding
    if finding.location is None:
        return
    known = {finding.location.file}
    for place in (each for each in group.places if each.role is PlaceRole.OTHER):
        yield f"{place.property_name} {_at(place.location, finding)}"
    yield from _listed("set before", group, PlaceRole.SETTING, ())
    yield from _listed("enabled", group, PlaceRole.ENABLED, known)
    known |= {each.location.file for each in group.places if each.role is PlaceRole.ENABLED}
    if not _is_at_property(group):
        yield from _listed("opened", group, PlaceRole.OPENING, known)
    chain = finding.location.chain
    if len(chain) > 1 and not group.is_shared:
        lines = (_at(Location(*each), finding) for each in chain)
        yield f"included {listed(lines, _MOST)}"


def _is_at_property(group: Group) -> bool:
    """Whether the finding is at a property, not at the opening of its node."""
    finding = group.finding
    name, location = finding.property_name, finding.location
    if name is None or location is None:
        return False
    is_there = location.text[location.column - 1 :].startswith(name)
    others = (PlaceRole.OTHER, PlaceRole.SETTING)
    return is_there or finding.index is not None or any(p.role in others for p in group.places)


def _listed(words: str, group: Group, role: PlaceRole, known: Collection[str]) -> Iterator[str]:
    """The places of a role that are not in files that are known."""
    there = [each.location for each in group.places if each.role is role]
    shown = [_at(each, group.finding) for each in there if each.file not in known]
    if shown:
        yield f"{words} {listed(shown, _MOST)}"


def _at(place: Location, finding: Finding) -> str:
    """A place as briefly as is clear beside that of the finding."""
    file = finding.location.file if finding.location else ""
    if place.file == file:
        return f"in line {place.line}"
    folder, name = os.path.split(place.file)
    shown = name if folder == os.path.split(file)[0] else relative(place.file)
    return f"at {shown}:{place.line}"
