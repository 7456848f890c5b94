"""Images of the partition dtbo: a table of devicetrees or overlays, each for some boards.

Source: Android, system/libufdt, utils/src/dt_table.h: struct dt_table_header, dt_table_entry and
dt_table_entry_v1.
"""

from __future__ import annotations

import zlib

from dtlink.firmware.containers.fields import HeaderLayout, cut
from dtlink.firmware.containers.model import AboutValue, Contents, Part
from dtlink.firmware.errors import InputError

MAGIC = b"\xd7\xb7\xab\x1e"
HEADER = HeaderLayout(
    "header of a dt_table image",
    "big",
    {
        "total_size": (4, 4),
        "header_size": (8, 4),
        "dt_entry_size": (12, 4),
        "dt_entry_count": (16, 4),
        "dt_entries_offset": (20, 4),
        "page_size": (24, 4),
        "version": (28, 4),
    },
    source="dt_table.h, struct dt_table_header",
)
ENTRY = HeaderLayout(
    "entry of a dt_table image",
    "big",
    {"dt_size": (0, 4), "dt_offset": (4, 4), "id": (8, 4), "rev": (12, 4), "flags": (16, 4)},
    source="dt_table.h, struct dt_table_entry_v1",
)
#: Boards of one image; real ones have some ten.
_MAX_ENTRIES = 4096
#: What an entry may unpack to.
_MAX_UNPACKED = 8 << 20
#: dt_table_entry_v1, flags: enum dt_compression_info.
_COMPRESSION, _ZLIB = 0xF, 1


def matches(data: bytes) -> bool:
    """Whether a file is a dt_table image."""
    return data.startswith(MAGIC)


def read(data: bytes) -> Contents:
    """The entries; boards that share a devicetree are listed with the first of them."""
    head = HEADER.read(data)
    count, step = head["dt_entry_count"], head["dt_entry_size"]
    if count > _MAX_ENTRIES or step < ENTRY.size:
        message = f"{count} entries of {step} bytes: not a dt_table image that dtlink reads"
        raise InputError(message, offset=12)
    places: dict[tuple[int, int], list[int]] = {}
    entries = [ENTRY.read(data, head["dt_entries_offset"] + step * each) for each in range(count)]
    for number, entry in enumerate(entries):
        places.setdefault((entry["dt_offset"], entry["dt_size"]), []).append(number)
    compressed = head["version"] >= 1
    parts = [_part(data, entries, numbers, compressed=compressed) for numbers in places.values()]
    return Contents(parts, about={"version": head["version"], "entries": count})


def _part(
    data: bytes, entries: list[dict[str, int]], numbers: list[int], *, compressed: bool
) -> Part:
    first = entries[numbers[0]]
    what = f"entry {numbers[0]}"
    content = cut(data, first["dt_offset"], first["dt_size"], what)
    boards = [f"id {entries[each]['id']:#x} rev {entries[each]['rev']:#x}" for each in numbers]
    about: dict[str, AboutValue] = {"for": boards}
    if compressed and first["flags"] & _COMPRESSION == _ZLIB:
        content = _inflated(content, what, first["dt_offset"])
        about["compression"] = "zlib"
    size = first["dt_size"]
    return Part(f"dtb[{numbers[0]}]", content, first["dt_offset"], about=about, size=size)


def _inflated(content: bytes, what: str, offset: int) -> bytes:
    try:
        found = zlib.decompressobj().decompress(content, _MAX_UNPACKED + 1)
    except zlib.error as error:
        raise InputError(f"cannot unpack {what}: {error}", offset=offset) from error
    if len(found) > _MAX_UNPACKED:
        raise InputError(f"{what} unpacks to more than {_MAX_UNPACKED} bytes", offset=offset)
    return found
