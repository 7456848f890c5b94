"""What tables are made of."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable

from tests.benchmarks.shapes.shape import TABLE

#: Mappings of one root complex: a node is shorter than 64 KiB.
_EACH = 1000


def table(signature: bytes, body: bytes, revision: int = 1) -> bytes:
    """An ACPI table; its checksum is right."""
    header = struct.pack("<4sIBB", signature, 36 + len(body), revision, 0)
    data = bytearray(header + b"DTLINKSLOPES__" + bytes(12) + body)
    data[9] = -sum(data) & 0xFF
    return bytes(data)


def dmar(structures: Iterable[bytes]) -> bytes:
    """A DMAR table."""
    return table(b"DMAR", struct.pack("<BB10x", 38, 1) + b"".join(structures))


def scope(kind: int, bus: int, path: bytes, number: int = 0) -> bytes:
    """A device scope."""
    return struct.pack("<BBHBB", kind, 6 + len(path), 0, number, bus) + path


def unit(number: int, segment: int, flags: int, scopes: bytes) -> bytes:
    """A DRHD."""
    return struct.pack("<HHBBHQ", 0, 16 + len(scopes), flags, 0, segment, number + 1 << 12) + scopes


def scopes(count: int) -> bytes:
    """Units of a thousand scopes, which overlap."""

    def each(n: int) -> bytes:
        return scope(1 + n % 2, n >> 8 & 255, bytes([n >> 3 & 31, n & 7]))

    return dmar(
        unit(at, at // _EACH, 0, b"".join(each(n) for n in range(at, min(at + _EACH, count))))
        for at in range(0, count, _EACH)
    )


def iort(nodes: list[bytes]) -> bytes:
    """An IORT table."""
    return table(b"IORT", struct.pack("<III", len(nodes), 48, 0) + b"".join(nodes), 3)


def mapping(base: int, count: int, output: int, target: int, flags: int = 0) -> bytes:
    """An ID mapping of IORT or RIMT; ``count`` is less one in IORT."""
    return struct.pack("<5I", base, count, output, target, flags)


def smmu(number: int, mappings: list[bytes]) -> bytes:
    """An SMMUv3."""
    body = b"".join(mappings)
    head = struct.pack(
        "<BHBIIIQIIQIIIIIII",
        4,
        68 + len(body),
        1,
        number,
        len(mappings),
        68,
        number + 1 << 20,
        1,
        0,
        0,
        0,
        74,
        75,
        77,
        79,
        0,
        0,
    )
    return head + body


def component(number: int, mappings: list[bytes]) -> bytes:
    """A named component."""
    name = b"\\_SB.D%06d\0" % number
    size = 29 + len(name) + 3 & ~3
    body = b"".join(mappings)
    head = struct.pack(
        "<BHBIIIIIBHBB", 1, size + len(body), 2, number, len(mappings), size, 0, 1, 0, 0, 3, 64
    )
    return (head + name).ljust(size, b"\0") + body


def its(number: int, ids: Iterable[int]) -> bytes:
    """An ITS group."""
    some = list(ids)
    return struct.pack("<BHBIIII", 0, 20 + 4 * len(some), 1, number, 0, 0, len(some)) + struct.pack(
        f"<{len(some)}I", *some
    )


def components(count: int) -> bytes:
    """Named components behind one SMMU."""
    return iort(
        [
            its(0, [0]),
            smmu(1, [mapping(0, 0xFFFFFF, 0, 48)]),
            *(component(n, [mapping(n, 0, n, 72)]) for n in range(count)),
        ]
    )


def steps(signature: bytes, head: int, each: bytes) -> Callable[[int], bytes]:
    """A table of one structure, again and again, after ``head`` zeros."""
    return lambda count: table(signature, bytes(head) + each * count)


MORE = (*TABLE, "lint --select all --format json @")


_RAW = "input.bin"
