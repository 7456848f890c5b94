"""Names of files, folders and members, and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from dtlink.firmware.fdt_write import write
from tests.support import images
from tests.support.hostile.places.base import (
    GRAPHS,
    TABLES,
    Texts,
    lint,
    named,
    place,
    raw,
    views,
    word,
)
from tests.support.hostile.places.trees import tree
from tests.support.hostile.running import Call


@place
def file_names(folder: Path, texts: Texts) -> Iterator[Call]:
    good, bad = write(tree(["x"])), b"/dts-v1/;\n/ { n { clocks = <0x77>; }; "
    names = []
    for text in texts:
        if not (name := named(text)):
            continue
        inside = folder / f"{name}"
        inside.mkdir(exist_ok=True)
        for end, data in ((".dtb", good), (".dts", bad), ("s.dts", bad + b"};\n")):
            (inside / f"{name}{end}").write_bytes(data)
            names.append(f"./{name}/{name}{end}")
    yield from lint(".")
    yield from lint(*names, forms=("text", "concise", "github"))
    yield from views(*names, of=("links", "inspect"))
    for each in names:
        yield Call(("devlink", each))
        yield Call(("diff", each, names[0]))
        yield Call(("preprocess", each))
    for name in (each.name for each in [*folder.iterdir()]):
        yield Call((name,))
        yield Call(("lint", name, "--baseline", name))
        yield Call(
            ("lint", "-j1", f"./{name}", "--write-baseline", "--baseline", f"./{name}/b.json")
        )
        yield Call(("config", name), "toml")
        yield Call(("config", name, "--format", "json"), "json")
        yield Call(("history", name))
        yield Call(("log", f"./{name}"))
        yield Call(("lint", "--kernel", f"./{name}", names[0]))
        yield Call(("report-bug", f"./{name}/{name}s.dts", "-o", f"./{name}/bug.txt"))
        yield Call(("lint", f"./{name}/{name}s.dts", "-o", f"./{name}"))


@place
def members(folder: Path, texts: Texts) -> Iterator[Call]:
    data = write(tree(["x"]))
    held = {f"{each}.dtb": data for each in texts if "\0" not in each}
    held |= {f"{each}": b"x" for each in held}
    (folder / "a.zip").write_bytes(
        images.zipped(
            {name.encode("utf-8", "replace").decode(): each for name, each in held.items()}
        )
    )
    (folder / "a.tar").write_bytes(_tar(held))
    (folder / "a.itb").write_bytes(images.fit({word(each): data for each in texts}))
    files = ("a.zip", "a.tar", "a.itb")
    yield from lint(*files)
    yield from views(*files, of=("inspect",))
    yield from views(*files, of=("links",), forms=("text",))
    yield from (Call(("lint", f"{file}!{text}")) for file in files for text in texts)


def _tar(files: Mapping[str, bytes]) -> bytes:
    import io
    import tarfile

    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    return made.getvalue()


@place
def tables(folder: Path, texts: Texts) -> Iterator[Call]:
    machines = (
        "arm-laptop",
        "arm-server-faults",
        "intel-desktop",
        "amd-desktop",
        "guest",
        "riscv-server",
    )
    assert TABLES.is_dir()
    for number, text in enumerate(texts):
        machine = folder / f"m{number}"
        machine.mkdir()
        for path in sorted((TABLES / machines[number % len(machines)]).glob("*.dat")):
            (machine / path.name).write_bytes(_table(path.read_bytes(), raw(text)))
    names = [f"m{number}" for number in range(len(texts))]
    yield from lint(*names)
    yield from views(*names, of=("links", "inspect"))
    for name in names[:: max(1, len(names) // 6)]:
        yield from views(name, of=("iommu",))
        yield from views(name, "--rid", "0000:00:01.0", of=("iort",))
        yield from (Call(("graph", name, "--format", form), form) for form in GRAPHS)
    yield from views(names[0], "--component", texts[-1], of=("iort",))
    dump = "IORT @ 0x0\n" + "".join(
        f"{each} @ 0x00000000\n  0000: 41 42 43 44  {each}\n\n" for each in texts
    )
    (folder / "dump.txt").write_bytes(raw(dump))
    yield from lint("dump.txt", forms=("text", "json"))


def _table(data: bytes, text: bytes) -> bytes:
    """A table whose IDs, and whose names of components, are pieces of a text."""
    made = bytearray(data)
    for at, size in ((10, 6), (16, 8), (28, 4)):
        made[at : at + size] = text.ljust(size, b" ")[:size]
    for found in re.finditer(rb"\\_SB_?\.\w{4}|\\_SB\.\w+", data):
        piece = text.replace(b"\0", b"")[: found.end() - found.start() - 5]
        made[found.start() + 5 : found.start() + 5 + len(piece)] = piece
    return bytes(made)
