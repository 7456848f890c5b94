"""The messages of a kernel's source, compared with the rows for lines of its log.

A row of ``dtlink/facts/loglines`` names the files that print its message, and has samples of it. In
each version of its range one of the files must have a format string that can print a sample: where
none can, the message was reworded, or the row is wrong. Nothing of the source is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from dtlink.facts.kernels import KernelVersion
from dtlink.facts.loglines import (
    HEADER_LINES,
    LOG_MESSAGES,
    STAGE_LINES,
    SUPPLIED_LINE,
    VTD_LINES,
    LogMessage,
)

_FOLDERS = "arch|drivers|fs|include|init|kernel|lib"
_FILE = re.compile(rf"\b(?:{_FOLDERS})/[\w/.-]+\.[ch]\b")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|(\"(?:[^\"\\\n]|\\.)*\")", re.DOTALL)
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"', re.DOTALL)
#: What may be between two strings of one message: blanks, line continuations, macros.
_SEAM = re.compile(r"(?:\s|\\\n)*((?:[A-Z_][A-Z0-9_]{2,}(?:\s|\\\n)*)*)(?=\")")
_CONVERSION = re.compile(
    r"%(?:%|[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|L|z|t|j|q)?"
    r"(?:p[A-Za-z]*|[diouxXcs]))"
)
_ESCAPES = {"n": "", "t": "\t", "\n": ""}
_MACROS = {"FW_BUG": "[Firmware Bug]: ", "FW_WARN": "[Firmware Warn]: ", "KERN_CONT": ""}
#: Kernel headers that name a message of no file: what any driver may print.
_ANY = "include/linux/errno.h"
#: What values look like: a name has three blanks at most (" returns all ones").
_VALUES = {
    "name": re.compile(r"[^ ]*(?: [^ ]*){0,3}"),
    "number": re.compile(r"-?[0-9A-Fa-fx]*"),
}
#: Upper bound on what a conversion prints, and lower bound on the literal text of a match.
_LONGEST, _LITERAL = 64, 10


class Unmatched(NamedTuple):
    """A row, and a sample of it if it is that sample alone, that no format string prints."""

    kind: str
    files: tuple[str, ...]
    sample: str

    def __str__(self) -> str:
        return f"{self.kind}: no format string of {', '.join(self.files)} prints: {self.sample}"


class Format(NamedTuple):
    """A format string: its literal parts, and the forms of the values between them."""

    parts: tuple[str, ...]
    values: tuple[str, ...]

    def prints(self, line: str) -> bool:
        """Whether a line can end in what this prints, or in the beginning of it."""
        first = self.parts[0]
        starts = range(len(line)) if first else range(len(line) + 1)
        return any(
            self._matches(line, start, 0, 0)
            for start in starts
            if line.startswith(first, start) or first.startswith(line[start:])
        )

    def _matches(self, line: str, at: int, part: int, literal: int) -> bool:
        text = self.parts[part]
        rest = line[at:]
        if len(rest) <= len(text):
            return text.startswith(rest) and literal + len(rest.strip()) >= _LITERAL
        if not rest.startswith(text):
            return False
        at, literal = at + len(text), literal + len(text.strip())
        if part + 1 == len(self.parts):
            return not line[at:].strip() and literal >= _LITERAL
        value = _VALUES[self.values[part]].match(line, at, at + _LONGEST)
        longest = value.end() if value else at
        is_last = part + 2 == len(self.parts) and not self.parts[-1]
        if is_last and self.values[part] == "name":
            longest = len(line)  # the last value may be a sentence
        return any(self._matches(line, end, part + 1, literal) for end in range(at, longest + 1))


@lru_cache(maxsize=512)
def formats(path: Path) -> Sequence[Format]:
    """The format strings of a file of a source; empty if it is not there."""
    if not path.is_file():
        return ()
    text = _COMMENT.sub(lambda found: found[1] or " ", path.read_text("utf-8", "replace"))
    return [_format(each) for each in dict.fromkeys(_strings(text))]


def _strings(text: str) -> Iterator[str]:
    """The strings of a text, those that the compiler joins as one."""
    at = 0
    while found := _STRING.search(text, at):
        before = re.search(r"\b(FW_\w+)\s*\Z", text[max(0, found.start() - 24) : found.start()])
        whole = (_MACROS.get(before[1], "") if before else "") + found[1]
        at = found.end()
        while seam := _SEAM.match(text, at):
            macros = [_MACROS.get(name, "%s") for name in seam[1].split()]
            found = _STRING.match(text, seam.end())
            if found is None:
                break
            whole += "".join(macros) + found[1]
            at = found.end()
        yield whole


def _format(string: str) -> Format:
    parts, values, at = [""], list[str](), 0
    for found in _CONVERSION.finditer(string):
        parts[-1] += string[at : found.start()]
        if found[0] == "%%":
            parts[-1] += "%"
        else:
            parts.append("")
            values.append("name" if "s" in found[0] or "p" in found[0] else "number")
        at = found.end()
    parts[-1] += string[at:]
    return Format(tuple(map(_plain, parts)), tuple(values))


def _plain(text: str) -> str:
    return re.sub(r"(?s)\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text)


def files(row: LogMessage) -> tuple[str, ...]:
    """The kernel files that print a row's message; empty where none is named."""
    return tuple(file for file in _FILE.findall(row.source) if file != _ANY)


def covers(row: LogMessage, version: KernelVersion) -> bool:
    """Whether a row's message is in a version."""
    since, until = row.since or "0.0", row.until or "99.0"
    return _number(since) <= version <= _number(until)


def _number(text: str) -> KernelVersion:
    return KernelVersion(*map(int, text.split(".")))


def rows() -> Iterable[LogMessage]:
    """The rows that name kernel files."""
    every = (*LOG_MESSAGES, *HEADER_LINES, *STAGE_LINES, *VTD_LINES, SUPPLIED_LINE)
    return [row for row in every if files(row)]


def reworded(source: Path, version: KernelVersion) -> list[Unmatched]:
    """The rows that have a message in a version of which its source can print no sample."""
    return [
        Unmatched(row.kind, files(row), row.sample)
        for row in rows()
        if covers(row, version) and not prints_any(source, row)
    ]


def prints_any(source: Path, row: LogMessage) -> bool:
    """Whether a source can print one of a row's samples."""
    return any(_prints(source, row, sample) for sample in (row.sample, *row.forms))


def unprinted(sources: Iterable[Path]) -> list[Unmatched]:
    """The samples that none of the sources can print."""
    known = list(sources)
    return [
        Unmatched(row.kind, files(row), sample)
        for row in rows()
        for sample in (row.sample, *row.forms)
        if not any(_prints(source, row, sample) for source in known)
    ]


def _prints(source: Path, row: LogMessage, sample: str) -> bool:
    return any(each.prints(sample) for file in files(row) for each in formats(source / file))
