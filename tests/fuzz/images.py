"""Damaged containers: images of boards and phones, archives, packed files, in each other."""

from __future__ import annotations

import bz2
import lzma
import random
from collections.abc import Callable, Mapping
from functools import lru_cache

import lz4.frame
import zstandard

from tests.fuzz import seeds
from tests.fuzz.blobs import structured
from tests.fuzz.calls import lint
from tests.fuzz.case import Call, Made
from tests.fuzz.damage import damaged
from tests.fuzz.nodes import PlainNode, write
from tests.support import images
from tests.support.image_rows import IMAGES, ImageRow
from tests.support.packing import gzipped

#: Packings, around anything.
PACKINGS: Mapping[str, Callable[[bytes], bytes]] = {
    ".gz": gzipped,
    ".xz": lzma.compress,
    ".lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    ".bz2": bz2.compress,
    ".lz4": lz4.frame.compress,
    ".zst": zstandard.compress,
}
#: What is read at the beginning of a container: most of the damage is there.
_HEADS = (64, 256, 1024, 4096)


@lru_cache(maxsize=1)
def _small() -> list[bytes]:
    return [each for each in seeds.blobs() if len(each) < 1200]


@lru_cache(maxsize=1)
def _rows() -> list[tuple[str, ImageRow]]:
    """The images of the suite, those with packed code of their own less often."""
    return list(IMAGES.items())


@lru_cache(maxsize=512)
def _sound(name: str, one: int, other: int) -> bytes:
    """An image of two blobs of the seeds."""
    return IMAGES[name].make(_small()[one], _small()[other])


def _image(chance: random.Random) -> tuple[str, bytes]:
    """A sound image, of damaged blobs at times, and its suffix."""
    name, row = chance.choice(_rows())
    few = min(len(_small()), 4)
    if chance.random() < 0.85 or "kernel" in name:
        return row.suffix, _sound(name, chance.randrange(few), chance.randrange(few))
    return row.suffix, row.make(structured(chance)[0], chance.choice(_small()))


def _fit(chance: random.Random) -> tuple[str, bytes]:
    """A FIT image whose nodes are damaged."""
    from tests.fuzz.blobs import TreeDamage
    from tests.fuzz.nodes import parse

    data = images.fit({"fdt-1": _small()[0], "fdt-2": _small()[1]})
    damage = TreeDamage(parse(data), chance)
    for _ in range(chance.randint(1, 6)):
        damage.once()
    return ".itb", write(damage.root)


def _archive(chance: random.Random) -> tuple[str, bytes]:
    """An archive of files with hostile names, one of them a tree as files."""
    names = ("a.dtb", "../b.dtb", "/c.dtb", "a/\x1b[1m.dtb", "d/d.dtb", "x" * 120 + ".dtb", "a.dtb")
    pairs = {chance.choice(names): chance.choice(_small()) for _ in range(chance.randint(1, 4))}
    if chance.random() < 0.3:
        pairs |= {f"base/{name}": value for name, value in as_files(tree_of(chance)).items()}
    if chance.random() < 0.5:
        return ".tar", images.tar(pairs)
    return ".zip", images.zipped(pairs)


def tree_of(chance: random.Random) -> PlainNode:
    """A small tree."""
    return chance.choice(seeds.trees())


def as_files(root: PlainNode, top: str = "") -> dict[str, bytes]:
    """A tree as the kernel shows it in /proc/device-tree."""
    found = {
        top + name.decode("latin-1").replace("/", "_"): value for name, value in root.properties
    }
    for each in root.children:
        found |= as_files(each, f"{top}{each.name.decode('latin-1')}/")
    return found


def _damaged(data: bytes, chance: random.Random) -> bytes:
    reach = chance.choice(_HEADS) if chance.random() < 0.7 else len(data)
    return damaged(data[:reach], chance, 3) + data[reach:]


def make(chance: random.Random) -> Made:
    """A damaged container, packed at times, and commands about it."""
    made = chance.choice((_image, _image, _image, _image, _fit, _archive))
    suffix, data = made(chance)
    if made is not _fit:
        data = _damaged(data, chance)
    if chance.random() < 0.1 and len(data) < 1 << 16:
        packing = chance.choice(list(PACKINGS))
        data = PACKINGS[packing](data)
        suffix += packing
        data = damaged(data, chance) if chance.random() < 0.5 else data
    path = f"image{suffix}"
    return Made({path: data}, _calls(f"$HERE/{path}", chance))


def _calls(path: str, chance: random.Random) -> list[Call]:
    form = chance.choice(("text", "json"))
    rows: list[Call] = [
        ["inspect", path, "--format", form],
        ["inspect", path, "--search"],
        ["lint", path, "-j1", "--search", "--format", form],
        ["links", path, "-j1", "--format", form],
        ["diff", path, path],
        ["devlink", path],
        ["devlink", f"{path}!dtb[0]"],
    ]
    return [lint(chance, path), chance.choice(rows)]


def make_folder(chance: random.Random) -> Made:
    """A devicetree as files, damaged."""
    from tests.fuzz.blobs import TreeDamage, tree

    damage = TreeDamage(tree(chance), chance)
    for _ in range(chance.randint(1, 5)):
        damage.once()
    files: dict[str, bytes] = {}
    for name, value in as_files(damage.root).items():
        parts = name.split("/")
        good = all(part not in ("", ".", "..") and "\0" not in part for part in parts)
        if good and len(name) < 3000 and all(len(each) < 120 for each in parts):
            files[f"base/{name}"] = value
    tops = {
        "/".join(name.split("/")[:at]) for name in files for at in range(1, name.count("/") + 1)
    }
    files = {name: value for name, value in files.items() if name not in tops}
    return Made(
        {"base/compatible": b"v,b\0", "base/#address-cells": b"\0\0\0\1", **files},
        [lint(chance, "$HERE/base"), ["inspect", "$HERE/base"]],
    )
