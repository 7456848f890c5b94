"""IVRS tables that were made to be slow."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from tests.benchmarks.shapes.acpi import _EACH, _RAW, MORE, steps, table
from tests.benchmarks.shapes.shape import Shape


def ivrs(blocks: Iterable[bytes]) -> bytes:
    """An IVRS table."""
    return table(b"IVRS", struct.pack("<IQ", 0x203041, 0) + b"".join(blocks), 2)


def ivhd(number: int, entries: bytes, segment: int = 0, kind: int = 0x11) -> bytes:
    """A block of one IOMMU."""
    head = struct.pack(
        "<BBHHHQHHI16x",
        kind,
        0,
        40 + len(entries),
        number & 0xFFFF,
        0x40,
        number + 1 << 19,
        segment,
        0,
        0,
    )
    return head + entries


def selects(count: int) -> bytes:
    """Blocks of a thousand entries of one device each."""
    return ivrs(
        ivhd(
            at,
            b"".join(
                struct.pack("<BHB", 2, n & 0xFFFF, 0) for n in range(at, min(at + _EACH, count))
            ),
            at >> 16,
        )
        for at in range(0, count, _EACH)
    )


def ranges(count: int) -> bytes:
    """Blocks of a thousand ranges that overlap each other."""

    def each(n: int) -> bytes:
        return struct.pack("<BHBBHB", 3, n * 5 & 0x7FFF, 0, 4, (n * 5 & 0x7FFF) + n % 300, 0)

    return ivrs(
        ivhd(at, b"".join(each(n) for n in range(at, min(at + _EACH, count))), at // 20000)
        for at in range(0, count, _EACH)
    )


def small_blocks(count: int) -> bytes:
    """Blocks of one entry that takes all."""
    return ivrs(ivhd(n, struct.pack("<BHB", 1, 0, 0)) for n in range(count))


def ivrs_aliases(count: int) -> bytes:
    """Aliases, special devices and devices of the namespace."""

    def each(n: int) -> bytes:
        return (
            struct.pack("<BHBBHB", 0x42, n & 0xFFFF, 0, 0, n * 3 & 0xFFFF, 0)
            + struct.pack("<BHBBHB", 0x48, 0, 0, n & 255, n & 0xFFFF, 1 + n % 2)
            + struct.pack(
                "<BHB8s8sBB4s",
                0xF0,
                n & 0xFFFF,
                0,
                b"AMDI%04d" % (n % 10000),
                b"",
                2,
                4,
                b"%04d" % (n % 10000),
            )
        )

    return ivrs(
        ivhd(at, b"".join(each(n) for n in range(at, min(at + _EACH, count))), at >> 16)
        for at in range(0, count, _EACH)
    )


def ivmds(count: int) -> bytes:
    """Memory blocks that overlap."""
    first = ivhd(2, struct.pack("<BHB", 1, 0, 0))
    rows = (
        struct.pack(
            "<BBHHHHHIQQ", 0x20 + n % 3, 8, 32, n & 0xFFF, (n & 0xFFF) + 9, 0, 0, 0, n << 12, 0x4000
        )
        for n in range(count)
    )
    return ivrs([first, *rows])


SHAPES = {
    "IVRS selects": Shape(selects, MORE, _RAW),
    "IVRS ranges": Shape(ranges, MORE, _RAW),
    "IVRS blocks": Shape(small_blocks, MORE, _RAW),
    "IVRS aliases": Shape(ivrs_aliases, MORE, _RAW),
    "IVRS memory": Shape(ivmds, MORE, _RAW),
    "IVRS of small": Shape(steps(b"IVRS", 12, struct.pack("<BBH", 0x90, 0, 4)), MORE, _RAW),
    "IVRS of 10h": Shape(steps(b"IVRS", 12, struct.pack("<BBH", 0x10, 0, 4)), MORE, _RAW),
}
