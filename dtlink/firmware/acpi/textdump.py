"""A table as hexdump, ``hexdump -C``, xxd and od print a file: what people paste into a report.

Rows have an offset, the bytes, and perhaps the same as characters. hexdump and ``od -x`` print
words of two bytes, the low byte last; xxd prints pairs in their order, after a colon; od writes
offsets in octal unless an option says otherwise. A row ``*`` is any number of copies of the row
before it, and a last row may have nothing but the offset of the end. What is before and after the
rows is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dtlink.firmware.acpi.blocks import RawTable, machine_of
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.acpi.raw import KNOWN
from dtlink.firmware.acpi.table import MAX_SIZE
from dtlink.firmware.errors import InputError
from dtlink.records import NamedTuple

FORM = "hexdump"
#: Bytes of a row, as all of these programs print them unless an option says otherwise.
_WIDTH = 16
_ROW = re.compile(
    rb"[ \t]{0,16}([0-9A-Fa-f]{6,16})(:?)(?:[ \t]{1,4}((?:[0-9A-Fa-f]{2}){1,2}(?![0-9A-Za-z])"
    rb"(?: {1,2}(?:[0-9A-Fa-f]{2}){1,2}(?![0-9A-Za-z])){0,15}))?([^\n]{0,120})(?:\n|\Z)"
)
_FIRST = re.compile(rb"^[ \t]{0,16}0{6,16}:?[ \t]{1,4}[0-9A-Fa-f]{2}", re.MULTILINE)
_REPEAT = re.compile(rb"[ \t]{0,16}\*[ \t]*\r?(?:\n|\Z)")


class _Row(NamedTuple):
    """A row: its offset as it is written, and its bytes."""

    offset: bytes
    data: bytes
    at: int
    """Where the row begins in the file."""


class _Dump(NamedTuple):
    """The first row of a dump of a table."""

    at: int
    signature: str
    swapped: bool
    """Whether words have their low byte last."""


def is_dump(head: bytes) -> bool:
    """Whether the first bytes of a file have a row with the beginning of a table."""
    return _first(head) is not None


def signature(head: bytes) -> str:
    """The signature of the table; empty if there is none."""
    found = _first(head)
    return found.signature if found else ""


def decode(data: bytes) -> Machine:
    """The machine that has the table.

    Raises :class:`InputError`, with the byte offset of the row, for a damaged dump.
    """
    return machine_of(blocks(data), FORM)


def blocks(data: bytes) -> Iterator[RawTable]:
    """The table, as one block."""
    found = _first(data)
    if found is None:
        raise InputError("no dump of an ACPI table", offset=0)
    table = _joined(list(_rows(data, found)), data)
    length = int.from_bytes(table[4:8], "little")
    if length > len(table):
        raise InputError(
            f"{found.signature} has {length} bytes, its dump has {len(table)}", offset=found.at
        )
    yield RawTable(found.signature, table, found.at, binary=False)


def _first(data: bytes) -> _Dump | None:
    for start in _FIRST.finditer(data):
        row = _ROW.match(data, start.start())
        for swapped in (False, True):
            piece = _bytes(row, swapped=swapped) if row else b""
            if len(piece) == _WIDTH and piece[:4] in KNOWN:
                return _Dump(start.start(), piece[:4].decode(), swapped)
    return None


def _bytes(row: re.Match[bytes], *, swapped: bool) -> bytes:
    """The bytes of a row: words as long as its first one, as many as a row has."""
    words = (row[3] or b"").split()
    width = len(words[0]) if words else 0
    found = bytearray()
    for word in words:
        # After the bytes of a full row there are only characters, which may look like more bytes.
        if len(found) >= _WIDTH or len(word) > width:
            break
        piece = bytes.fromhex(word.decode())
        found += piece[::-1] if swapped else piece
    return bytes(found[:_WIDTH])


def _rows(data: bytes, first: _Dump) -> Iterator[_Row]:
    """The rows; one of no bytes for each ``*`` and for the end."""
    at = first.at
    while at < len(data):
        if repeat := _REPEAT.match(data, at):
            yield _Row(b"", b"", at)
            at = repeat.end()
            continue
        row = _ROW.match(data, at)
        if row is None or (row[3] is None and row[4].strip()):
            return
        yield _Row(row[1], _bytes(row, swapped=first.swapped), at)
        at = row.end()


def _joined(rows: Sequence[_Row], data: bytes) -> bytes:
    """The bytes of all rows, each at its offset."""
    base = _base(rows)
    found = bytearray()
    repeats = False
    for row in rows:
        if not row.offset:
            repeats = True
            continue
        offset = _number(row.offset, base)
        if offset > MAX_SIZE:
            raise InputError(f"a dump of more than {MAX_SIZE} bytes", offset=row.at)
        if repeats and found[-_WIDTH:]:
            last = bytes(found[-_WIDTH:])
            found += last * ((offset - len(found)) // len(last))
        repeats = False
        if not row.data and offset < len(found):
            del found[offset:]  # the end: what filled up the last word is no byte of the file
        elif offset != len(found):
            line = data[row.at : row.at + 60].partition(b"\n")[0].decode("latin-1").strip()
            raise InputError(
                f"damaged dump: {len(found):#x} is due as the next offset: {line!r}", offset=row.at
            )
        found += row.data
    return bytes(found)


def _base(rows: Sequence[_Row]) -> int:
    """The base of the offsets: that in which the second row follows the first."""
    is_octal = len(rows) > 1 and rows[1].offset.lstrip(b"0") == b"20"
    return 8 if is_octal and len(rows[0].data) == _WIDTH else 16


def _number(offset: bytes, base: int) -> int:
    try:
        return int(offset, base)
    except ValueError:
        return MAX_SIZE + 1
