"""Other tables, whole machines, and dumps that were made to be slow."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random

from tests.benchmarks.shapes.acpi import _RAW, MORE, components, mapping, scopes, table
from tests.benchmarks.shapes.shape import Shape


def viot(count: int) -> bytes:
    """Ranges of endpoints that overlap; a VIOT has less than 64 KiB of nodes that can be named."""
    rows = b"".join(
        struct.pack("<BxHIHHHHH6x", 1, 24, n, 0, 0, n & 0xFFFF, (n & 0xFFFF) + n % 99, 48)
        for n in range(count)
    )
    iommu = struct.pack("<BxHHHQ", 3, 16, 0, 8, 0)
    return table(b"VIOT", struct.pack("<HHQ", min(count + 1, 0xFFFF), 48, 0) + iommu + rows, 0)


def rimt(count: int) -> bytes:
    """Root complexes behind an IOMMU."""
    iommu = struct.pack("<BBHHH8sQIIHHHH", 0, 1, 40, 0, 0, b"RSCV0004", 1 << 28, 0, 0, 0, 0, 0, 40)
    rows = (
        struct.pack("<BBHHHIHHHH", 1, 1, 60, 0, n & 0xFFFF, 0, 0, n & 0xFFFF, 20, 2)
        + mapping(n, 9, n, 48)
        + mapping(n + 5, 9, n, 48)
        for n in range(count)
    )
    return table(b"RIMT", struct.pack("<III", count + 1, 48, 0) + iommu + b"".join(rows))


def madt(count: int) -> bytes:
    """A MADT of as many ITSs, distributors, redistributors and I/O APICs."""

    def each(n: int) -> bytes:
        return (
            struct.pack("<BBHIQI", 15, 20, 0, n & 0xFFF, n << 17, 0)
            + struct.pack("<BBBBII", 1, 12, n & 255, 0, n << 12, n * 24 & 0xFFFFFFFF)
            + struct.pack("<BBHIQIHH", 13, 24, 0, n, n << 16, 1, 9, 64)
        )

    return table(b"APIC", struct.pack("<II", 0, 0) + b"".join(map(each, range(count))), 5)


def mcfg(count: int) -> bytes:
    """An MCFG of buses that overlap."""
    rows = (struct.pack("<QHBBI", n << 20, n & 0xFF, n & 127, 255, 0) for n in range(count))
    return table(b"MCFG", bytes(8) + b"".join(rows))


def srat(count: int) -> bytes:
    """An SRAT of memory and ITSs."""

    def each(n: int) -> bytes:
        return struct.pack("<BBIHQQIIQ", 1, 40, n, 0, n << 20, 2 << 20, 0, 1, 0) + struct.pack(
            "<BBIHI", 4, 12, n, 0, n
        )

    return table(b"SRAT", struct.pack("<IQ", 1, 0) + b"".join(map(each, range(count))), 3)


def filled(signature: bytes, byte: bytes) -> Callable[[int], bytes]:
    """A table whose body is one byte, again and again."""
    return lambda count: table(signature, byte * count)


def chance(signature: bytes) -> Callable[[int], bytes]:
    """A table of a body by chance."""
    return lambda count: table(signature, Random(3).randbytes(count))  # noqa: S311 - no secret


def machine(count: int) -> dict[str, bytes]:
    """The tables of one machine, in a folder."""
    share = count // 4 + 1
    made = {
        "IORT": components(share),
        "MADT": madt(share),
        "MCFG": mcfg(share),
        "SRAT": srat(share),
    }
    return {f"m/{name}": data for name, data in made.items()}


def other_machine(count: int) -> dict[str, bytes]:
    """The tables of one machine of another kind."""
    share = count // 4 + 1
    made = {"DMAR": scopes(share), "MADT": madt(share), "MCFG": mcfg(share), "SRAT": srat(share)}
    return {f"m/{name}": data for name, data in made.items()}


def acpidump(count: int) -> bytes:
    """The text that acpidump prints."""
    return f"IORT @ 0x0000000000000000\n{_dump(components(count))}\n".encode()


def _dump(data: bytes) -> str:
    """Bytes as acpidump prints them."""
    rows = ((at, data[at : at + 16].hex(" ").upper()) for at in range(0, len(data), 16))
    return "".join(f"    {at:04X}: {row:47}  {'.' * 16}\n" for at, row in rows)


def folded(count: int) -> bytes:
    """A dump whose lines were folded by a mailer."""
    return b"".join(
        line[:40].rstrip() + b"\n" + line[40:] + b"\n" for line in acpidump(count).split(b"\n")
    )


def short_dumps(count: int) -> bytes:
    """Dumps of very many short tables."""
    lines = _dump(table(b"SSDT", bytes(28)))
    return "".join(f"SSDT @ 0x{n:016x}\n{lines}\n" for n in range(count)).encode()


def tables_in_one(count: int) -> bytes:
    """Tables one after the other in a file."""
    return table(b"IORT", struct.pack("<III", 0, 48, 0), 3) * count


SHAPES = {
    "VIOT": Shape(viot, MORE, _RAW),
    "RIMT": Shape(rimt, MORE, _RAW),
    "MADT": Shape(madt, MORE, _RAW),
    "MCFG": Shape(mcfg, MORE, _RAW),
    "SRAT": Shape(srat, MORE, _RAW),
    "machine": Shape(
        machine,
        ("lint @m", "links @m", "iommu @m", "diff @m @m", "lint --select all --format json @m"),
    ),
    "other machine": Shape(
        other_machine,
        ("lint @m", "links @m", "iommu @m", "diff @m @m", "lint --select all --format json @m"),
    ),
    "acpidump": Shape(acpidump, ("lint @", "inspect @"), "input.txt"),
    "folded dump": Shape(folded, ("lint @", "inspect @"), "input.txt"),
    "short dumps": Shape(short_dumps, ("lint @", "inspect @"), "input.txt"),
    "tables in one": Shape(tables_in_one, MORE, _RAW),
    **{
        f"{name.decode()} of {what}": Shape(make, MORE, _RAW)
        for name in (b"IORT", b"DMAR", b"IVRS", b"VIOT", b"RIMT", b"APIC", b"SRAT", b"MCFG")
        for what, make in (
            ("zeros", filled(name, b"\0")),
            ("ones", filled(name, b"\xff")),
            ("chance", chance(name)),
        )
    },
}
