"""The state of a server: open files, the boards that they belong to, and what was published."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dtlink.config.model import LintSettings
from dtlink.firmware.source.includers import COMPILED
from dtlink.lsp.analysis import Analysis, analyse
from dtlink.lsp.choice import choose_board
from dtlink.lsp.diagnostics import RUN, at_top, diagnostics
from dtlink.lsp.documents import OpenFiles
from dtlink.lsp.model import Diagnostic, FileSpan
from dtlink.lsp.options import ServerOptions
from dtlink.lsp.positions import Span, uri_of
from dtlink.lsp.structure import FileStructures
from dtlink.records import NamedTuple
from dtlink.report.model import InputFault, InputReport
from dtlink.rules.finding import Severity

#: How many boards are kept in full; of others only the diagnostics.
_KEPT = 4
#: Names of files that are devicetree source.
SOURCES = (*COMPILED, ".dtsi", ".h")


class ChosenBoard(NamedTuple):
    """The board that an included file is read as a part of, if none of its boards is open."""

    path: str
    """Empty: no board includes the file."""
    others: int = 0
    """How many more boards include it."""


@dataclass(slots=True)
class _Board:
    """What is known of a board."""

    analysis: Analysis | None = None
    """``None``: let go, or never read."""
    files: frozenset[str] = frozenset()
    """Those of the last time that it could be read."""
    found: Sequence[Diagnostic] = ()
    is_stale: bool = True
    with_schema: bool = True
    readable: Analysis | None = field(default=None)
    """The last analysis that could be read."""


class Session:
    """Answers which board a file belongs to, and which diagnostics files have."""

    def __init__(self, options: ServerOptions | None = None) -> None:
        self.options = options or ServerOptions()
        self.files = OpenFiles()
        self.structures = FileStructures(self.files)
        self._open: list[str] = []
        """The open files, real paths, the one opened or changed last first."""
        self._names: dict[str, str] = {}
        """The path that the editor has for each open file, by the real one."""
        self._boards: dict[str, _Board] = {}
        """By path as the editor has it."""
        self._chosen: dict[str, ChosenBoard] = {}
        self._published: set[str] = set()
        self._uris: dict[str, str] = {}
        """What the editor calls the files that are open, or were."""

    # Files

    def open(self, path: str, text: str, uri: str = "") -> None:
        """A file is opened; ``uri`` is what the editor calls it."""
        self._names[os.path.realpath(path)] = path
        self._uris[path] = uri or uri_of(path)
        self._put(path, text)

    def change(self, path: str, text: str) -> None:
        """An open file is changed."""
        self._put(path, text, with_schema=False)

    def save(self, path: str) -> None:
        """An open file is saved: what is checked on the disk only is checked now."""
        self._spoil(path, with_schema=True)

    def close(self, path: str) -> None:
        """A file is closed: what is on the disk counts again."""
        real = os.path.realpath(path)
        self.files.drop(path)
        self._open = [each for each in self._open if each != real]
        self._names.pop(real, None)
        self._spoil(path, with_schema=True)
        self._let_go()

    def forget(self) -> None:
        """Files on the disk have changed: read all anew, configurations too."""
        from dtlink.config import resolve
        from dtlink.firmware.source import includers

        resolve.forget()
        includers.forget()
        self._chosen.clear()
        for board in self._boards.values():
            board.is_stale = board.with_schema = True

    def _put(self, path: str, text: str, *, with_schema: bool = True) -> None:
        real = os.path.realpath(path)
        self.files.put(path, text)
        self._open = [real, *(each for each in self._open if each != real)]
        self._spoil(path, with_schema=with_schema)

    def _spoil(self, path: str, *, with_schema: bool) -> None:
        """Mark the boards that a file may be a part of."""
        real = os.path.realpath(path)
        for name, board in self._boards.items():
            own = os.path.realpath(name)
            # Of a board that was never read it is not known what it includes.
            if real == own or real in board.files or not board.files:
                board.is_stale, board.with_schema = True, with_schema

    # Boards

    def is_open(self, path: str) -> bool:
        """Whether the editor has a file open."""
        return os.path.realpath(path) in self._names

    def name_of(self, path: str) -> str:
        """A file's path as the editor has it."""
        return self._names.get(os.path.realpath(path), path)

    def uri_of(self, path: str) -> str:
        """What the editor calls a file, if it has opened it; else its URI."""
        name = self.name_of(path)
        return self._uris.get(name) or uri_of(os.path.abspath(name))

    def board_of(self, path: str) -> str | None:
        """The board that a file is read as a part of; ``None``: there is none.

        A board is its own; of an included file it is the open one that was used last and includes
        it, else one that is chosen.
        """
        if path.endswith(COMPILED):
            return self.name_of(path)
        real = os.path.realpath(path)
        for board in self._open_boards():
            held = self._boards.get(board)
            if held is None or not held.files:
                held = self._read(board)
            if real in held.files:
                return board
        return self._choice(path).path or None

    def chosen(self, path: str) -> ChosenBoard | None:
        """The board that was chosen for an included file; ``None``: an open one includes it."""
        if path.endswith(COMPILED) or self.board_of(path) in self._open_boards():
            return None
        return self._choice(path)

    def analysis(self, path: str) -> Analysis | None:
        """The board of a file, up to date; if it has errors, as it was when it had none."""
        board = self.board_of(path)
        if board is None:
            return None
        found = self._read(board, whole=True)
        return found.readable or found.analysis

    def _open_boards(self) -> list[str]:
        """The open boards, the one used last first."""
        return [self._names[each] for each in self._open if each.endswith(COMPILED)]

    def _choice(self, path: str) -> ChosenBoard:
        real = os.path.realpath(path)
        if real not in self._chosen:
            self._chosen[real] = ChosenBoard(*choose_board(path, self.options))
        return self._chosen[real]

    def _read(self, path: str, *, whole: bool = False) -> _Board:
        """A board, read again if a file of it has changed. ``whole``: not only its diagnostics."""
        board = self._boards.pop(path, None) or _Board()
        self._boards[path] = board
        if board.is_stale or (whole and board.analysis is None):
            found, board.found = self._linted(path, with_schema=board.with_schema)
            board.analysis, board.is_stale, board.with_schema = found, False, True
            if found.lookup is not None:
                board.files, board.readable = found.files, found
        self._slim()
        return board

    def _linted(self, path: str, *, with_schema: bool) -> tuple[Analysis, Sequence[Diagnostic]]:
        """A board as it is now, and its diagnostics; a fault of dtlink is one of them."""
        try:
            found = analyse(path, self.options, self.files, schema=with_schema)
            return found, diagnostics(found, self.files)
        except Exception as error:  # noqa: BLE001 - whatever it is, the server goes on
            message = f"a fault of dtlink: {type(error).__name__}: {error}"
            report = InputReport(path, error=InputFault(message, bug=True))
            shown = Diagnostic(FileSpan(path, Span(0, 0)), Severity.ERROR, RUN, message)
            return Analysis(path, report, LintSettings(), None), [shown]

    def _slim(self) -> None:
        kept = [each for each in self._boards.values() if each.analysis or each.readable]
        for board in kept[:-_KEPT]:
            board.analysis = board.readable = None

    # Diagnostics

    def due(self) -> str | None:
        """A board that has to be read for what is shown, the most urgent one first."""
        for path in self._active():
            board = self._boards.get(path)
            if board is None or board.is_stale:
                return path
        return None

    def step(self) -> bool:
        """Read a board that is due; whether there was one."""
        path = self.due()
        if path is None:
            return False
        self._read(path)
        return True

    def _active(self) -> Iterable[str]:
        """The boards whose diagnostics are shown: open ones, and those of open files."""
        found = dict.fromkeys(self._open_boards())
        if self._open and not self._open[0].endswith(COMPILED):
            # The file that the user works on comes first.
            board = self.board_of(self._names[self._open[0]])
            found = {**({board: None} if board else {}), **found}
        for real in self._open:
            board = self.board_of(self._names[real])
            if board is not None:
                found[board] = None
        return list(found)

    def published(self) -> Mapping[str, list[Diagnostic]]:
        """The diagnostics of each file that has some, and of each that had some before."""
        found = self._gathered()
        before, self._published = self._published, {path for path, each in found.items() if each}
        gone = before - found.keys()
        return {**found, **{path: [] for path in gone}}

    def _gathered(self) -> dict[str, list[Diagnostic]]:
        found: dict[str, list[Diagnostic]] = {self._names[real]: [] for real in self._open}
        for each, holders in self._holders().items():
            sharing = self._sharing(each.at.path)
            # A file of several boards: which of them have it, unless all do.
            names = ", ".join(map(os.path.basename, holders)) if len(holders) < sharing else ""
            shown = each._replace(message=f"{each.message}\nboard: {names}") if names else each
            found.setdefault(self.name_of(each.at.path), []).append(shown)
        for path in [self._names[real] for real in self._open]:
            if path.endswith(SOURCES) and self.board_of(path) is None:
                message = "no board includes this file: it is not checked"
                found[path].append(at_top(path, self.files, message, Severity.INFO))
        return found

    def _holders(self) -> dict[Diagnostic, list[str]]:
        """What is shown, each with the boards that have it."""
        holders: dict[Diagnostic, list[str]] = {}
        # Boards include a file at different places, and differ in nothing else.
        known: dict[Diagnostic, Diagnostic] = {}
        for path, held in self._shown():
            for each in dict.fromkeys(held.found):
                if self._is_shown(each, path, held):
                    one = known.setdefault(each._replace(related=()), each)
                    holders.setdefault(one, []).append(path)
        return holders

    def _shown(self) -> Iterator[tuple[str, _Board]]:
        """The boards whose diagnostics are shown, as far as they have been read."""
        for path in self._active():
            held = self._boards.get(path)
            if held is not None:
                yield path, held

    def _is_shown(self, each: Diagnostic, path: str, held: _Board) -> bool:
        """Whether a diagnostic of a board is shown."""
        # What a board that waits to be read has in the file that has changed is at no place of it.
        if held.is_stale and self._open and os.path.realpath(each.at.path) == self._open[0]:
            return False
        # Of a board that is not open, the user asked for one file.
        return os.path.realpath(path) in self._names or self.is_open(each.at.path)

    def _sharing(self, path: str) -> int:
        """How many of the boards that are shown include a file."""
        real = os.path.realpath(path)
        return sum(real in held.files for _, held in self._shown())

    def _let_go(self) -> None:
        """Forget the boards that nothing shows any more."""
        active = set(self._active())
        self._boards = {path: each for path, each in self._boards.items() if path in active}
