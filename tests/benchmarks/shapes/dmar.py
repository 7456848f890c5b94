"""DMAR tables that were made to be slow."""

from __future__ import annotations

import struct
from random import Random

from tests.benchmarks.shapes.acpi import _EACH, _RAW, MORE, dmar, scope, scopes, steps, unit
from tests.benchmarks.shapes.shape import Shape


def units(count: int) -> bytes:
    """Units in many segments."""
    return dmar(unit(n, n >> 8, 0, scope(1, 0, bytes([n >> 3 & 31, n & 7]))) for n in range(count))


def units_of_all(count: int) -> bytes:
    """Units of one segment that all take the rest of the devices."""
    return dmar(unit(n, 0, 1, b"") for n in range(count))


def same_scopes(count: int) -> bytes:
    """Scopes of one device."""
    many = scope(1, 0, b"\1\0") * _EACH
    return dmar(unit(n, 0, 0, many) for n in range(max(count // _EACH, 1)))


def paths(count: int) -> bytes:
    """Scopes with long paths."""
    return dmar(unit(n, 0, 0, scope(2, 0, bytes([n >> 8 & 31, n & 7]) * 120)) for n in range(count))


def reserved(count: int) -> bytes:
    """Reserved memory that overlaps."""
    first = unit(0, 0, 1, b"")
    rows = (
        struct.pack("<HHHHQQ", 1, 32, 0, 0, n << 12, (n + 3 << 12) - 1)
        + scope(1, 0, bytes([n & 31, n >> 5 & 7]))
        for n in range(count)
    )
    return dmar([first, *rows])


def mixed(count: int) -> bytes:
    """Structures of every type, by chance."""
    choice = Random(2)  # noqa: S311 - no secret

    def each(n: int) -> bytes:
        kind = choice.randrange(8)
        place = scope(
            choice.randrange(6),
            choice.randrange(256),
            bytes([choice.randrange(32), choice.randrange(8)]),
            n & 255,
        )
        if kind == 0:
            return unit(n, choice.randrange(16), choice.randrange(2), place)
        if kind == 1:
            return (
                struct.pack("<HHHHQQ", 1, 24 + len(place), 0, n & 15, n << 12, (n + 2 << 12) - 1)
                + place
            )
        if kind == 3:
            return struct.pack("<HHIQI", 3, 20, 0, n + 1 << 12, n)
        if kind == 4:
            return struct.pack("<HHI", 4, 16, n & 255 << 24) + b"\\_SB.D%03d\0"[:8]
        return struct.pack("<HHBBH", kind, 8 + len(place), 0, 0, n & 15) + place

    return dmar(each(n) for n in range(count))


SHAPES = {
    "DMAR units": Shape(units, MORE, _RAW),
    "DMAR units of all": Shape(units_of_all, MORE, _RAW),
    "DMAR scopes": Shape(scopes, MORE, _RAW),
    "DMAR same scopes": Shape(same_scopes, MORE, _RAW),
    "DMAR paths": Shape(paths, MORE, _RAW),
    "DMAR RMRR": Shape(reserved, MORE, _RAW),
    "DMAR mixed": Shape(mixed, MORE, _RAW),
    "DMAR of small": Shape(steps(b"DMAR", 12, struct.pack("<HH", 9, 4)), MORE, _RAW),
}
