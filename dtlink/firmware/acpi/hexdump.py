"""Rows of hexadecimal bytes, as acpidump and iasl print them: ``0010: 42 4F …  BO``.

One row has an offset, a colon, up to 16 bytes with a blank between, and perhaps, after two blanks
or more, the same as characters. Offsets have four digits or more, of either case; rows are indented
or not, and end in LF or CRLF.
"""

from __future__ import annotations

import re

from dtlink.firmware.acpi.table import MAX_SIZE
from dtlink.firmware.errors import InputError

_ROW = re.compile(
    rb"[ \t]{0,16}([0-9A-Fa-f]{1,16}):[ \t]{1,4}((?:[0-9A-Fa-f]{2} ){0,15}[0-9A-Fa-f]{2})"
    rb"(?:[ \t]{2}[^\n]*|[ \t]*\r?)(?:\n|\Z)"
)
#: A line that was meant as one.
_MEANT = re.compile(rb"[ \t]{0,16}[0-9A-Fa-f]{4,16}:")


def begins(data: bytes, at: int) -> bool:
    """Whether the first row of a dump is at a byte offset."""
    row = _ROW.match(data, at)
    return row is not None and not int(row[1], 16)


def read_rows(data: bytes, at: int) -> tuple[bytes, int]:
    """The bytes of a dump whose first row begins at an offset, and where the rows end.

    They end at the first line that is none. Raises :class:`InputError`, with the byte offset of the
    line, for one that was meant as a row and is damaged, and for more than MAX_SIZE bytes.
    """
    found = bytearray()
    while row := _ROW.match(data, at):
        if int(row[1], 16) != len(found):
            told = row[1].decode()
            raise InputError(
                f"damaged dump: the row has the offset {told}, and {len(found):04X} is due",
                offset=at,
            )
        found += bytes.fromhex(row[2].decode())
        if len(found) > MAX_SIZE:
            raise InputError(f"a dump of more than {MAX_SIZE} bytes", offset=at)
        at = row.end()
    if _MEANT.match(data, at):
        end = data.find(b"\n", at, at + 60)
        line = data[at : end if end >= 0 else at + 60].decode("latin-1").strip()
        raise InputError(f"damaged dump: no row of hexadecimal bytes: {line!r}", offset=at)
    return bytes(found), at
