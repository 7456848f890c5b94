"""What answers are made of: plain data that the server turns into messages."""

from __future__ import annotations

from dtlink.lsp.positions import Span
from dtlink.records import NamedTuple
from dtlink.rules.finding import Severity


class FileSpan(NamedTuple):
    """A stretch of a file."""

    path: str
    span: Span


class RelatedNote(NamedTuple):
    """Another place that has to do with a diagnostic."""

    at: FileSpan
    message: str


class Diagnostic(NamedTuple):
    """A finding, or an error of a source, at its place."""

    at: FileSpan
    severity: Severity
    code: str
    """The rule; ``source`` for an error of the source; ``dtlink`` for what is about the run."""
    message: str
    related: tuple[RelatedNote, ...] = ()


class LensText(NamedTuple):
    """A line above a node."""

    at: Span
    text: str


class HoverText(NamedTuple):
    """Markdown about what is under the cursor."""

    at: Span
    text: str
