"""The form of the JSON report: each member by its name, as the published schema has it.

These forms are for archives: they stay when a type inside dtlink changes, and members are only
added to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dtlink.rules.entries import LocationEntry
from dtlink.typed import TYPE_CHECKING, Any, NotRequired, TypedDict

if TYPE_CHECKING:
    from typing import TypeAlias

    from dtlink.rules.entries import FindingEntry

#: Plain JSON data.
Json: TypeAlias = str | int | float | Sequence["Json"] | Mapping[str, "Json"] | None
#: A JSON object that is being made.
JsonObject: TypeAlias = dict[str, Json]


class IgnoredEntry(TypedDict):
    """A finding that the configuration, or a comment, takes out."""

    finding: FindingEntry
    reason: str
    source: str | None


class FixedEntry(TypedDict):
    """A finding of the baseline that is gone."""

    rule: str
    subject: str
    property: str | None
    supplier: str | None
    fingerprint: str


class UnmetEntry(TypedDict):
    """A finding that is expected, and not there."""

    rule: str
    node: str | None
    reason: str | None
    source: str
    kind: str
    location: NotRequired[LocationEntry]


class FaultEntry(TypedDict):
    """A rule that raised."""

    rule: str
    error: str


class SourceFaultEntry(LocationEntry):
    """One thing that is wrong in devicetree source, and where."""

    message: str
    fix: str
    """Empty where nothing can be said."""


class ErrorEntry(TypedDict):
    """Why an input could not be read."""

    message: str
    offset: int | None
    bug: bool
    faults: NotRequired[list[SourceFaultEntry]]


class RefusedEntry(TypedDict):
    """A file of an input of several that could not be read."""

    path: str
    message: str
    offset: int | None
    faults: NotRequired[list[SourceFaultEntry]]


class FileEntry(TypedDict):
    """A file of a folder of tables."""

    table: str
    path: str


class BaseEntry(TypedDict):
    """A base on which an overlay was tried."""

    path: str
    applies: bool
    why_not: str | None


class TruncatedEntry(TypedDict):
    """How many findings of a rule and a severity one of the lists lacks."""

    member: str
    rule: str
    severity: str
    omitted: int


class InputEntry(TypedDict):
    """An input; beside these, it has the part that the command makes."""

    path: str
    sha256: str | None
    form: str | None
    model: str | None
    compatible: list[str]
    error: ErrorEntry | None
    member: NotRequired[str]
    container: NotRequired[JsonObject]
    overlays: NotRequired[list[str]]
    variant: NotRequired[str]
    bases: NotRequired[list[BaseEntry]]
    files: NotRequired[list[FileEntry]]
    kernel: NotRequired[JsonObject]
    checked: NotRequired[bool]
    notes: NotRequired[list[str]]
    refused: NotRequired[list[RefusedEntry]]
    findings: NotRequired[list[FindingEntry]]
    known: NotRequired[list[FindingEntry]]
    fixed: NotRequired[list[FixedEntry]]
    ignored: NotRequired[list[IgnoredEntry]]
    truncated: NotRequired[list[TruncatedEntry]]
    unmet: NotRequired[list[UnmetEntry]]
    faults: NotRequired[list[FaultEntry]]


class Document(TypedDict):
    """The whole; ``rules`` is by commands that are about rules, ``configuration`` by one."""

    schema: str
    dtlink: str
    kernel: JsonObject | None
    baseline: NotRequired[str]
    since: NotRequired[JsonObject]
    machine: NotRequired[JsonObject]
    summary: JsonObject
    notes: NotRequired[list[str]]
    union: NotRequired[Json]
    inputs: list[Any]
    rules: NotRequired[list[JsonObject]]
