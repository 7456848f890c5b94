"""Devicetree source, whole and broken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.support.hostile.places.base import (
    GRAPHS,
    Texts,
    lint,
    place,
    raw,
    views,
)
from tests.support.hostile.running import Call


def source(texts: Texts) -> bytes:
    """Devicetree source with the texts in strings, comments, names of files and macros."""
    rows = [b"/dts-v1/;\n/ {"]
    for number, text in enumerate(texts):
        string = (
            raw(text)
            .replace(b"\\", b"\\\\")
            .replace(b'"', b'\\"')
            .replace(b"\0", b"")
            .replace(b"\n", b"\\n")
            .replace(b"\r", b"\\r")
        )
        line = (
            raw(text)
            .replace(b"\0", b"")
            .replace(b"\n", b" ")
            .replace(b"\r", b" ")
            .replace(b"*/", b"")
        )
        reason = line.replace(b"?", b"")
        name = line.replace(b"\\", b"").replace(b'"', b"")
        rows += [
            b"  /* dtlink: allow legacy/old-name: %b */" % reason,
            b'  l%d: n@%x { compatible = "%b"; reg = <%d>; /* %b */'
            % (number, number, string, number, line),
            b"    /* dtlink: expect phandle/dangling: %b */" % reason,
            b'    clocks = <0x%x>; clock-names = "%b"; /* %b */' % (0x7000 + number, string, line),
            b"  };",
            b'# %d "%b"' % (number + 7, name) if number % 2 else b"",
        ]
    return b"\n".join((*rows, b"};\n"))


@place
def sources(folder: Path, texts: Texts) -> Iterator[Call]:
    (folder / "board.dts").write_bytes(source(texts))
    yield from lint("board.dts")
    yield from views("board.dts", of=("links", "devlink", "preprocess", "order"))
    yield from (Call(("graph", "board.dts", "--format", form), form) for form in GRAPHS)
    yield Call(("lint", "board.dts", "--fix", "--unsafe-fixes"))
    yield Call(("lint", "board.dts", "--diff", "--unsafe-fixes"), "patch")


@place
def broken_sources(folder: Path, texts: Texts) -> Iterator[Call]:
    for number, text in enumerate(texts):
        line = raw(text).replace(b"\0", b"").replace(b"\n", b" ")
        name = line.replace(b'"', b"")
        rows = (
            b'#include "%b.h"' % name,
            b"#error %b" % line,
            b"/ { n = &%b; m = <FOO_%d>; %b };" % (line, number, line),
        )
        for at, row in enumerate(rows):
            (folder / f"b{number}-{at}.dts").write_bytes(b"/dts-v1/;\n" + row + b"\n")
        (folder / f"d{number}.dtb").write_bytes(b"\xd0\x0d\xfe\xed" + raw(text))
        (folder / f"t{number}.dat").write_bytes((raw(text) + b"    ")[:4] + raw(text) * 9)
    names = sorted(each.name for each in folder.iterdir())
    yield from lint(".")
    yield from lint(*names, forms=("text",))
    yield from views(*names, of=("inspect", "links"))
