"""One table: its header, and what is wrong with its frame (ACPI specification, 5.2.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.enums import Enum
from dtlink.firmware.acpi.layout import U8, U32, Chars, Struct
from dtlink.firmware.errors import InputError
from dtlink.records import NamedTuple

HEADER = 36
#: No table of this kind comes near it: the largest of a server with thousands of nodes has 1 MB.
MAX_SIZE = 16 << 20
#: What text-mode transfers make of every byte that is no UTF-8.
_REPLACEMENT = b"\xef\xbf\xbd"


class FrameFaultKind(Enum):
    """What is wrong with the frame of a structure: a length, a count or an offset."""

    BEYOND = "beyond"
    """It ends after what holds it."""
    SHORT = "short"
    """It is shorter than its own header, or than the fixed part of its kind; 0 is among them."""
    MISSING = "missing"
    """More are announced than there are."""
    UNKNOWN = "unknown"
    """Its type is unknown, and with it its length."""
    LEFTOVER = "leftover"
    """The bytes after the last one are too few for another."""
    UNANNOUNCED = "unannounced"
    """Bytes follow the last one that is announced."""
    OVERLAP = "overlap"
    """Two arrays of a structure share bytes."""


class FrameFault(NamedTuple):
    """A fault in the frame. ``where`` is the structure that has it, or what should hold it."""

    kind: FrameFaultKind
    where: Struct
    what: str
    """What does not fit, as a noun: ``node``, ``mapping array``, ``device scope`` …"""
    offset: int
    """Byte offset in the table."""
    length: int
    """The length that is given; how many are missing, for MISSING."""
    room: int
    """How many bytes there are."""
    field: str = "length"
    """The field of ``where`` that is wrong."""


class TableHeader(Struct):
    """The header that every table has; the tables' own classes go on where it ends."""

    WORD = "header"
    SIZE = HEADER
    signature: Chars = Chars(0, 4)
    length: U32 = U32(4)
    table_revision: U8 = U8(8)
    checksum: U8 = U8(9)
    oem_id: Chars = Chars(10, 6, "DTLINK")
    oem_table_id: Chars = Chars(16, 8, "EXAMPLE")
    oem_revision: U32 = U32(24, 1)
    creator_id: Chars = Chars(28, 4, "DTLK")
    creator_revision: U32 = U32(32, 1)

    __slots__ = ("frame_faults", "source", "trailing")

    def __init__(self, data: bytes, trailing: int = 0, source: str = "") -> None:
        super().__init__(data, 0, len(data))
        self.trailing: int = trailing
        """How many bytes the file has after the table."""
        self.source: str = source
        """The file that the table is from, if it is not the input itself."""
        self.frame_faults: list[FrameFault] = []

    @property
    def revision(self) -> int:
        return self.data[8]

    @property
    def name(self) -> str:
        """The header represents the whole table."""
        return "header"

    @property
    def structures(self) -> Sequence[Struct]:
        """The structures that describe suppliers and consumers; reading them finds the faults."""
        return ()

    @property
    def minor_frame_faults(self) -> Iterator[FrameFault]:
        """Faults of the frame that keep nothing from being read."""
        return iter(())

    def everything(self) -> Iterator[Struct]:
        """The table itself, its structures, and the entries of their arrays."""
        yield self
        for each in self.structures:
            yield each
            yield from each.members()

    @property
    def sum(self) -> int:
        """The sum of all bytes, which must be 0 (mod 256)."""
        return sum(self.data) & 0xFF


def cut(data: bytes, base: int = 0) -> tuple[bytes, int]:
    """The bytes of the table that data begins with, and how many follow it.

    ``base`` is where data begins in its file, for the offsets of errors. Raises
    :class:`InputError` for what is no whole table.
    """
    if len(data) < HEADER:
        raise InputError(f"{len(data)} bytes are too few for a table's header (36)", offset=base)
    if not is_signature(data[:4]):
        raise InputError(f"no table begins with {data[:4]!r}", offset=base)
    length = int.from_bytes(data[4:8], "little")
    _refuse_text_damage(data, length, base)
    if length < HEADER:
        raise InputError(f"the header says that the table has {length} bytes", offset=base + 4)
    if length > len(data):
        raise InputError(
            f"the header says that the table has {length} bytes, but {len(data)} are there",
            offset=base + 4,
        )
    if length > MAX_SIZE:
        raise InputError(
            f"a table of {length} bytes: no more than {MAX_SIZE} are read", offset=base + 4
        )
    return data[:length], len(data) - length


def _refuse_text_damage(data: bytes, length: int, base: int) -> None:
    """Many U+FFFD, and a length that does not fit: the file went through a text-mode transfer."""
    at = data.find(_REPLACEMENT)
    if length != len(data) and at >= 0 and data.count(_REPLACEMENT) * 100 > len(data):
        raise InputError(
            "a text-mode transfer has replaced every byte from 0x80 on by EF BF BD: the table "
            "can't be restored; dump it again, and copy it as binary",
            offset=base + at,
        )


def is_signature(word: bytes) -> bool:
    """Whether four bytes can be a table's signature: capitals, digits and ``_ ! $ @``."""
    return len(word) == 4 and all(
        65 <= byte <= 90 or 48 <= byte <= 57 or byte in b"_!$@" for byte in word
    )


class Frame(NamedTuple):
    """How a run of structures says their types and lengths, in bytes from the start of each."""

    what: str
    type_size: int
    length_at: int
    length_size: int

    @property
    def size(self) -> int:
        """The least length of a structure."""
        return self.length_at + self.length_size


def walk(
    holder: Struct,
    start: int,
    end: int,
    frame: Frame,
    kinds: dict[int, type[Struct]],
    unknown: type[Struct],
    faults: list[FrameFault],
) -> Iterator[Struct]:
    """The structures between two offsets. It ends at the first whose length can't be true.

    Those shorter than the fixed part of their kind are given all the same, as far as they go.
    """
    data, at, number = holder.data, start, 0
    end = min(end, len(data))
    while at + frame.size <= end:
        kind = kinds.get(int.from_bytes(data[at : at + frame.type_size], "little"), unknown)
        length_at = at + frame.length_at
        length = int.from_bytes(data[length_at : length_at + frame.length_size], "little")
        node = kind(data, at, min(at + length, end), holder, number)
        if length < frame.size:
            faults.append(FrameFault(FrameFaultKind.SHORT, node, frame.what, at, length, end - at))
            return
        if at + length > end:
            faults.append(FrameFault(FrameFaultKind.BEYOND, node, frame.what, at, length, end - at))
        elif length < kind.least():
            least = kind.least()
            faults.append(FrameFault(FrameFaultKind.SHORT, node, frame.what, at, length, least))
        yield node
        at += length
        number += 1
