"""Devicetree blobs, and kernels beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dtlink.firmware.fdt_write import SourceNode, cells, strings, write
from tests.support import kernels
from tests.support.hostile.places.base import (
    GRAPHS,
    LISTS,
    Texts,
    lint,
    place,
    raw,
    views,
    word,
)
from tests.support.hostile.running import Call


def tree(texts: Texts) -> SourceNode:
    """A devicetree with the texts wherever it has text: a board with faults and links."""
    root = SourceNode()
    whole = " ".join(texts).replace("\0", "")
    root.properties["model"] = raw(whole) + b"\0"
    root.properties["compatible"] = b"".join(raw(each) + b"\0" for each in texts)
    root.properties["#address-cells"] = root.properties["#size-cells"] = cells(1)
    chosen, aliases, labels = root.child("chosen"), root.child("aliases"), root.child("__symbols__")
    chosen.properties["bootargs"] = raw(f"root={whole}") + b"\0"
    chosen.properties["stdout-path"] = raw(whole) + b"\0"
    chosen.properties["linux,initrd-start"] = raw(whole)
    for number, text in enumerate(texts):
        _nodes(root, number, text)
        path = f"/n{number:x}{word(text)}@{number:x}"
        aliases.properties[f"a{number}{word(text)}"] = strings(path)
        aliases.properties[f"b{number}"] = raw(text) + b"\0"
        labels.properties[f"l{number}{word(text)}"] = strings(path)
    return root


def _nodes(root: SourceNode, number: int, text: str) -> None:
    supplier = root.child(f"s{number:x}{word(text)}")
    supplier.properties |= {
        "compatible": raw(text) + b"\0",
        "#clock-cells": cells(0),
        "phandle": cells(number + 1),
        "clock-output-names": raw(text) + b"\0",
        "label": raw(text) + b"\0",
    }
    node = root.child(f"n{number:x}{word(text)}@{number:x}")
    node.properties |= {
        "compatible": raw(text) + b"\0",
        "reg": cells(number, 1),
        "reg-names": raw(text) + b"\0x\0y\0",
        "clocks": cells(number + 1, 0x7000 + number),
        "clock-names": raw(text) + b"\0" + raw(text) + b"\0",
        f"{word(text)}-supply": cells(number + 1),
        f"{word(text)}-gpio": cells(0x7000 + number, 0),
        "status": raw(text) + b"\0" if number % 5 == 0 else b"okay\0",
        "dmas": cells(0x9999),
    }


def kernel(folder: Path, texts: Texts) -> Path:
    """An unpacked kernel package whose names have the texts."""
    release = f"6.12.1-{word(texts[0])[:30]}"
    package = kernels.package(folder / "kernel", release)
    modules = package / "lib" / "modules" / release
    with (modules / "modules.alias").open("ab") as file:
        for number, text in enumerate(texts):
            line = text.replace("\n", "").replace("\0", "")
            file.write(
                raw(f"alias of:N*T*C{line} {line}\nalias of:N*T*Cx,clk m{number}{word(line)}\n")
            )
            file.write(raw(f"alias of:N*T*Cx,mod{number} m{number}{word(line, '')}\n"))
    with (modules / "modules.dep").open("ab") as file:
        for number, text in enumerate(texts):
            line = text.replace("\n", "").replace("\0", "").replace(":", "").replace(" ", "")
            file.write(raw(f"kernel/{line}.ko: kernel/m{number}{line}.ko\n"))
            file.write(raw(f"kernel/m{number}{word(line, '')}.ko:\n"))
    with (modules / "modules.softdep").open("ab") as file:
        file.writelines(raw(f"softdep x pre: {each}\n") for each in texts)
    return package


@place
def blobs(folder: Path, texts: Texts) -> Iterator[Call]:
    root = tree(texts)
    (folder / "board.dtb").write_bytes(write(root))
    root.children[-1].properties["clocks"] = cells(0x8888)
    root.properties["model"] = raw(texts[0])
    (folder / "other.dtb").write_bytes(write(root))
    yield from lint("board.dtb", "--kernel-version", "6.12")
    yield from lint("board.dtb", "other.dtb", forms=("text", "github", "markdown", "sarif", "html"))
    yield from views(
        "board.dtb", of=("links", "cycles", "order", "devlink", "inspect", "preprocess")
    )
    yield from views("board.dtb", of=("devlink",), forms=("text", "json"))
    yield from (Call(("graph", "board.dtb", "--format", form), form) for form in GRAPHS)
    yield from views("board.dtb", "other.dtb", of=("diff",))
    yield from views("board.dtb", f"/n0{word(texts[0])}@0", of=("why",))
    yield from views("board.dtb", of=("iommu",))
    yield Call(("report-bug", "board.dtb", "-o", "bug.txt"))
    yield Call(
        ("lint", "-j1", "board.dtb", "--statistics", "--verbose", "--color", "always"), "coloured"
    )


@place
def blobs_with_a_kernel(folder: Path, texts: Texts) -> Iterator[Call]:
    root = tree(texts)
    for number in range(len(texts)):
        root.children[number + 3].properties["compatible"] = strings(f"x,mod{number}")
    (folder / "board.dtb").write_bytes(write(root))
    given = ("board.dtb", "--kernel", os.fspath(kernel(folder, texts)))
    yield from lint(*given)
    yield from views(*given, of=("drivers", "order"))
    nodes = [f"/n{number:x}{word(text)}@{number:x}" for number, text in enumerate(texts)]
    for form in LISTS:
        yield Call(("modules", *given, *nodes, "--format", form), form)
    yield Call(("graph", *given, "--format", "html"), "html")
    listing = "".join(f"usr/lib/modules/6.12/{each}.ko\n" for each in texts if "\0" not in each)
    (folder / "listing").write_bytes(raw(listing))
    yield from views(*given, "--initramfs", "listing", of=("drivers",))
    yield from lint(*given, "--initramfs", "listing", forms=("text", "json", "github"))
