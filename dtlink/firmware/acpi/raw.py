"""Tables as they are: one in a file, or several one after another."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.firmware.acpi.blocks import RawTable, machine_of
from dtlink.firmware.acpi.machine import CODE, Machine
from dtlink.firmware.acpi.registry import REGISTRY
from dtlink.firmware.acpi.table import HEADER, MAX_SIZE, is_signature
from dtlink.firmware.errors import InputError

FORM = "acpi"
#: Signatures that are enough to know a table by; the rest of its header may then be damaged.
KNOWN = frozenset(word.encode() for word in (*REGISTRY, *CODE, "FACP", "FACS", "RSDT", "XSDT"))
_BLANKS = b"\t\n\v\f\r\x1b"


def is_table(head: bytes) -> bool:
    """Whether the first bytes of a file are a table's; those of no text, and of no DTB, are."""
    if head[:4] in KNOWN:
        # Of the numbers in a header one at least has a byte that no text has.
        return any(byte < 0x20 and byte not in _BLANKS for byte in head[4:HEADER])
    return is_signature(head[:4]) and len(head) >= HEADER and _is_header(head)


def _is_header(head: bytes) -> bool:
    """Whether length and revision are such as occur, and the texts are printable."""
    texts = head[10:24] + head[28:32]
    return (
        HEADER <= _length(head) <= MAX_SIZE
        and head[8] < 0x40
        and all(byte == 0 or 0x20 <= byte < 0x7F for byte in texts)
    )


def decode(data: bytes) -> Machine:
    """The machine that has the tables. Raises :class:`InputError` for what is no whole table."""
    return machine_of(blocks(data), FORM)


def blocks(data: bytes, file: str = "") -> Iterator[RawTable]:
    """The tables; what is not a whole table counts as trailing bytes of the last one.

    Raises :class:`InputError` if it begins with no table.
    """
    if not is_table(data[:HEADER]):
        what = "an empty file" if not data else f"no ACPI table begins with {data[:4]!r}"
        raise InputError(what, offset=0)
    at = 0
    while at < len(data):
        behind = at + _length(data, at)
        if not _is_whole_table(data, behind):
            behind = len(data)
        yield RawTable(data[at : at + 4].decode("latin-1"), data[at:behind], at, file)
        at = behind


def _is_whole_table(data: bytes, at: int) -> bool:
    head = data[at : at + HEADER]
    return is_table(head) and HEADER <= _length(head) <= len(data) - at


def _length(data: bytes, at: int = 0) -> int:
    return int.from_bytes(data[at + 4 : at + 8], "little")
