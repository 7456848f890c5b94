"""Edits of files as text: stretches that are replaced, files with them made, and patches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from dtlink.firmware.storage import DISK, Disk
from dtlink.late import pattern
from dtlink.records import NamedTuple

#: Lines of context in a patch, as of ``diff -u``.
_CONTEXT = 3
_CRLF = "\r\n"
#: What git quotes in the name of a file, and the letters that it has for some of it.
_QUOTED = pattern(rb'[\0-\x1f"\\\x7f-\xff]')
_WORD_END = pattern(r"[\s=;]")
_ESCAPES = dict(zip(b'\a\b\t\n\v\f\r"\\', 'abtnvfr"\\', strict=True))


class TextEdit(NamedTuple):
    """A stretch of a file, and what takes its place; offsets count characters."""

    path: str
    """The file, as messages show it."""
    start: int
    end: int
    """Where the file goes on; as ``start``, if text is added only."""
    text: str
    line: int
    """The line and column where the stretch begins, counted from 1."""
    column: int
    end_line: int
    end_column: int


class Written(NamedTuple):
    """Edits of files; or why there are none."""

    edits: tuple[TextEdit, ...] = ()
    refused: str = ""


class EditConflictError(ValueError):
    """Edits of one file overlap."""


def edited(text: str, edits: Iterable[TextEdit]) -> str:
    """A file's text with edits made. Raises :class:`EditConflictError` where they overlap."""
    parts: list[str] = []
    at = 0
    ends = _CRLF if text.find("\n") > 0 and text[text.find("\n") - 1] == "\r" else "\n"
    for each in in_order(edits):
        # What is added at the end of a line comes before both characters that end it.
        back = int(each.text.startswith("\n") and text.startswith(_CRLF, each.start - 1))
        start, end = each.start - back, each.end - (back if each.start == each.end else 0)
        parts += text[at:start], each.text.replace("\n", ends)
        at = end
    return "".join((*parts, text[at:]))


def in_order(edits: Iterable[TextEdit]) -> Sequence[TextEdit]:
    """The edits of one file, each once, by place. Raises :class:`EditConflictError`."""
    ordered = sorted(set(edits), key=lambda each: (each.start, each.end, each.text))
    for one, other in pairwise(ordered):
        # Which of two texts comes first that are added at one place makes no difference for lines.
        is_same_place = other.start == one.start and other.end == one.end
        is_line = one.text.startswith("\n") and other.text.startswith("\n")
        is_line = is_line and _first_word(one.text) != _first_word(other.text)
        if other.start < one.end or (is_same_place and not is_line):
            raise EditConflictError(f"{other.path}:{other.line}")
    return ordered


def _first_word(line: str) -> str:
    """What a statement sets."""
    return _WORD_END.split(line.lstrip(), maxsplit=1)[0]


def by_file(edits: Iterable[TextEdit]) -> dict[str, list[TextEdit]]:
    """The edits of each file."""
    found: dict[str, list[TextEdit]] = {}
    for each in edits:
        found.setdefault(each.path, []).append(each)
    return found


class EditedDisk(Disk):
    """The disk with the contents of some files replaced; nothing is written."""

    is_disk = False

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = {DISK.real(path): data for path, data in contents.items()}

    def keeper(self, path: str) -> Disk:
        """The disk, for all files but those that are replaced."""
        return self if DISK.real(path) in self._contents else DISK

    def state(self, path: str) -> object:
        """As the disk's."""
        found = self._contents.get(DISK.real(path))
        return super().state(path) if found is None else (id(self), len(found))

    def read(self, path: str, most: int) -> bytes | str:
        """The bytes of a file, or those that replace them."""
        found = self._contents.get(DISK.real(path))
        return super().read(path, most) if found is None else found


def decoded(data: bytes) -> str:
    """A file's text as the reader of sources has it: offsets are those of :class:`TextEdit`."""
    return data.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """The bytes of a text."""
    return text.encode("utf-8", "surrogateescape")


def patch(path: str, before: bytes, after: bytes) -> Iterator[str]:
    """The lines of a patch, in the form that ``git apply`` and ``patch -p1`` read."""
    from difflib import unified_diff

    old, new = (_lines(decoded(each)) for each in (before, after))
    name = path.lstrip("/")
    one, other = _named(f"a/{name}"), _named(f"b/{name}")
    for line in unified_diff(old, new, one, other, n=_CONTEXT):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _named(path: str) -> str:
    """A name as ``git diff`` has it: quoted where it must be, with a tab after one with blanks."""
    data = path.encode("utf-8", "surrogateescape")
    if not _QUOTED.search(data):
        return f"{path}\t" if " " in path else path
    text = _QUOTED.sub(lambda match: f"\\{_escaped(match[0][0])}".encode(), data)
    return f'"{text.decode()}"'


def _escaped(byte: int) -> str:
    return _ESCAPES.get(byte) or f"{byte:03o}"


def _lines(text: str) -> Sequence[str]:
    """The lines with their ends; only a newline ends one, as for git."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
