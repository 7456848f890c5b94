"""The C preprocessor, as devicetree source uses it: one text, and where each part of it is from.

The tree is compiled by ``gcc -E -nostdinc -undef -D__DTS__ -x assembler-with-cpp`` and dtc
(Linux, scripts/Makefile.lib, cmd_dtc): so ``__DTS__`` and ``__ASSEMBLER__`` are defined, and lines
such as ``#address-cells = <1>;`` are no directives.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence

from dtlink.firmware.source.absent import Unread
from dtlink.firmware.source.errors import MAX_FAULTS, MAX_MESSAGE, SourceFault
from dtlink.firmware.source.expand import Expander, MacroBoundError, MacroError
from dtlink.firmware.source.expressions import ExpressionError, evaluate
from dtlink.firmware.source.files import SourceFiles
from dtlink.firmware.source.macros import Macro, apart
from dtlink.firmware.source.scan import Kind, Segment, SourceFile
from dtlink.firmware.tree import Location
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

    from dtlink.firmware.source.comments import FileComment

#: Bounds on one source: characters that are left, and that are included; included files, and
#: their depth (gcc: 200). Boards of the kernel have up to 0.4 and 0.6 million characters, and 70
#: included files.
MAX_TEXT: Final = 8 << 20
MAX_READ: Final = 16 << 20
#: Boards of the kernel have up to 8,000 stretches, of files and of macros.
MAX_PIECES: Final = 300_000
MAX_FILES: Final = 5_000
MAX_DEPTH: Final = 200

_DEFINED = re.compile(r"\bdefined\s*(?:\(\s*([A-Za-z_]\w*)\s*\)|([A-Za-z_]\w*))", re.ASCII)
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(", re.ASCII)
_NAME = re.compile(r"'(?:\\.|[^'\\])*'|[0-9][\w.]*|([A-Za-z_]\w*)", re.ASCII)
_PREDEFINED: Final = ("__DTS__", "__ASSEMBLER__")


class Inclusion(NamedTuple):
    """A file, at the place where it was included."""

    file: SourceFile
    by: int
    """The number of the inclusion that includes it; -1 for the source itself."""
    at: int
    """The offset of the directive."""


class Origin(NamedTuple):
    """Where a stretch of the text is from."""

    inclusion: int
    offset: int
    macro: str
    """The macro that the stretch is expanded from; empty: the stretch is as in the file."""


class SourceText:
    """The text after the preprocessor, and where it is from."""

    def __init__(self) -> None:
        self.text = ""
        self.inclusions: list[Inclusion] = []
        self.faults: list[SourceFault] = []
        self.comments: list[tuple[int, FileComment]] = []
        """Those for dtlink that were not passed over, each with the number of its inclusion."""
        self._starts: list[int] = []
        self._origins: list[Origin] = []

    def origin(self, place: int) -> tuple[int, int, str]:
        """The inclusion, offset and macro of a place in the text."""
        number = max(bisect_right(self._starts, place) - 1, 0)
        inclusion, offset, macro = self._origins[number]
        return inclusion, offset if macro else offset + place - self._starts[number], macro

    def place(self, place: int) -> Location:
        """Where in the files a place of the text is from."""
        if not self._origins:
            return Location(self.inclusions[0].file.path, 1, 1)
        inclusion, offset, macro = self.origin(place)
        return self.place_of(inclusion, offset, macro)

    def place_of(self, inclusion: int, offset: int, macro: str = "") -> Location:
        """Where an offset of an inclusion is."""
        file, by, at = self.inclusions[inclusion]
        name, line, column = file.position(offset)
        chain = []
        while by >= 0:
            above = self.inclusions[by]
            where, number, _ = above.file.position(at)
            chain.append((where, number))
            by, at = above.by, above.at
        return Location(name, line, column, macro, tuple(chain), file.line_text(offset))

    @property
    def pieces(self) -> int:
        """The number of stretches."""
        return len(self._starts)

    def macros(self, start: int, end: int) -> Sequence[str]:
        """The macros whose use makes a part of the text, each once."""
        first = max(bisect_right(self._starts, start) - 1, 0)
        last = bisect_left(self._starts, end, lo=first)
        names = (origin.macro for origin in self._origins[first:last])
        return list(dict.fromkeys(filter(None, names)))

    def record(self, start: int, origin: Origin) -> None:
        """From this place of the text on, it is from there."""
        self._starts.append(start)
        self._origins.append(origin)


def preprocess(
    file: SourceFile, files: SourceFiles, defines: Mapping[str, str] | None = None
) -> SourceText:
    """Run a file through the preprocessor; ``defines`` are macros by name, as of ``cpp -D``.

    Faults do not end it: they are in ``faults`` of the result.
    """
    return _Preprocessor(files, defines or {}).run(file)


class _Preprocessor:
    def __init__(self, files: SourceFiles, defines: Mapping[str, str]) -> None:
        self._files = files
        given = {**dict.fromkeys(_PREDEFINED, "1"), **defines}
        self._macros = {name: Macro(name, None, value) for name, value in given.items()}
        self._expander = Expander(self._macros)
        self._out: list[str] = []
        self._size = 0
        self._result = SourceText()
        self._open: list[_Open] = []
        self._read = 0
        self._is_full = False

    def run(self, file: SourceFile) -> SourceText:
        self._enter(file, -1, 0)
        while self._open and not self._is_full:
            here = self._open[-1]
            segment = next(here.rest, None)
            end = len(here.file.text) if segment is None else segment.end
            self._comments(here.comments, end, here.number, here.branches)
            if segment is None:
                self._open.pop()
                if here.branches.open_at:
                    self._fault("#if without #endif", here.number, here.branches.open_at[-1])
            else:
                self._step(here, segment)
        self._result.text = "".join(self._out)
        return self._result

    def _enter(self, file: SourceFile, by: int, at: int) -> None:
        """Go on in a file, up to its end."""
        inclusions = self._result.inclusions
        comments, rest = _comments(file), iter(file.segments)
        self._open.append(_Open(file, len(inclusions), rest, _Branches(), comments))
        inclusions.append(Inclusion(file, by, at))
        self._read += len(file.text)

    def _fault(self, message: str, inclusion: int, offset: int, fix: str = "") -> None:
        faults = self._result.faults
        faults.append(
            SourceFault(message[:MAX_MESSAGE], self._result.place_of(inclusion, offset), fix)
        )
        self._is_full = self._is_full or len(faults) >= MAX_FAULTS

    def _stop(self, message: str, inclusion: int, offset: int) -> None:
        """Read no further."""
        self._fault(message, inclusion, offset)
        self._is_full = True

    def _step(self, here: _Open, segment: Segment) -> None:
        kind = segment.kind
        if kind in _CONDITIONALS:
            self._branch(here.branches, segment, here.number)
        elif not here.branches.active:
            return
        elif kind is Kind.TEXT:
            self._text(here.file, here.number, segment)
        elif kind is Kind.DEFINES:
            self._macros.update(segment.macros)
        elif kind is Kind.UNDEF:
            self._macros.pop(segment.argument.split(" ")[0], None)
        elif kind is Kind.ERROR:
            self._fault(f"#error {segment.argument}"[:200], here.number, segment.start)
        elif kind is Kind.FAULT:
            self._fault(segment.argument, here.number, segment.start)
        else:
            self._include(here.file, segment, here.number)

    def _comments(
        self, comments: list[FileComment], end: int, own: int, branches: _Branches
    ) -> None:
        """Take the comments for dtlink up to an offset, unless they are passed over."""
        while comments and comments[-1].at < end:
            comment = comments.pop()
            if branches.active:
                self._keep(comment, own)

    def _keep(self, comment: FileComment, own: int) -> None:
        from dtlink.firmware.source.comments import MAX_COMMENTS, one_too_many

        number = len(self._result.comments)
        if number <= MAX_COMMENTS:
            kept = comment if number < MAX_COMMENTS else one_too_many(comment)
            self._result.comments.append((own, kept))

    def _branch(self, branches: _Branches, segment: Segment, own: int) -> None:
        counts = {Kind.IF: branches.active, Kind.ELIF: branches.is_open}.get(segment.kind, False)
        test = counts and self._test(segment, own)
        if not branches.take(segment.kind, segment.start, test=test):
            self._fault(f"#{segment.kind.name.lower()} without #if", own, segment.start)

    def _test(self, segment: Segment, own: int) -> bool:
        """The value of a condition; false where it has none."""
        try:
            text = _DEFINED.sub(
                lambda match: "1" if (match[1] or match[2]) in self._macros else "0",
                segment.argument,
            )
            text = self._expander.expand(text)
            if call := _CALL.search(text):
                self._fault(f"#if: {call[1]}() is not defined", own, segment.start)
                return False
            text = _NAME.sub(lambda match: "0" if match[1] else match[0], text)
            return evaluate(text, signed=True) != 0
        except MacroBoundError as error:
            self._stop(str(error), own, segment.start)
            return False
        except (ExpressionError, MacroError) as error:
            self._fault(f"#if: {error}", own, segment.start)
            return False

    def _include(self, file: SourceFile, segment: Segment, own: int) -> None:
        inside, is_quoted = self._file_name(segment, own)
        if not inside:
            return
        found = self._files.find(inside, file, quoted=is_quoted)
        if isinstance(found, Unread):
            self._fault(found.message, own, segment.start, found.fix)
        elif len(self._open) >= MAX_DEPTH or len(self._result.inclusions) >= MAX_FILES:
            self._stop("too many included files: is an include recursive?", own, segment.start)
        elif self._read + len(found.text) > MAX_READ:
            message = f"more than {MAX_READ} characters are included: is an include recursive?"
            self._stop(message, own, segment.start)
        else:
            between = " " if segment.kind is Kind.DTC_INCLUDE else "\n"
            self._put(between, Origin(own, segment.start, ""))
            self._enter(found, own, segment.start)

    def _file_name(self, segment: Segment, own: int) -> tuple[str, bool]:
        """The name that a directive includes, and whether it is in quotes; empty: it has none."""
        name = segment.argument
        if name[:1] not in ('"', "<"):
            try:
                name = self._expander.expand(name).strip()
            except MacroError as error:
                self._fault(f"#include: {error}", own, segment.start)
                return "", False
        close = {'"': '"', "<": ">"}.get(name[:1], "")
        inside, end, _ = name[1:].partition(close) if close else ("", "", "")
        if not end or not inside:
            self._fault(f"#include of no file name: {name[:60]}", own, segment.start)
            return "", False
        return inside, close == '"'

    def _text(self, file: SourceFile, own: int, segment: Segment) -> None:
        """A stretch of a file, its macros expanded."""
        code, at = file.code, segment.start
        for place in file.uses(segment, self._macros):
            if self._is_full:
                return
            if place >= at:
                at = self._expand(file, own, segment, at, place)
        self._put(code[at : segment.end], Origin(own, at, ""))
        self._put("\n", Origin(own, max(at, segment.end - 1), ""))

    def _expand(self, file: SourceFile, own: int, segment: Segment, at: int, place: int) -> int:
        """The text up to a macro's use, and what that expands to; where the text goes on."""
        code = file.code
        name = code[place : self._name_end(code, place)]
        macro, end = self._macros[name], place + len(name)
        value = macro.plain
        if value is None:
            try:
                used = self._expander.use(macro, code, end, segment.end)
            except MacroBoundError as error:
                self._stop(str(error), own, place)
                used = "", end
            except MacroError as error:
                self._fault(str(error), own, place)
                used = "", end
            if used is None:
                return at
            value, end = used
        self._put(code[at:place], Origin(own, at, ""))
        if value:
            before, after = code[place - 1 : place], code[end : end + 1]
            value = f" {value}" if apart(before, value[:1]) else value
            value = f"{value} " if apart((value.split() or [value])[-1], after) else value
            self._put(value, Origin(own, place, name))
        return end

    @staticmethod
    def _name_end(code: str, place: int) -> int:
        match = _NAME.match(code, place)
        return match.end() if match else place

    def _put(self, text: str, origin: Origin) -> None:
        if not text:
            return
        if self._size + len(text) > MAX_TEXT or self._result.pieces >= MAX_PIECES:
            message = f"the source has more than {MAX_TEXT} characters or {MAX_PIECES} macros"
            self._stop(message, origin.inclusion, origin.offset)
            return
        self._result.record(self._size, origin)
        self._out.append(text)
        self._size += len(text)


def _comments(file: SourceFile) -> list[FileComment]:
    """The comments of a file for dtlink, the last one first."""
    if not file.has_comments:
        return []
    from dtlink.firmware.source.comments import comments_of

    return [*reversed(comments_of(file))]


class _Open(NamedTuple):
    """A file that is being read."""

    file: SourceFile
    number: int
    """Of its inclusion."""
    rest: Iterator[Segment]
    branches: _Branches
    comments: list[FileComment]
    """Those for dtlink that have not been reached, the next one last."""


_CONDITIONALS = frozenset((Kind.IF, Kind.ELIF, Kind.ELSE, Kind.ENDIF))


class _Branches:
    """The conditional directives that are open in one file."""

    def __init__(self) -> None:
        self.active = True
        self.open_at: list[int] = []
        self._stack: list[tuple[bool, bool, bool]] = []  # active outside, one taken, after #else

    @property
    def is_open(self) -> bool:
        """Whether the next ``#elif`` can be taken."""
        return bool(self._stack) and self._stack[-1][0] and not self._stack[-1][1]

    def take(self, kind: Kind, start: int, *, test: bool) -> bool:
        """Apply a directive; ``False``: it has no ``#if``."""
        if kind is Kind.IF:
            self._stack.append((self.active, self.active and test, False))
            self.open_at.append(start)
            self.active = self.active and test
            return True
        if not self._stack:
            return False
        outside, taken, ended = self._stack[-1]
        if kind is Kind.ENDIF:
            self._stack.pop()
            self.open_at.pop()
            self.active = outside
        elif ended:
            return False
        else:
            self.active = outside and not taken and (test or kind is Kind.ELSE)
            self._stack[-1] = outside, taken or self.active, kind is Kind.ELSE
        return True
