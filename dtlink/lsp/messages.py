"""Answers as messages of the protocol; the only place that knows both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lsprotocol import types

from dtlink.escaping.text import prose
from dtlink.firmware.text_edits import by_file
from dtlink.lsp.positions import Position, Span, TextLines
from dtlink.rules.finding import Severity
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.lsp.actions import OfferedFix
    from dtlink.lsp.model import Diagnostic, FileSpan, LensText
    from dtlink.lsp.session import Session
    from dtlink.lsp.symbols import Symbol

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}


class Messages:
    """Makes messages of answers, by the files as they are open in a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def uri(self, path: str) -> str:
        """The URI of a file, as the editor has it if it is open."""
        return self._session.uri_of(path)

    def range(self, at: FileSpan) -> types.Range:
        """A stretch of a file."""
        return _range(self._session.files.lines(at.path), at.span)

    def location(self, at: FileSpan) -> types.Location:
        """A stretch of a file, with the file."""
        return types.Location(self.uri(at.path), self.range(at))

    def diagnostic(self, each: Diagnostic) -> types.Diagnostic:
        """A finding."""
        related = [
            types.DiagnosticRelatedInformation(self.location(note.at), prose(note.message))
            for note in each.related
        ]
        return types.Diagnostic(
            self.range(each.at),
            prose(each.message),
            severity=_SEVERITIES[each.severity],
            code=each.code,
            source="dtlink",
            related_information=related or None,
        )

    def action(self, fix: OfferedFix, kind: types.CodeActionKind) -> types.CodeAction:
        """A fix."""
        return types.CodeAction(
            prose(fix.title),
            kind=kind,
            diagnostics=[self.diagnostic(each) for each in fix.diagnostics],
            is_preferred=fix.is_preferred or None,
            edit=types.WorkspaceEdit(changes=self._changes(fix)),
        )

    def _changes(self, fix: OfferedFix) -> dict[str, Sequence[types.TextEdit]]:
        changes: dict[str, Sequence[types.TextEdit]] = {}
        for path, edits in by_file(fix.edits).items():
            lines = self._session.files.lines(path)
            changes[self.uri(path)] = [
                types.TextEdit(_range(lines, Span(each.start, each.end)), each.text)
                for each in edits
            ]
        return changes

    def symbols(self, path: str, found: Iterable[Symbol]) -> list[types.DocumentSymbol]:
        """The outline of a file."""
        return [_symbol(self._session.files.lines(path), each) for each in found]

    def lens(self, path: str, each: LensText) -> types.CodeLens:
        """A line above a node; there is nothing to run."""
        at = _range(self._session.files.lines(path), each.at)
        return types.CodeLens(at, command=types.Command(prose(each.text), ""))


def position(at: types.Position) -> Position:
    """A position that the editor sends."""
    return Position(at.line, at.character)


def _range(lines: TextLines, span: Span) -> types.Range:
    start, end = lines.position(span.start), lines.position(span.end)
    return types.Range(types.Position(*start), types.Position(*end))


def _symbol(lines: TextLines, each: Symbol) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        prose(each.name),
        types.SymbolKind.Class,
        _range(lines, each.whole),
        _range(lines, each.name_at),
        detail=prose(each.detail or "") or None,
        children=[_symbol(lines, below) for below in each.children],
    )
