"""``__overrides__``: what a parameter changes, as its property says it.

The value of a property is a sequence of targets: a phandle and a string each. The string names a
property, and how it is changed: ``name`` (a string), ``name:0`` and its like (an integer at an
offset), ``name?`` and ``name!`` (there or not), ``name[`` (bytes). Phandle 0 means fragments
that are switched: ``+0-1=2!3``. ``=`` puts a literal in the place of the value, ``{…}`` looks the
value up.

Source: Raspberry Pi documentation, "Device Trees, overlays, and parameters"; compared with dtmerge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtlink.enums import Enum
from dtlink.facts.raspberry_pi import SIZES, STATUS
from dtlink.records import NamedTuple


class ParameterError(ValueError):
    """A value that a parameter does not take, or ``__overrides__`` that can't be read."""


class TargetKind(Enum):
    """How a property is changed."""

    STRING = "string"
    BYTES = "bytes"
    INTEGER = "integer"
    PRESENT = "present"
    ABSENT = "absent"
    FRAGMENTS = "fragments"


class Target(NamedTuple):
    """One change that a parameter makes."""

    kind: TargetKind
    phandle: int
    name: str
    """A property; of fragments the whole string."""
    value: str
    offset: int = 0
    size: int = 0


_NAME = re.compile(r"[^.;:#?!\[{=]*")
_MARKS = {"?": TargetKind.PRESENT, "!": TargetKind.ABSENT, "[": TargetKind.BYTES}
_CUT_OFF = "its entry in __overrides__ is cut off"


def targets(data: bytes, value: str) -> Iterator[Target]:
    """The changes that a parameter makes with a value. Raises :class:`ParameterError`."""
    reader = _Reader(data)
    while reader.at < len(data):
        phandle = reader.cell()
        text = reader.string()
        if phandle == 0:
            yield Target(TargetKind.FRAGMENTS, 0, text, value)
        else:
            yield _target(reader, phandle, text, value)


class _Reader:
    """A position in the data."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def cell(self) -> int:
        if self.at + 4 > len(self.data):
            raise ParameterError(_CUT_OFF)
        self.at += 4
        return int.from_bytes(self.data[self.at - 4 : self.at], "big")

    def string(self) -> str:
        end = self.data.find(b"\0", self.at)
        if end < 0:
            raise ParameterError(_CUT_OFF)
        text = self.data[self.at : end].decode("latin-1")
        self.at = end + 1
        return text


def _target(reader: _Reader, phandle: int, text: str, value: str) -> Target:
    name = _NAME.match(text)
    end = name.end() if name else 0
    mark = text[end : end + 1]
    literal = re.search(r"[={]", text)
    if not re.fullmatch(r"[!-~]+", text[:end]):
        raise ParameterError(f"{text[:end]!a} in __overrides__ is not the name of a property")
    kind, offset, size = _MARKS.get(mark, TargetKind.STRING), 0, 0
    if mark in SIZES and (literal is None or end < literal.start()):
        kind, size = TargetKind.INTEGER, SIZES[mark]
        offset = _leading_number(text[end + 1 :])
    if literal is not None and literal[0] == "=":
        value = _literal(reader, kind, text[literal.end() :])
    elif literal is not None:
        reader.at -= len(text) + 1 - literal.end()
        value = _Lookup(reader).find(value)
    if kind is TargetKind.STRING and text[:end] == "status":
        value = STATUS.get(value, value)
    return Target(kind, phandle, text[:end], value, offset, size)


def _leading_number(text: str) -> int:
    found = re.match(r"\s*[+-]?[0-9]{1,18}", text)
    return int(found[0]) if found else 0


def _literal(reader: _Reader, kind: TargetKind, text: str) -> str:
    """The literal after ``=``: if nothing follows it there, the next cell or string."""
    if text or kind is TargetKind.BYTES:
        return text
    if kind is not TargetKind.STRING:
        return str(reader.cell())
    return reader.string() if reader.at < len(reader.data) else ""


class _Lookup:
    """A table ``{key=value,key,=default}``; a value is text, quoted text, or a cell after a NUL."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader

    def find(self, key: str) -> str:
        """The value of a key, else the default. Raises :class:`ParameterError` without one."""
        exact: str | None = None
        default: str | None = None
        while self._peek() not in (0, ord("}"), -1):
            name = self._until(b"=,}")
            value = self._value() if self._peek() == ord("=") else None
            if self._peek() == ord(","):
                self._reader.at += 1
            if name == key and exact is None:
                exact = key if value is None else value
            elif not name and default is None:
                default = key if value is None else value
        if self._peek() != ord("}"):
            raise ParameterError("a lookup in __overrides__ has no closing brace")
        self._reader.at += 2
        found = exact if exact is not None else default
        if found is None:
            raise ParameterError(f"it does not take {key!a}")
        return found

    def _peek(self) -> int:
        reader = self._reader
        return reader.data[reader.at] if reader.at < len(reader.data) else -1

    def _until(self, ends: bytes) -> str:
        reader, start = self._reader, self._reader.at
        while self._peek() not in (*ends, 0, -1):
            reader.at += 1
        return reader.data[start : reader.at].decode("latin-1")

    def _value(self) -> str:
        self._reader.at += 1
        if self._peek() == 0:
            self._reader.at += 1
            number = self._reader.cell()
            return str(number - (1 << 32) if number >> 31 else number)
        if self._peek() != ord("'"):
            return self._until(b",}")
        self._reader.at += 1
        text = self._until(b"'")
        if self._peek() != ord("'"):
            raise ParameterError("a lookup in __overrides__ has an open quote")
        self._reader.at += 1
        return text
