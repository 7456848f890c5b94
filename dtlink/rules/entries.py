"""The form of a finding in JSON: members are only added."""

from __future__ import annotations

from dtlink.typed import NotRequired, TypedDict


class IncluderEntry(TypedDict):
    """A line that includes a source."""

    file: str
    line: int


class LocationEntry(TypedDict):
    """A place in a source."""

    file: str
    line: int
    column: NotRequired[int]
    macro: NotRequired[str]
    included_by: NotRequired[list[IncluderEntry]]


class RelatedPlaceEntry(TypedDict):
    """Another place in the source; ``role`` is a value of ``PlaceRole``."""

    role: str
    node: str
    property: str | None
    file: str
    line: int
    column: NotRequired[int]


class EditEntry(TypedDict):
    """An edit: of a property, of a child, or of a table's field."""

    node: NotRequired[str]
    property: NotRequired[str]
    value: NotRequired[str | int]
    delete: NotRequired[bool]
    child: NotRequired[str]
    structure: NotRequired[str]
    field: NotRequired[str]


class TextEditEntry(TypedDict):
    """A stretch of a file, and what takes its place; lines and columns count from 1."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class SafetyEntry(TypedDict):
    """Whether edits may be made without a look at them, and why."""

    safe: bool
    reason: str


class FindingEntry(TypedDict):
    """A finding."""

    rule: str
    severity: str
    confidence: str
    subject: str
    property: str | None
    index: int | None
    message: str
    consequence: str
    fix: str
    related: list[str]
    supplier: str | None
    location: LocationEntry | None
    offset: int | None
    fingerprint: str
    url: str
    edits: NotRequired[list[EditEntry]]
    fix_safety: NotRequired[SafetyEntry]
    text_edits: NotRequired[list[TextEditEntry]]
    fix_refused: NotRequired[str]
    places: NotRequired[list[RelatedPlaceEntry]]
    overlay: NotRequired[str]
