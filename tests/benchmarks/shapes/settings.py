"""Overlays, configurations and fixes of devicetree source that were made to be slow."""

from __future__ import annotations

from tests.benchmarks.shapes.boards import source
from tests.benchmarks.shapes.shape import SOURCE, Shape


def overlay(count: int) -> bytes:
    """An overlay of many fragments."""
    rows = "".join(f"&l{n} {{ x = <&m{n}>; y{n}: c {{ z = <&y{n}>; }}; }};\n" for n in range(count))
    return b"/dts-v1/;\n/plugin/;\n" + rows.encode()


def overlay_of_one(count: int) -> bytes:
    """An overlay whose fragments all have one target."""
    rows = "".join(f'&l {{ d{n} {{ x = <&l>; status = "okay"; }}; }};\n' for n in range(count))
    return b"/dts-v1/;\n/plugin/;\n" + rows.encode()


def overlaid(count: int) -> dict[str, bytes]:
    """An overlay and its base."""
    base = source(
        "".join(
            f'l{n}: d{n} {{ compatible = "vendor,d"; m{n}: m {{ }}; }};\n' for n in range(count)
        )
    )
    return {"base.dts": base, "one.dtso": overlay(count)}


def allowances(count: int) -> dict[str, bytes]:
    """A configuration of many allowances."""
    rows = "".join(
        f'[[allow]]\nrule = "phandle/dangling"\nnode = "/d{n}"\nreason = "known"\n'
        for n in range(count)
    )
    nodes = "".join(
        f'd{n} {{ compatible = "vendor,d"; clocks = <{n + 1}>; }};' for n in range(count)
    )
    return {"dtlink.toml": rows.encode(), "input.dts": source(nodes)}


def patterns(count: int) -> dict[str, bytes]:
    """A configuration of many patterns."""
    rows = "".join(
        f'[[allow]]\nrule = "phandle/dangling"\nnode = "*a{n}*b"\nreason = "known"\n'
        for n in range(count)
    )
    nodes = "".join(
        f'd{n} {{ compatible = "vendor,d"; clocks = <{n + 1}>; }};' for n in range(count)
    )
    return {"dtlink.toml": rows.encode(), "input.dts": source(nodes)}


def allowing(count: int) -> bytes:
    """Comments that allow what each node has."""
    rows = "".join(
        f"d{n} {{ clocks = <{n + 1}>; }}; // dtlink: allow phandle/dangling: known\n"
        for n in range(count)
    )
    return source(rows)


def fixable(count: int) -> bytes:
    """Deprecated names, which have fixes."""
    rows = "".join(
        f'd{n} {{ compatible = "vendor,d"; reset-gpio = <&g {n} 0>; }};\n' for n in range(count)
    )
    return source('g: g { compatible = "vendor,g"; gpio-controller; #gpio-cells = <2>; };\n' + rows)


SHAPES = {
    "fixable": Shape(fixable, SOURCE, "input.dts"),
    "allowing": Shape(allowing, SOURCE, "input.dts"),
    "overlay": Shape(overlay, ("lint @", "links @", "inspect @"), "input.dtso"),
    "overlay of one": Shape(overlay_of_one, ("lint @", "links @", "inspect @"), "input.dtso"),
    "overlay on a base": Shape(
        overlaid,
        (
            "lint --overlay @one.dtso @base.dts",
            "links --overlay @one.dtso @base.dts",
            "lint --bases @base.dts @one.dtso",
        ),
    ),
    "allowances": Shape(allowances, ("lint @input.dts", "config @input.dts")),
    "patterns": Shape(patterns, ("lint @input.dts", "config @input.dts")),
}
