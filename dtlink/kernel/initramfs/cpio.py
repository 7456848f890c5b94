"""The members of a cpio archive in the formats that the kernel unpacks, both of them newc.

As ``init/initramfs.c`` reads them: a header, the name, the content, each padded to four bytes; zero
bytes between members are passed over; after ``TRAILER!!!`` another archive may follow.
"""

from __future__ import annotations

import binascii
import stat
import struct
from collections.abc import Callable, Iterator

from dtlink.firmware.packing import ByteSource
from dtlink.kernel.initramfs.members import FILE, FOLDER, LINK, OTHER, Member

MAGICS = (b"070701", b"070702")

#: The header: the magic, then 13 numbers of 8 hexadecimal digits (Documentation/driver-api/
#: early-userspace/buffer-format.rst).
_HEADER = 110
_NUMBERS = struct.Struct(">13I")
_MODE, _SIZE, _NAME_SIZE = 1, 6, 11

#: A longer name is not a path for the kernel (``PATH_MAX``).
_MAX_NAME = 4096
#: The lists of modules that are read are a few kilobytes.
_MAX_TEXT = 1 << 20

_TRAILER = "TRAILER!!!"
_KINDS = {stat.S_IFREG: FILE, stat.S_IFDIR: FOLDER, stat.S_IFLNK: LINK}


def read_members(source: ByteSource, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """The members up to what is not a header, with the contents of the wanted ones.

    Raises InputError for a header, an invalid name or size.
    """
    while source.skip_zeros() and source.peek(1) == b"0":
        if source.offset % 4:
            raise source.fail("a cpio header that is not at a multiple of 4")
        member = _member(source, wanted)
        if member.name != _TRAILER:
            yield member


def _member(source: ByteSource, wanted: Callable[[str], bool]) -> Member:
    numbers = _numbers(source)
    size, mode = numbers[_SIZE], stat.S_IFMT(numbers[_MODE])
    name = _name(source, numbers[_NAME_SIZE])
    kind = _KINDS.get(mode, OTHER)
    text = b""
    if kind == FILE and wanted(name):
        if size > _MAX_TEXT:
            raise source.fail(f"{name!r} has {size} bytes: no list of modules")
        text = source.take(size)
    else:
        source.skip(size)
    source.skip(-size % 4)
    return Member(name, kind, text)


def _numbers(source: ByteSource) -> tuple[int, ...]:
    if source.peek(6) not in MAGICS:
        raise source.fail("no cpio header of the newc format (070701 or 070702)")
    try:
        digits = binascii.unhexlify(source.peek(_HEADER)[6:])
        numbers: tuple[int, ...] = _NUMBERS.unpack(digits)
    except (binascii.Error, struct.error) as error:
        raise source.fail("a cpio header without its 13 hexadecimal numbers") from error
    source.skip(_HEADER)
    return numbers


def _name(source: ByteSource, size: int) -> str:
    if not 0 < size <= _MAX_NAME:
        raise source.fail(f"a cpio member whose name has {size} bytes")
    name = source.take(size).partition(b"\0")[0]
    source.skip(-(_HEADER + size) % 4)
    return name.decode("utf-8", "surrogateescape")
