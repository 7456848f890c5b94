"""Where a source has a node's opening and a property's statement, as text that can be changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache

from dtlink.firmware.source.livetree import DtsNode
from dtlink.firmware.source.preprocess import SourceText
from dtlink.firmware.source.rewrite.value import Replaced
from dtlink.firmware.source.scan import Kind, SourceFile
from dtlink.firmware.source.statements import Statement, Statements
from dtlink.firmware.text_edits import TextEdit
from dtlink.records import NamedTuple

_LABELS = r"(?:[A-Za-z_]\w*:\s*)*"
_OWN_NAME = re.compile(_LABELS + r"([A-Za-z0-9,._+*#?@-]+)")
_INDENT = re.compile(r"[ \t]*")
#: What may follow a statement on its line: blanks, and a comment that ends there.
_TRAILING = re.compile(r"[ \t]*(?:/\*[^\n]*?\*/[ \t]*(?=\n|\Z)|//[^\n]*)?")


class RefusedError(Exception):
    """The text can't be changed that way; the message says why."""


class Place(NamedTuple):
    """An offset in a file that the text after the preprocessor has as it stands."""

    file: SourceFile
    offset: int


def own_path(file: SourceFile) -> str:
    """The path of a file that is to change: of what a link leads to, so that it has one.

    Neither ``git apply`` nor ``patch`` changes a file through a link.
    """
    here = os.path.realpath(os.curdir)
    if file.real in (file.path, os.path.normpath(f"{here}{os.sep}{file.path}")):
        return file.path
    return file.real.removeprefix(f"{here}{os.sep}")


@lru_cache(maxsize=256)
def statements(file: SourceFile) -> Statements:
    """The statements of a file."""
    return Statements(file)


def place(text: SourceText, at: int, what: str) -> Place:
    """Where in a file a place of the text is. Raises :class:`RefusedError` inside of a macro."""
    inclusion, offset, macro = text.origin(at)
    if macro:
        raise RefusedError(f"{what} is made by the macro {macro}")
    return Place(text.inclusions[inclusion].file, offset)


def property_statement(at: Place, name: str) -> Statement:
    """The statement that sets a property, with its labels, up to its ``;``."""
    found = statements(at.file).around(at.offset)
    head = re.compile(_LABELS + re.escape(name) + r"\s*[=;]")
    if found is None or found.brace >= 0 or not head.match(at.file.code, found.start, found.end):
        raise RefusedError(f"the statement of {name} is not one that can be found in its text")
    if at.file.code[found.end - 1] != ";" or _has_directive(at.file, found.start, found.end):
        raise RefusedError(f"the statement of {name} has lines of the preprocessor in it")
    return found


def opening(at: Place, node: DtsNode) -> Statement:
    """The statement that opens a node, up to the ``;`` after its ``}``."""
    found = statements(at.file).around(at.offset)
    while found is not None and found.brace < 0:
        found = found.parent
    if found is None or not found.start <= at.offset < found.brace:
        raise RefusedError(f"the opening of {node.name or '/'} can't be found in its text")
    return found


def children(file: SourceFile, node: Statement) -> Iterator[Statement]:
    """The statements directly inside of a node."""
    known = statements(file)
    found = known.after(node.brace, node)
    while found is not None:
        if found.parent is node:
            yield found
            found = known.after(max(found.end - 1, found.start), node)
        else:
            found = known.after(found.start, node)


def _has_directive(file: SourceFile, start: int, end: int) -> bool:
    return any(each.kind is not Kind.TEXT and start < each.start < end for each in file.segments)


def first_directive(file: SourceFile, start: int, end: int) -> int:
    """Where the first line of the preprocessor begins in a stretch, else its end."""
    found = (each.start for each in file.segments if each.kind is not Kind.TEXT)
    return next((at for at in found if start <= at < end), end)


def indent_of(file: SourceFile, offset: int) -> str:
    """The blanks at the beginning of the line of an offset."""
    match = _INDENT.match(file.text, file.text.rfind("\n", 0, offset) + 1)
    return match[0] if match else ""


def is_first_in_line(file: SourceFile, offset: int) -> bool:
    """Whether only blanks precede an offset in its line."""
    return not file.text[file.text.rfind("\n", 0, offset) + 1 : offset].strip()


def line_end(file: SourceFile, offset: int) -> int:
    """Where what belongs to a statement ends that ends at an offset: with a comment beside it."""
    match = _TRAILING.match(file.text, offset)
    end = match.end() if match else offset
    return end if end == len(file.text) or file.text[end] == "\n" else offset


def anchor(file: SourceFile, node: Statement) -> Statement | None:
    """The property that a new one comes after: the last one, but before a last ``status``.

    Those after a line of the preprocessor do not count: it may be there for some boards only.
    """
    end = first_directive(file, node.brace, node.end)
    found: list[Statement] = []
    for each in children(file, node):
        if each.brace >= 0 or each.end > end or file.code[each.end - 1] != ";":
            break
        found.append(each)
    if len(found) > 1 and _name(file, found[-1]) == "status":
        found.pop()
    return found[-1] if found else None


def _name(file: SourceFile, statement: Statement) -> str:
    match = _OWN_NAME.match(file.code, statement.start)
    return match[1] if match else ""


def whole_line(file: SourceFile, statement: Statement) -> Replaced:
    """A statement with the line that it has for itself."""
    start, end = statement.start, statement.end
    last = line_end(file, end)
    alone = is_first_in_line(file, start)
    if alone and (last == len(file.text) or file.text[last] == "\n"):
        first = file.text.rfind("\n", 0, start) + 1
        return Replaced(first, min(last + 1, len(file.text)), "")
    while not alone and file.text[start - 1] in " \t":
        start -= 1
    return Replaced(start, end, "")


def text_edit(file: SourceFile, change: Replaced) -> TextEdit:
    """A change of a file's text, with its lines and columns."""
    _, line, column = file.position(change.start)
    _, last, end = file.position(change.end)
    return TextEdit(own_path(file), change.start, change.end, change.text, line, column, last, end)
