"""What is wrong with an overlay, at one place of it."""

from __future__ import annotations

from dtlink.facts.overlays import OverlayProblem
from dtlink.firmware.tree import Location
from dtlink.records import NamedTuple


class OverlayFault(NamedTuple):
    """One problem of an overlay, by itself or with a base."""

    problem: OverlayProblem
    path: str
    """A node of the overlay."""
    name: str | None = None
    """A property of that node."""
    what: str = ""
    """What it is about: a label, a path, a property, another node."""
    detail: str = ""
    """What more there is to say of it, as data: a name that may be meant, another place."""
    also: tuple[str, ...] = ()
    """Other nodes of the overlay with the same problem."""
    place: Location | None = None
    """Where it is, if not in the overlay: a line of config.txt."""


class Fixup(NamedTuple):
    """A place of an overlay that gets the phandle of a node of the base."""

    label: str
    path: str
    name: str
    offset: int
