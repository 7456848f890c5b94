"""How the time of a lint grows with the number of nodes of ordinary trees."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dtlink
from dtlink.firmware import fdt
from dtlink.firmware.fdt_write import SourceNode, cells, strings, write
from tests.benchmarks.pairs import Figure, Figures


def synthetic(count: int) -> bytes:
    """A bus with ``count`` nodes, each with a clock, a supply and an interrupt."""
    root = SourceNode("", {"#address-cells": cells(1), "#size-cells": cells(1)})
    soc = root.child("soc")
    soc.properties |= {"compatible": strings("simple-bus"), "interrupt-parent": cells(1)}
    suppliers = {"gic": "interrupt-controller", "clk": "#clock-cells", "reg": "regulator-name"}
    for number, (name, cells_property) in enumerate(suppliers.items(), 1):
        soc.child(name).properties |= {
            "compatible": strings(f"x,{name}"),
            "phandle": cells(number),
            cells_property: cells(1),
            "#interrupt-cells": cells(3),
            "interrupt-controller": b"",
            "#clock-cells": cells(1),
        }
    for number in range(count - 5):
        soc.children.append(
            SourceNode(
                f"dev@{number:x}",
                {
                    "compatible": strings("x,device"),
                    "reg": cells(number, 1),
                    "clocks": cells(2, number),
                    "vdd-supply": cells(3),
                    "interrupts": cells(0, number, 4),
                    "phandle": cells(number + 10),
                    "dmas-names": b"",
                    "status": strings("okay"),
                },
            )
        )
    return write(root)


def ring(count: int) -> bytes:
    """Clocks of which each needs the next, and the last the first."""
    root = SourceNode("", {}, [])
    for number in range(1, count + 1):
        values = {
            "compatible": strings("x,clock"),
            "#clock-cells": cells(0),
            "phandle": cells(number),
            "clocks": cells(number % count + 1),
        }
        root.children.append(SourceNode(f"clock-{number}", values, []))
    return write(root)


def growth(_: Path) -> Figures:
    """Time per node of large trees: how it grows from the smallest to the largest."""
    return {
        "growth, 100,000 nodes / 1,000": _growth("lint", synthetic, (1_000, 10_000, 100_000)),
        "growth, ring of 10,000 / 400": _growth("lint of one cycle", ring, (400, 2_000, 10_000)),
    }


def _growth(title: str, make: Callable[[int], bytes], counts: tuple[int, ...]) -> Figure:
    per_node = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            path = Path(folder) / f"{count}.dtb"
            path.write_bytes(make(count))
            per_node[count] = _linted(path) / len(fdt.read(path.read_bytes())) * 1e6
    ratio = per_node[counts[-1]] / per_node[counts[0]]
    each = ", ".join(f"{count:,}: {value:.1f} µs" for count, value in per_node.items())
    print(f"{title}, per node: {each}; ratio {ratio:.2f}")
    return Figure(round(ratio, 3))


def _linted(path: Path) -> float:
    """Processor seconds of one lint in this process, best of three."""

    def once() -> float:
        start = time.process_time()
        dtlink.lint([str(path)])
        return time.process_time() - start

    return min(once() for _ in range(3))
