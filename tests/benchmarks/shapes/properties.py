"""Properties and names of devicetrees that were made to be slow, as blobs."""

from __future__ import annotations

import struct

from tests.benchmarks.shapes.boards import ALL, blob
from tests.benchmarks.shapes.shape import Shape


def no_cells(count: int) -> bytes:
    """Suppliers without a cells property."""
    return blob(*(f"c{n}: c{n} {{ }}; d{n} {{ clocks = <&c{n}>; }};" for n in range(count)))


def disabled(count: int) -> bytes:
    """Suppliers that are disabled."""
    row = (
        'n{n}: n{n} {{ status = "disabled"; compatible = "vendor,n"; #clock-cells = <0>; }}; '
        'd{n} {{ compatible = "vendor,d"; clocks = <&n{n}>; }};'
    )
    return blob(*(row.format(n=n) for n in range(count)))


def dangling(count: int) -> bytes:
    """References to nothing."""
    return blob(
        *(f'd{n} {{ compatible = "vendor,d"; clocks = <{n + 1:#x}>; }};' for n in range(count))
    )


def one_property(count: int) -> bytes:
    """One property of many entries."""
    entries = "1 1 " * count
    return blob(
        'c { phandle = <1>; compatible = "vendor,c"; #clock-cells = <1>; };'
        f'd {{ compatible = "vendor,d"; clocks = <{entries}>; }};'
    )


def empty_entries(count: int) -> bytes:
    """One property of empty entries."""
    return blob(f'd {{ compatible = "vendor,d"; clocks = <{"0 " * count}>; }};')


def states(count: int) -> bytes:
    """One device with as many pin states."""
    rows = "".join(f"pinctrl-{n} = <&s>;" for n in range(count))
    return blob(
        f'p {{ compatible = "vendor,p"; s: s {{ }}; }}; d {{ compatible = "vendor,d"; {rows} }};'
    )


def supplies(count: int) -> bytes:
    """One device with as many regulators."""
    rows = "".join(f"v{n}-supply = <&s>;" for n in range(count))
    return blob(
        's: s { compatible = "regulator-fixed"; regulator-name = "s"; };'
        f'd {{ compatible = "vendor,d"; {rows} }};'
    )


def singular(count: int) -> bytes:
    """Deprecated names, which have fixes."""
    row = 'd{n} {{ compatible = "vendor,d"; reset-gpio = <&g {n} 0>; }};'
    gpio = 'g: g { compatible = "vendor,g"; gpio-controller; #gpio-cells = <2>; };'
    return blob(gpio, *(row.format(n=n) for n in range(count)))


def misspelt(count: int) -> bytes:
    """Names that are nearly known, and compatibles that are not."""
    row = 'd{n} {{ compatible = "vendor,d{n}"; {name}{n} = <&g {n}>; #clok-cells = <1>; }};'
    gpio = "g: g { #clock-cells = <1>; };"
    names = "clokcs", "power-domians", "iomus", "interupts-extended", "reset", "vdd-suply"
    return blob(gpio, *(row.format(n=n, name=names[n % 6]) for n in range(count)))


def compatibles(count: int) -> bytes:
    """One long compatible."""
    return blob("d { compatible = ", ", ".join(f'"vendor,d{n}"' for n in range(count)), "; };")


def many_compatibles(count: int) -> bytes:
    """Devices with ten compatibles."""
    row = "d{n} {{ compatible = {names}; }};"
    return blob(
        *(
            row.format(n=n, names=", ".join(f'"vendor,d{n}-{m}"' for m in range(10)))
            for n in range(count)
        )
    )


def aliases(count: int) -> bytes:
    """Aliases and symbols."""
    rows = "".join(f'serial{n} = "/d{n}"; l{n} = "/n/o{n}";' for n in range(count))
    nodes = "".join(f'd{n} {{ compatible = "vendor,d"; }};' for n in range(count))
    return blob(f"aliases {{ {rows} }}; __symbols__ {{ {rows} }}; {nodes}")


def deep(count: int) -> bytes:
    """Nodes at the greatest depth, with long names."""
    names = [f"a-level-of-a-long-name-{n:02}" for n in range(58)]
    row = 'leaf-{n} {{ compatible = "vendor,d"; phandle = <{own}>; clocks = <{other}>; }};'
    rows = (row.format(n=n, own=n + 1, other=n * 7 % count + 1) for n in range(count))
    leaves = "".join(rows)
    heads = "".join(f'{name} {{ compatible = "simple-bus"; ranges; ' for name in names)
    return blob(heads, leaves, "};" * len(names))


def long_paths(count: int) -> bytes:
    """Nodes at the greatest depth, below names that are as long as source may have them."""
    names = [f"a-level-of-a-long-name-{n:02}".ljust(250, "x") for n in range(58)]
    row = (
        'leaf-{n} {{ compatible = "vendor,d"; #clock-cells = <0>; phandle = <{own}>; '
        "clocks = <{other}>; bar-gpio = <{other} 1>; }};"
    )
    rows = (row.format(n=n, own=n + 1, other=n * 7 % count + 1) for n in range(count))
    heads = "".join(f'{name} {{ compatible = "simple-bus"; ranges; ' for name in names)
    return blob(heads, "".join(rows), "};" * len(names))


def long_names(count: int) -> bytes:
    """Suppliers with the longest names that source may have."""
    row = 'c{n}: {name}{n:06} {{ }}; d{n} {{ compatible = "vendor,d"; clocks = <&c{n}>; }};'
    return blob(*(row.format(n=n, name="n" * 240) for n in range(count)))


def overlapping_names(count: int) -> bytes:
    """Properties whose names are ends of each other, as long as names may be; no dtc makes them."""
    length, number = 1024, 6
    each = length - number
    ends = (b"a" * each + b"%0*d\0" % (number, n) for n in range(count // each + 1))
    text = b"".join(ends)
    rows = (struct.pack(">3I", 3, 0, n // each * (length + 1) + n % each) for n in range(count))
    body = struct.pack(">2I", 1, 0) + b"".join(rows) + struct.pack(">2I", 2, 9)
    start = 40 + 16
    sizes = (start + len(body) + len(text), start, start + len(body), 40, 17, 16, 0)
    head = struct.pack(">10I", 0xD00DFEED, *sizes, len(text), len(body))
    return head + bytes(16) + body + text


def same_phandle(count: int) -> bytes:
    """Nodes that share a phandle; no source has them."""
    row = 'd{n} {{ compatible = "vendor,d"; qhandle = <1>; clocks = <1>; }};'
    return blob(*(row.format(n=n) for n in range(count))).replace(b"qhandle", b"phandle")


def same_name(count: int) -> bytes:
    """Nodes that share a name and a supplier."""
    rows = (f'd{n:06} {{ compatible = "vendor,d"; clocks = <&s>; }};' for n in range(count))
    data = blob("s: s { #clock-cells = <0>; };", *rows)
    head, *rest = data.split(b"\0\0\0\1d")
    return head + b"".join(b"\0\0\0\1d000000" + each[6:] for each in rest)


def units(count: int) -> bytes:
    """Nodes whose names differ by the unit address alone."""
    rows = (
        f'd@{n:x} {{ compatible = "vendor,d"; reg = <{n}>; clocks = <&s {n}>; }};'
        for n in range(count)
    )
    return blob("#address-cells = <1>; #size-cells = <0>; s: s { #clock-cells = <0>; };", *rows)


def bootargs(count: int) -> bytes:
    """A long command line."""
    words = " ".join(
        f"root=/dev/mmcblk{n}p1 console=ttyS{n} earlycon initcall_blacklist=a{n}"
        for n in range(count)
    )
    return blob(f'chosen {{ bootargs = "{words}"; }}; d {{ compatible = "vendor,d"; }};')


SHAPES = {
    "no cells": Shape(no_cells, ALL),
    "disabled": Shape(disabled, ALL),
    "dangling": Shape(dangling, ALL),
    "one property": Shape(one_property, ALL),
    "empty entries": Shape(empty_entries, ALL),
    "pin states": Shape(states, ALL),
    "supplies": Shape(supplies, ALL),
    "deprecated names": Shape(singular, ALL),
    "misspelt names": Shape(misspelt, ALL),
    "one compatible": Shape(compatibles, ALL),
    "compatibles": Shape(many_compatibles, ALL),
    "aliases": Shape(aliases, ALL),
    "deep nodes": Shape(deep, ALL),
    "long paths": Shape(long_paths, ALL),
    "long names": Shape(long_names, ALL),
    "overlapping names": Shape(overlapping_names, ALL),
    "shared phandle": Shape(same_phandle, ALL),
    "shared name": Shape(same_name, ALL),
    "unit addresses": Shape(units, ALL),
    "bootargs": Shape(bootargs, ALL),
}
