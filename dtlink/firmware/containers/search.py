"""Look for devicetrees anywhere in a file: an initramfs, a firmware image, a kernel."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.firmware.containers import blobs
from dtlink.firmware.containers.model import Contents, Part, Problem
from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import (
    COMPRESSIONS,
    ByteSource,
    Compression,
    SizeLimit,
    SizeLimitError,
    unpack,
)

#: The structure block of a devicetree that is empty: the root's begin, name and end, and the end.
_EMPTY = 16
#: Streams of one file that are unpacked; what only looks like one costs little.
_MAX_STREAMS = 2000
#: Dictionaries of lzma that tools make: powers of two from 64 KiB to 64 MiB (xz, lzma_decoder.c,
#: LZMA_alone accepts 2^n and 2^n + 2^(n-1) only).
_DICTIONARIES = [1 << power for power in range(16, 27)]


def search(data: bytes, unpacked: SizeLimit) -> Contents:
    """The devicetrees in the data, and in streams of compressed data in them, by offset.

    A header must be sound, so that a number that only looks like a magic is not taken for one.
    """
    places = list(_trees(data))
    found = [(at, Part(f"dtb@{at:#x}", data[at : at + size], at)) for at, size in places]
    problems: tuple[Problem, ...] = ()
    try:
        for at, compression in _streams(data):
            if not any(place.at <= at < place.end for place in places):
                found += [(at, part) for part in _inside(data, at, compression, unpacked)]
    except SizeLimitError as error:
        problems = (
            Problem(f"not all compressed data were searched: {error.message}", error.offset),
        )
    return Contents([part for _, part in sorted(found, key=_place)], problems=problems)


def _trees(data: bytes) -> Iterator[blobs.Place]:
    """The devicetrees that have more than a root node without properties.

    A kernel image has such an empty one (Linux, drivers/of/empty_root.dts).
    """
    for place in blobs.blobs(data):
        size = int.from_bytes(data[place.at + 36 : place.at + 40], "big")
        if size > _EMPTY:
            yield place


def _place(found: tuple[int, Part]) -> int:
    return found[0]


def _streams(data: bytes) -> Iterator[tuple[int, Compression]]:
    """Where compressed data may begin."""
    count = 0
    for compression in COMPRESSIONS:
        at = data.find(compression.magic)
        while at >= 0 and count < _MAX_STREAMS:
            if _is_likely(data, at, compression):
                count += 1
                yield at, compression
            at = data.find(compression.magic, at + 1)


def _is_likely(data: bytes, at: int, compression: Compression) -> bool:
    after = data[at + len(compression.magic) : at + 16]
    if compression.name == "bzip2":
        return after[:1].isdigit() and after[1:7] == b"1AY&SY"
    if compression.name == "lzma":
        return int.from_bytes(data[at + 1 : at + 5], "little") in _DICTIONARIES
    return compression.name != "gzip" or after[:1] < b"\x20"


def _inside(data: bytes, at: int, compression: Compression, unpacked: SizeLimit) -> list[Part]:
    """The devicetrees in a stream; none for what is not a stream after all."""
    pieces: list[bytes] = []
    try:
        source = unpack(compression, ByteSource.of_bytes(data, at, at), unpacked)
        pieces.extend(source)
    except SizeLimitError:
        raise
    except InputError:
        pass  # what was unpacked before the damage, or before what follows the stream, is looked at
    whole = b"".join(pieces)
    above = f"{compression.name.replace(' ', '-')}@{at:#x}"
    return [
        Part(f"{above}!dtb@{place.at:#x}", whole[place.at : place.end]) for place in _trees(whole)
    ]
