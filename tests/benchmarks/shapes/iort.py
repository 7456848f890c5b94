"""IORT tables that were made to be slow."""

from __future__ import annotations

import struct

from tests.benchmarks.shapes.acpi import _EACH, _RAW, MORE, components, iort, its, mapping, smmu
from tests.benchmarks.shapes.shape import Shape


def root(segment: int, mappings: list[bytes]) -> bytes:
    """A root complex."""
    body = b"".join(mappings)
    head = struct.pack(
        "<BHBIIIQIIB3x", 2, 36 + len(body), 3, segment, len(mappings), 36, 1, 0, segment, 64
    )
    return head + body


def groups(count: int) -> bytes:
    """Mappings of root complexes to ITS groups that overlap each other."""
    parts = [range(at, min(at + _EACH, count)) for at in range(0, count, _EACH)]
    start = 48 + sum(36 + 20 * len(some) for some in parts)
    roots = [
        root(at, [mapping(n, 0, n, start + 24 * n) for n in some]) for at, some in enumerate(parts)
    ]
    bodies = [struct.pack("<BHBIIIII", 0, 0xFFFF, 1, n, 0, 0, 0x3FFF, n) for n in range(count)]
    return iort([*roots, *bodies])


def overlapping(count: int) -> bytes:
    """Mappings that overlap each other, in and out."""

    def each(n: int) -> bytes:
        return mapping(n * 7 & 0xFFFF, n % 500, n * 5 & 0xFFFF, 72)

    return iort(
        [
            its(0, [0]),
            smmu(1, [mapping(0, 0xFFFFFF, 0, 48)]),
            *(
                root(at // _EACH, [each(n) for n in range(at, min(at + _EACH, count))])
                for at in range(0, count, _EACH)
            ),
        ]
    )


def smmus(count: int) -> bytes:
    """A chain of SMMUs, each with the mappings of the one before."""
    return iort(
        [
            its(0, [0]),
            *(
                smmu(n, [mapping(0, 0xFFFF, 0, 48 + 24 + 88 * (n - 1) if n else 48)])
                for n in range(count)
            ),
        ]
    )


def mapping_ring(count: int) -> bytes:
    """Root complexes whose mappings lead to each other."""
    return iort(
        [root(n, [mapping(0, 0xFFFF, 0, 48 + 56 * ((n + 1) % count))]) for n in range(count)]
    )


def rmrs(count: int) -> bytes:
    """Reserved memory that overlaps."""

    def each(n: int) -> bytes:
        head = struct.pack("<BHBIIIIII", 6, 28 + 20 + 20, 3, n, 1, 48, 0, 1, 28)
        return (
            head + struct.pack("<QQI", n << 16, 0x30000, 0) + mapping(n & 0xFFFF, 0, n & 0xFFFF, 72)
        )

    return iort([its(0, [0]), smmu(1, [mapping(0, 0xFFFFFF, 0, 48)]), *map(each, range(count))])


def dangling(count: int) -> bytes:
    """References to no node."""
    return iort([root(n, [mapping(0, 0xFFFF, 0, 49 + n)]) for n in range(count)])


SHAPES = {
    "ITS groups": Shape(groups, MORE, _RAW),
    "named components": Shape(components, MORE, _RAW),
    "overlapping mappings": Shape(overlapping, MORE, _RAW),
    "SMMU chain": Shape(smmus, MORE, _RAW),
    "mapping ring": Shape(mapping_ring, MORE, _RAW),
    "RMR": Shape(rmrs, MORE, _RAW),
    "IORT dangling": Shape(dangling, MORE, _RAW),
}
