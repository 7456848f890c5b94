"""Flattened devicetrees put together token by token, so that any part can be made wrong."""

from __future__ import annotations

import struct

MAGIC = 0xD00DFEED
#: The header's fields, in order; each is one word.
FIELDS = (
    "magic",
    "totalsize",
    "off_dt_struct",
    "off_dt_strings",
    "off_mem_rsvmap",
    "version",
    "last_comp_version",
    "boot_cpuid_phys",
    "size_dt_strings",
    "size_dt_struct",
)
HEADER_SIZE = 4 * len(FIELDS)
#: Where the structure block begins behind a reservation block of one entry.
STRUCT_AT = HEADER_SIZE + 16


def word(*values: int) -> bytes:
    """Big-endian 32-bit words."""
    return struct.pack(f">{len(values)}I", *values)


END_NODE, NOP, END = word(2), word(4), word(9)


def padded(value: bytes) -> bytes:
    """A value up to the next word."""
    return value + bytes(-len(value) % 4)


def begin(name: bytes = b"") -> bytes:
    """The begin token of a node and its name."""
    return word(1) + padded(name + b"\0")


def node(name: bytes = b"", *inside: bytes) -> bytes:
    """A whole node."""
    return begin(name) + b"".join(inside) + END_NODE


def prop(name_at: int, value: bytes = b"", size: int | None = None) -> bytes:
    """A property; ``size`` is what it claims to have, if that is not the truth."""
    return word(3, len(value) if size is None else size, name_at) + padded(value)


def blob(
    structure: bytes,
    strings: bytes = b"",
    reservations: bytes = bytes(16),
    tail: bytes = b"",
    **fields: int,
) -> bytes:
    """A blob in the usual order of blocks; ``fields`` are header fields to be made different."""
    struct_at = HEADER_SIZE + len(reservations)
    strings_at = struct_at + len(structure)
    body = reservations + structure + strings
    header = {
        "magic": MAGIC,
        "totalsize": HEADER_SIZE + len(body),
        "off_dt_struct": struct_at,
        "off_dt_strings": strings_at,
        "off_mem_rsvmap": HEADER_SIZE,
        "version": 17,
        "last_comp_version": 16,
        "boot_cpuid_phys": 0,
        "size_dt_strings": len(strings),
        "size_dt_struct": len(structure),
    } | fields
    return word(*(header[name] for name in FIELDS)) + body + tail


def field(data: bytes, name: str) -> int:
    """A header field of a blob."""
    return int(struct.unpack_from(">I", data, 4 * FIELDS.index(name))[0])


def with_field(data: bytes, name: str, value: int) -> bytes:
    """The blob with one header field set."""
    return with_word(data, 4 * FIELDS.index(name), value)


def with_word(data: bytes, offset: int, value: int) -> bytes:
    """The blob with the word at a byte offset set."""
    return data[:offset] + word(value & 0xFFFFFFFF) + data[offset + 4 :]
