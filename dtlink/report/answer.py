"""What a command finds out about one input, before it is part of a report: types alone.

Nothing that runs imports this module: protocols and typed dictionaries are slow to define.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dtlink.typed import TYPE_CHECKING, Protocol, TypedDict

if TYPE_CHECKING:
    from dtlink.report.entries import Json
    from dtlink.report.model import CommentEntry, Ignored, TriedBase
    from dtlink.rules.model import Finding
    from dtlink.rules.run import RuleFault


class Reportable(Protocol):
    """What another command than ``lint`` makes of one input."""

    def members(self) -> Mapping[str, Json]:
        """The members that it adds to the input of a JSON report."""
        ...


class Convertible(Protocol):
    """A part of a report that is about all inputs together."""

    def to_json(self) -> Json:
        """The part as plain JSON data."""
        ...


class InputAnswer(TypedDict, total=False):
    """The fields of an :class:`InputReport` that a command fills."""

    references: int
    findings: Sequence[Finding]
    faults: Sequence[RuleFault]
    view: Reportable
    notes: Sequence[str]
    silent: Sequence[str]
    blob: bytes
    differs: str
    bases: Sequence[TriedBase]
    ignored: Sequence[Ignored]
    comments: Sequence[CommentEntry]
