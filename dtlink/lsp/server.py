"""The server: which message of the protocol asks for which answer."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from dtlink.lsp import actions, hover, lenses, symbols, targets
from dtlink.lsp.documents import OpenFiles
from dtlink.lsp.messages import Messages, position
from dtlink.lsp.options import read_options
from dtlink.lsp.positions import Span, path_of
from dtlink.lsp.session import Session
from dtlink.typed import TYPE_CHECKING, Any
from dtlink.version import __version__

if TYPE_CHECKING:
    from dtlink.lsp.analysis import Analysis

#: Files whose changes on the disk matter.
_WATCHED = "**/*.{dts,dtsi,dtso,h,toml}"
_CONFIGURATION = "dtlink.toml"


class DtlinkServer(LanguageServer):
    """A server with its session."""

    def __init__(self) -> None:
        super().__init__("dtlink", __version__, max_workers=1)
        self.session = Session()
        self.messages = Messages(self.session)
        self._timer: asyncio.TimerHandle | None = None
        self.versions: dict[str, int] = {}
        """By URI the versions of the open documents."""
        self._sent: dict[str, tuple[int | None, list[types.Diagnostic]]] = {}
        """By URI the version and the diagnostics that the editor has."""

    @property
    def files(self) -> OpenFiles:
        """The files as the editor has them."""
        return self.session.files

    def begin(self, params: types.InitializeParams) -> None:
        """Take the options; paths in them are those of the first folder."""
        root = params.workspace_folders[0].uri if params.workspace_folders else params.root_uri
        folder = path_of(root) if root else None
        if folder and os.path.isdir(folder):
            os.chdir(folder)
        self.session.options = read_options(params.initialization_options)

    def started(self) -> None:
        """Report what was not understood, and watch for changes on the disk."""
        encoding = self.workspace.position_encoding or types.PositionEncodingKind.Utf16
        self.session.files.encoding = types.PositionEncodingKind(encoding).value
        for problem in self.session.options.problems:
            self.window_show_message(
                types.ShowMessageParams(types.MessageType.Warning, f"dtlink: {problem}")
            )
        watching = self.client_capabilities.workspace
        files = watching.did_change_watched_files if watching else None
        if files and files.dynamic_registration:
            watcher = types.FileSystemWatcher(_WATCHED)
            self.client_register_capability(
                types.RegistrationParams(
                    [
                        types.Registration(
                            "dtlink-files",
                            types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                            types.DidChangeWatchedFilesRegistrationOptions([watcher]),
                        )
                    ]
                )
            )

    # Diagnostics

    def later(self, *, at_once: bool = False) -> None:
        """Lint when the user has stopped typing for a moment."""
        if self._timer is not None:
            self._timer.cancel()
        delay = 0 if at_once else self.session.options.delay / 1000
        self._timer = asyncio.get_running_loop().call_later(delay, self._step)

    def _step(self) -> None:
        """Lint one board, and come back for the next: messages are answered in between."""
        self._timer = None
        if self.session.step():
            self._publish()
            self.later(at_once=True)
        else:
            self._publish()

    def _publish(self) -> None:
        """Send what is new: other diagnostics of a file, or those of its next version."""
        for path, found in self.session.published().items():
            uri = self.messages.uri(path)
            version = self.versions.get(uri)
            sent = [self.messages.diagnostic(each) for each in found]
            if self._sent.get(uri, (None, [])) == (version, sent):
                continue
            self._sent[uri] = version, sent
            if version is None and not sent:
                del self._sent[uri]
            params = types.PublishDiagnosticsParams(uri, sent, version)
            self.text_document_publish_diagnostics(params)

    # Questions

    def ask(
        self,
        at: types.HoverParams | types.DefinitionParams | types.ReferenceParams,
        answer: Callable[..., Any],
        **more: Any,
    ) -> Any:
        """The answer for a position of a file, of its board; ``None`` without a board."""
        path, analysis = self.board(at.text_document.uri)
        if path is None or analysis is None:
            return None
        offset = self.files.lines(path).offset(position(at.position))
        return answer(analysis, self.files, self.session.structures, path, offset, **more)

    def board(self, uri: str) -> tuple[str | None, Analysis | None]:
        """The path of a URI, and the board that the file is a part of."""
        path = path_of(uri)
        return path, self.session.analysis(path) if path else None


def make_server() -> DtlinkServer:
    """The server with all that it answers."""
    server = DtlinkServer()
    _add_life(server)
    _add_documents(server)
    _add_questions(server)
    _add_lists(server)
    return server


def serve() -> None:
    """Speak the protocol on standard input and output, until the editor ends it.

    Nothing else may write to standard output meanwhile: it goes to standard error.
    """
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    make_server().start_io(stdin=sys.stdin.buffer, stdout=out)


def _add_life(server: DtlinkServer) -> None:
    session = server.session

    @server.feature(types.INITIALIZE)
    def begin(params: types.InitializeParams) -> None:
        server.begin(params)

    @server.feature(types.INITIALIZED)
    def started(_: types.InitializedParams) -> None:
        server.started()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: types.DidChangeWatchedFilesParams) -> None:
        paths = [path_of(each.uri) for each in params.changes]
        # What is open was saved by the editor itself.
        if any(path and not session.is_open(path) for path in paths):
            session.forget()
            server.later()


def _add_documents(server: DtlinkServer) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        uri = params.text_document.uri
        if path := path_of(uri):
            server.versions[uri] = params.text_document.version
            session.open(path, params.text_document.text, uri)
            server.later(at_once=True)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        if path := path_of(uri):
            server.versions[uri] = params.text_document.version
            session.change(path, server.workspace.get_text_document(uri).source)
            server.later()

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        if path and os.path.basename(path) == _CONFIGURATION:
            session.forget()
        elif path:
            session.save(path)
        server.later(at_once=True)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        if path := path_of(params.text_document.uri):
            server.versions.pop(params.text_document.uri, None)
            session.close(path)
            server.later(at_once=True)


def _add_questions(server: DtlinkServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        found = server.ask(params, hover.hover)
        if found is None:
            return None
        markdown = types.MarkupContent(types.MarkupKind.Markdown, found.text)
        return types.Hover(markdown)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def defined(params: types.DefinitionParams) -> types.Location | None:
        found = server.ask(params, targets.definition)
        return server.messages.location(found) if found else None

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def referenced(params: types.ReferenceParams) -> list[types.Location]:
        declaration = params.context.include_declaration
        found = server.ask(params, targets.references, declaration=declaration)
        return [server.messages.location(each) for each in found or ()]

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions([types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]),
    )
    def acted(params: types.CodeActionParams) -> list[types.CodeAction]:
        path, analysis = server.board(params.text_document.uri)
        if path is None or analysis is None:
            return []
        return _actions(server, path, analysis, params)


def _actions(
    server: DtlinkServer, path: str, analysis: Analysis, params: types.CodeActionParams
) -> list[types.CodeAction]:
    """The fixes at a range, and all safe ones together, as far as they are asked for."""
    wanted = params.context.only
    lines = server.files.lines(path)
    span = Span(*(lines.offset(position(at)) for at in (params.range.start, params.range.end)))
    found: list[types.CodeAction] = []
    if not wanted or types.CodeActionKind.QuickFix in wanted:
        each = actions.fixes(analysis, server.files, path, span)
        found += [server.messages.action(fix, types.CodeActionKind.QuickFix) for fix in each]
    if not wanted or {types.CodeActionKind.Source, types.CodeActionKind.SourceFixAll} & {*wanted}:
        every = actions.all_safe(analysis, server.files)
        kind = types.CodeActionKind.SourceFixAll
        found += [server.messages.action(every, kind)] if every else []
    return found


def _add_lists(server: DtlinkServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outlined(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        path = path_of(params.text_document.uri)
        if path is None:
            return []
        return server.messages.symbols(path, symbols.symbols(server.session.structures.of(path)))

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def lensed(params: types.CodeLensParams) -> list[types.CodeLens]:
        path = path_of(params.text_document.uri)
        if path is None or not server.session.options.code_lens:
            return []
        chosen = server.session.chosen(path)
        found = [lenses.board_lens(chosen)] if chosen else []
        analysis = server.session.analysis(path)
        if analysis is not None:
            found += lenses.note_lenses(analysis) if analysis.path == path else []
            found += lenses.lenses(analysis, server.files, server.session.structures, path)
        return [server.messages.lens(path, each) for each in found]
