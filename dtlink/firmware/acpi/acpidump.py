"""Text as acpidump writes it: ``IORT @ 0x…`` above the rows of a table, one table after another.

What surrounds the tables is ignored. The address is not looked at: many tools make it up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtlink.firmware.acpi import hexdump
from dtlink.firmware.acpi.blocks import RawTable, machine_of
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.errors import InputError

FORM = "acpidump"
_MARK = b" @ 0x"
_TITLE = re.compile(rb"([ -~]{4}|RSD PTR) @ 0x[0-9A-Fa-f]{1,16}[ \t]*\r?\n")


def is_acpidump(head: bytes) -> bool:
    """Whether the first bytes of a file have a title with the first row of a table below it."""
    return any(hexdump.begins(head, title.end()) for title in _titles(head))


def decode(data: bytes) -> Machine:
    """The machine whose tables a text has.

    Raises :class:`InputError`, with the byte offset of the line, for a damaged dump, a title above
    another table, and tables of several machines.
    """
    return machine_of(_blocks(data), FORM)


def _titles(data: bytes, at: int = 0) -> Iterator[re.Match[bytes]]:
    """The titles, from the beginning of a line each."""
    while (at := data.find(_MARK, at)) >= 0:
        start = data.rfind(b"\n", max(at - 8, 0), at) + 1
        if (start or at < 8) and (title := _TITLE.match(data, start)):
            yield title
        at += len(_MARK)


def _blocks(data: bytes) -> Iterator[RawTable]:
    end = 0
    for title in _titles(data):
        # The characters beside the bytes may look like a title too, but stand within a row.
        if title.start() < end:
            continue
        table, end = hexdump.read_rows(data, title.end())
        word = title[1].decode("latin-1")
        if not table:
            raise InputError(f"nothing follows the title of {word}", offset=title.start())
        _check_title(word, table, title.end())
        _check_length(word, table, end)
        yield RawTable(word, table, title.start(), binary=False)


def _check_title(word: str, table: bytes, offset: int) -> None:
    if table[:4] != word[:4].encode("latin-1"):
        told = table[:4].decode("latin-1")
        raise InputError(f"the title says {word}, the bytes below it say {told!r}", offset=offset)


def _check_length(word: str, table: bytes, offset: int) -> None:
    """Reported for the line where bytes are missing. The RSDP is not a table."""
    length = int.from_bytes(table[4:8], "little")
    if length > len(table) and not word.startswith("RSD "):
        raise InputError(
            f"{word} has {length} bytes, its dump ends here after {len(table)}", offset=offset
        )
