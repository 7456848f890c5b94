"""Listings of iasl: the raw dump at the end of each table is read, its decoded fields never.

Names and order of the fields change from one iasl to the next, and bytes outside of them are not
shown; the rows below ``Raw Table Data: Length N`` are the whole table, in every version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtlink.firmware.acpi import hexdump
from dtlink.firmware.acpi.blocks import RawTable, machine_of
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.errors import InputError

FORM = "iasl"
_MARK = b"Raw Table Data"
_RAW = re.compile(rb"Raw Table Data: Length ([0-9]{1,10})\b[^\n]{0,40}\n(?:[ \t]*\r?\n){0,4}")
_FIRST_ROW = re.compile(rb"[ \t]{0,16}0{1,16}:[ \t]{1,4}((?:[0-9A-Fa-f]{2} ){3}[0-9A-Fa-f]{2})")
_TOOL = b"Intel ACPI Component Architecture"
_BANNER = re.compile(rb"^[ \t/*]*" + _TOOL, re.MULTILINE)
#: The field that the listing of a table begins with; a program's has none.
_SIGNATURE = re.compile(
    rb'^(?:\[[0-9A-Fa-fh \t]{1,24}\])?[ \t]*Signature : "[ -~]{4}"', re.MULTILINE
)


def is_listing(head: bytes) -> bool:
    """Whether the first bytes of a file are a listing's, be it without a raw dump."""
    first = head[:1024]
    return (_TOOL in first and _BANNER.search(first) is not None) or is_of_table(head)


def is_of_table(head: bytes) -> bool:
    """Whether they are those of a table's listing, and not of a program's (a DSDT's, say)."""
    first = head[:8192]
    found = b'Signature : "' in first and _SIGNATURE.search(first)
    return bool(found) or b"\n" + _MARK + b": Length " in head


def decode(data: bytes) -> Machine:
    """The machine whose tables are listed.

    Raises :class:`InputError` for a listing without a raw dump, and for a damaged one with the byte
    offset of the line.
    """
    found = list(blocks(data))
    if not found:
        raise InputError(
            'an iasl listing without a raw dump of the table ("Raw Table Data", at its end): give '
            "the table itself, as /sys/firmware/acpi/tables has it, or what acpidump writes",
            offset=0,
        )
    return machine_of(found, FORM)


def blocks(data: bytes) -> Iterator[RawTable]:
    """The tables, from the raw dumps."""
    at = 0
    while (at := data.find(_MARK, at)) >= 0:
        raw = _RAW.match(data, at)
        if raw is None:
            raise InputError('damaged listing: "Raw Table Data" without a length', offset=at)
        table, end = hexdump.read_rows(data, raw.end())
        if len(table) != int(raw[1]):
            raise InputError(
                f"the listing announces {int(raw[1])} bytes, its raw dump has {len(table)}",
                offset=at,
            )
        yield RawTable(table[:4].decode("latin-1"), table, at, binary=False)
        at = end


def signatures(data: bytes) -> tuple[str, ...]:
    """The signatures of the tables that have a raw dump, as their first rows say."""
    rows = (_FIRST_ROW.match(data, raw.end()) for raw in _RAW.finditer(data))
    return tuple(bytes.fromhex(row[1].decode()).decode("latin-1") for row in rows if row)
