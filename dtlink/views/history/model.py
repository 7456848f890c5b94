"""What is kept of saved reports: of each input its findings, nothing that is of one build alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dtlink.records import NamedTuple


class SavedFinding(NamedTuple):
    """A finding of a saved report."""

    rule: str
    fingerprint: str
    severity: str
    is_accepted: bool
    """Whether it does not count: a baseline, the configuration or a comment accepts it."""
    subject: str
    property_name: str | None
    supplier: str | None
    message: str
    effect: str
    fix: str

    @property
    def fault(self) -> tuple[str, str]:
        """What makes findings of several boards and builds one fault."""
        return self.rule, self.fingerprint


class SavedInput(NamedTuple):
    """An input of a saved report."""

    path: str
    rest: str
    """What its name has after the path: a member, overlays."""
    model: str
    error: str
    """Why it was not read; empty if it was."""
    findings: tuple[SavedFinding, ...]
    failed: tuple[str, ...]
    """The rules that failed, or of which the report lacks findings: whether one that is not listed
    is there is not known."""


class SavedDocument(NamedTuple):
    """One JSON document: a whole report, or a line of ``--format jsonl``."""

    dtlink: str
    kernel: str
    inputs: tuple[SavedInput, ...]


class SavedReport(NamedTuple):
    """A file of reports."""

    path: str
    """As it was given, or found in a folder that was given."""
    time: int
    """When it was last written, in nanoseconds."""


class Build(NamedTuple):
    """The inputs of one build, by the names that they have in all builds."""

    path: str
    number: int
    """1; more where a file has several builds."""
    time: int
    dtlink: str
    kernel: str
    inputs: Sequence[tuple[str, SavedInput]]


#: The builds of a source, and the files that it could not read, with why.
Builds = Iterable[Build]
