"""How the cost of inputs that were made to be slow grows with their size.

    python tests/benchmarks/slopes.py [NAME…]

Generates each shape at three sizes and runs the commands on it. Prints processor time, the slope
(of the logarithms: 1 is linear, 2 quadratic), peak memory and the size of the output; exits with 1
if a slope is above 1.3, or a run uses more than a limit. What a start costs is taken off first.
"""

from __future__ import annotations

import math
import os
import resource
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dtlink.firmware import dts

ROOT = Path(__file__).resolve().parents[2]
#: Bytes of the generated inputs.
SIZES = (64_000, 128_000, 256_000)
STEEPEST = 1.3
#: Seconds, megabytes and bytes of output for the largest.
LIMITS = (1.0, 150.0, 4_000_000)
#: A growth of less is noise: seconds.
NOISE = 0.25
#: Where a run is stopped.
SECONDS = 60


class Cost(NamedTuple):
    """What one run of a command used."""

    seconds: float
    megabytes: float
    output: int


def cost(arguments: Sequence[str]) -> Cost:
    """Run dtlink in a new process."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dtlink", *arguments],
            stdout=output,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS)),  # noqa: PLW1509 - no threads
        )
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
        seconds = used.ru_utime + used.ru_stime
        return Cost(seconds, used.ru_maxrss / 1024, output.seek(0, os.SEEK_END))


def source(nodes: str) -> bytes:
    """A devicetree source."""
    return f"/dts-v1/;\n/ {{ {nodes} }};\n".encode()


def blob(nodes: str) -> bytes:
    """The same as a blob."""
    return dts.read_text(source(nodes).decode()).blob


def chain(count: int) -> bytes:
    """A chain of ``interrupt-parent`` that leads nowhere."""
    return blob(
        "".join(
            f"n{n}: n{n} {{ interrupts = <{n}>; interrupt-parent = <&n{n + 1}>; }};"
            for n in range(count)
        )
        + f"n{count}: n{count} {{ }};"
    )


def clocks(count: int) -> bytes:
    """A chain of clocks."""
    row = 'n{n}: n{n} {{ compatible = "vendor,n"; #clock-cells = <0>; clocks = <&n{m}>; }};'
    return blob("".join(row.format(n=n, m=(n + 1) % count) for n in range(count)))


def no_cells(count: int) -> bytes:
    """Suppliers without a cells property."""
    return blob("".join(f"c{n}: c{n} {{ }}; d{n} {{ clocks = <&c{n}>; }};" for n in range(count)))


def streams(count: int) -> bytes:
    """Stream-match entries with masks."""
    row = 'd{n} {{ compatible = "vendor,d"; iommus = <&smmu {n} {mask}>; }};'
    devices = "".join(row.format(n=n << 4, mask=1 << n % 4) for n in range(count))
    return blob(f'smmu: smmu {{ compatible = "arm,mmu-500"; #iommu-cells = <2>; }}; {devices}')


def windows(count: int) -> bytes:
    """AMBA devices on a bus with as many ``ranges``."""
    ranges = " ".join(f"{n:#x}000 {n:#x}000 0x1000" for n in range(1, count))
    row = 'd{n} {{ compatible = "vendor,d", "arm,primecell"; reg = <{at} 0x10>; }};'
    devices = "".join(row.format(n=n, at=f"{n:#x}000") for n in range(1, count))
    return blob(
        f'#address-cells = <1>; #size-cells = <1>; bus {{ compatible = "simple-bus"; '
        f"#address-cells = <1>; #size-cells = <1>; ranges = <{ranges}>; {devices} }};"
    )


def labels(count: int) -> bytes:
    """Many labels of one node."""
    return source("".join(f"l{n}: " for n in range(count)) + "d { };")


def references(count: int) -> bytes:
    """Many references in source."""
    nodes = "".join(f"l{n}: d{n} {{ x = <&l{n * 7 % count}>; }};\n" for n in range(count))
    return source(nodes)


def table(signature: bytes, body: bytes, revision: int = 1) -> bytes:
    """An ACPI table; its checksum is right."""
    header = struct.pack("<4sIBB", signature, 36 + len(body), revision, 0)
    data = bytearray(header + b"DTLINKSLOPES__" + bytes(12) + body)
    data[9] = -sum(data) & 0xFF
    return bytes(data)


def units(count: int) -> bytes:
    """A DMAR whose units are in many segments."""
    body = bytearray(struct.pack("<BB10x", 38, 1))
    for n in range(count):
        scope = struct.pack("<BBHBBBB", 1, 8, 0, 0, 0, n >> 3 & 31, n & 7)
        body += struct.pack("<HHBBHQ", 0, 16 + len(scope), 0, 0, n >> 8, (n + 1) << 12) + scope
    return table(b"DMAR", bytes(body))


#: Mappings of one root complex.
_EACH = 1000


def groups(count: int) -> bytes:
    """An IORT: mappings of a root complex to ITS groups that overlap each other."""
    roots = [range(at, min(at + _EACH, count)) for at in range(0, count, _EACH)]
    start = 48 + sum(36 + 20 * len(some) for some in roots)
    nodes = b""
    for segment, some in enumerate(roots):
        mappings = b"".join(struct.pack("<5I", n, 0, n, start + 24 * n, 0) for n in some)
        length = 36 + len(mappings)
        nodes += struct.pack("<BHBIIIQIIB3x", 2, length, 3, 0, len(some), 36, 1, 0, segment, 64)
        nodes += mappings
    for n in range(count):
        nodes += struct.pack("<BHBIIIII", 0, 0xFFFF, 1, n, 0, 0, 0x3FFF, n)
    return table(b"IORT", struct.pack("<III", count + len(roots), 48, 0) + nodes, 3)


#: Name, generator and the commands that are run.
SHAPES: dict[str, tuple[Callable[[int], bytes], Sequence[str]]] = {
    "interrupt parents": (chain, ("lint", "links")),
    "clocks": (clocks, ("lint", "order", "cycles", "why")),
    "no cells": (no_cells, ("lint",)),
    "stream IDs": (streams, ("lint", "iommu")),
    "ranges": (windows, ("lint", "devlink")),
    "labels": (labels, ("links",)),
    "references": (references, ("links",)),
    "DMAR units": (units, ("lint", "iommu")),
    "ITS groups": (groups, ("lint", "links", "iommu")),
}


def sized(make: Callable[[int], bytes], size: int) -> bytes:
    """An input of about that many bytes."""
    count = 200
    for _ in range(3):
        count = max(count * size // len(make(count)), 2)
    return make(count)


def measured(names: Sequence[str], folder: Path) -> Iterator[tuple[str, list[Cost]]]:
    """The cost of each command on each shape, in ascending size."""
    for name in names or SHAPES:
        make, commands = SHAPES[name]
        files = [folder / f"{size}.{'dts' if make in _SOURCES else 'bin'}" for size in SIZES]
        for file, size in zip(files, SIZES, strict=True):
            file.write_bytes(sized(make, size))
        for command in commands:
            more = ["/n0"] if command == "why" else []
            yield f"{command}: {name}", [cost([command, str(file), *more]) for file in files]


_SOURCES = (labels, references)


def slope(costs: Sequence[Cost], start: float) -> float:
    """The slope from the smallest to the largest input; 0 where the growth is noise."""
    first, last = costs[0].seconds - start, costs[-1].seconds - start
    if last < NOISE:
        return 0.0
    return math.log(last / max(first, 0.02)) / math.log(SIZES[-1] / SIZES[0])


def main(names: Sequence[str]) -> int:
    """Print a line for each command and shape."""
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, costs in measured(names, folder):
            empty = folder / "empty.dts"
            empty.write_bytes(source(""))
            start = cost([title.partition(":")[0], str(empty), *(["/"] if "why" in title else [])])
            steep, last = slope(costs, start.seconds), costs[-1]
            bad = steep > STEEPEST or any(a > b for a, b in zip(last, LIMITS, strict=True))
            failed += bad
            times = ", ".join(f"{each.seconds:.2f}" for each in costs)
            print(
                f"{title:26} {times} s  slope {steep:4.2f}  {last.megabytes:.0f} MB  "
                f"{last.output / 1000:.0f} KB{'  TOO MUCH' * bad}",
                flush=True,
            )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
