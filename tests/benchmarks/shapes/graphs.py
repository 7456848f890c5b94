"""Devicetrees whose dependencies were made to be slow, as blobs."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from tests.benchmarks.shapes.boards import ALL, blob
from tests.benchmarks.shapes.shape import TREE, Shape


def device(number: int, properties: str, cells: str = "#clock-cells = <0>;") -> str:
    """A device with a label and a phandle."""
    return (
        f'n{number}: n{number} {{ compatible = "vendor,n"; phandle = <{number + 1}>; '
        f"{cells} {properties} }};"
    )


def phandles(numbers: Iterable[int], arguments: str = "") -> str:
    """Entries of a property."""
    return " ".join(f"{number + 1}{arguments}" for number in numbers)


def parents(count: int) -> bytes:
    """A chain of ``interrupt-parent`` that leads nowhere."""
    row = "n{n}: n{n} {{ interrupts = <{n}>; interrupt-parent = <&n{m}>; }};"
    return blob(*(row.format(n=n, m=n + 1) for n in range(count)), f"n{count}: n{count} {{ }};")


def ring(count: int) -> bytes:
    """A ring of clocks."""
    return blob(*(device(n, f"clocks = <&n{(n + 1) % count}>;") for n in range(count)))


def chain(count: int) -> bytes:
    """A chain of clocks, whose last has a driver."""
    return blob(*(device(n, f"clocks = <&n{max(n - 1, 0)}>;" * (n > 0)) for n in range(count)))


def lost_chain(count: int) -> bytes:
    """A chain of clocks that waits for a disabled one."""
    first = 'n0: n0 { compatible = "vendor,n"; #clock-cells = <0>; status = "disabled"; };'
    return blob(first, *(device(n, f"clocks = <&n{n - 1}>;") for n in range(1, count)))


def layers(count: int) -> bytes:
    """Ten suppliers each, in layers: as many paths as there can be."""
    rows = (phandles(range((n // 10 - 1) * 10, n // 10 * 10)) for n in range(10, count))
    first = (device(n, "") for n in range(10))
    return blob(*first, *(device(n, f"clocks = <{row}>;") for n, row in enumerate(rows, 10)))


def dense(count: int) -> bytes:
    """Every device is a supplier of every other."""
    side = max(int(count**0.5), 2)
    return blob(*(device(n, f"clocks = <{phandles(range(side))}>;") for n in range(side)))


def triangle(count: int) -> bytes:
    """Every device is a supplier of all that follow."""
    side = max(int(count**0.5), 2)
    return blob(*(device(n, f"clocks = <{phandles(range(n))}>;" * (n > 0)) for n in range(side)))


def chance(count: int) -> bytes:
    """Suppliers by chance: a large component, of many cycles."""
    choice = Random(1)  # noqa: S311 - no secret
    rows = (phandles(choice.randrange(count) for _ in range(3)) for _ in range(count))
    return blob(*(device(n, f"clocks = <{row}>;") for n, row in enumerate(rows)))


def pairs(count: int) -> bytes:
    """Cycles of two."""
    return blob(*(device(n, f"clocks = <&n{min(n ^ 1, count - 1)}>;") for n in range(count)))


def nested_cycles(count: int) -> bytes:
    """Children that are suppliers of their parents, and consumers of their neighbours'."""
    row = (
        'n{n}: n{n} {{ compatible = "vendor,n"; clocks = <&c{n} &c{m}>; '
        'c{n}: c {{ compatible = "vendor,c"; #clock-cells = <0>; clocks = <&c{m}>; }}; }};'
    )
    return blob(*(row.format(n=n, m=(n + 1) % count) for n in range(count)))


def endpoints(count: int) -> bytes:
    """Graphs of ports."""
    row = (
        'd{n} {{ compatible = "vendor,d"; port {{ e{n}: endpoint {{ '
        "remote-endpoint = <&e{m}>; }}; }}; }};"
    )
    return blob(*(row.format(n=n, m=n * 7 % count) for n in range(count)))


def opps(count: int) -> bytes:
    """Tables of operating points that require each other's."""
    row = (
        't{n}: t{n} {{ compatible = "operating-points-v2"; o{n}: o {{ '
        "opp-hz = /bits/ 64 <{n}>; required-opps = <&o{m}>; }}; }};"
        'd{n} {{ compatible = "vendor,d"; operating-points-v2 = <&t{n}>; }};'
    )
    return blob(*(row.format(n=n, m=n * 7 % count) for n in range(count)))


def interrupts(count: int) -> bytes:
    """Interrupts of one controller, many the same."""
    gic = 'n0: gic { compatible = "arm,gic-v3"; interrupt-controller; #interrupt-cells = <3>; };'
    row = 'd{n} {{ compatible = "vendor,d"; interrupts-extended = <&n0 0 {n} 4>, <&n0 0 {m} 4>; }};'
    return blob(gic, *(row.format(n=n, m=n % 7) for n in range(count)))


def domains(count: int) -> bytes:
    """Power domains within each other's."""
    row = (
        'n{n}: n{n} {{ compatible = "vendor,n"; #power-domain-cells = <0>; '
        "power-domains = <&n{m}>; }};"
    )
    return blob(*(row.format(n=n, m=n // 2) for n in range(count)))


WHY = ("why @ /n1", "why @ /n1 --format json")


SHAPES = {
    "interrupt parents": Shape(parents, (*TREE, *WHY)),
    "clock ring": Shape(ring, (*TREE, *WHY)),
    "clock chain": Shape(chain, (*TREE, "why @ /n9", "graph @ --format dot")),
    "waiting chain": Shape(lost_chain, (*TREE, *WHY)),
    "layers": Shape(layers, (*TREE, *WHY, "why @ /n99")),
    "dense graph": Shape(dense, (*TREE, *WHY)),
    "triangle": Shape(triangle, (*TREE, *WHY)),
    "random components": Shape(chance, (*TREE, *WHY)),
    "cycles of two": Shape(pairs, (*TREE, *WHY)),
    "cycles of children": Shape(nested_cycles, (*TREE, *WHY)),
    "endpoints": Shape(endpoints, ALL),
    "operating points": Shape(opps, ALL),
    "interrupts": Shape(interrupts, ALL),
    "power domains": Shape(domains, (*ALL, *WHY)),
}
