"""Edits of boards, drawn by a seed, and whether the source that they make is the tree they mean."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dtlink.firmware.apply import apply
from dtlink.firmware.blob_source import difference
from dtlink.firmware.dts import read_source_file
from dtlink.firmware.edit_values import phandle_list
from dtlink.firmware.edits import (
    AddNode,
    DeleteProperty,
    NodeRef,
    PropertyValue,
    SetProperty,
    TreeEdit,
    ref,
)
from dtlink.firmware.errors import InputError
from dtlink.firmware.source.options import NO_OPTIONS
from dtlink.firmware.text_edits import EditedDisk, by_file, decoded, edited, encoded
from dtlink.firmware.tree import Node, Tree

#: Suppliers' cells of the lists that are changed.
_LISTS: Mapping[str, str | None] = {
    "clocks": "#clock-cells",
    "resets": "#reset-cells",
    "power-domains": "#power-domain-cells",
    "interrupts-extended": "#interrupt-cells",
    "dmas": "#dma-cells",
    "iommus": "#iommu-cells",
    "phys": "#phy-cells",
    "pinctrl-0": None,
    "vdd-supply": None,
}
#: Nodes that describe the tree.
_OTHER = ("/__", "/aliases")
_OWN = ("phandle", "linux,phandle", "name")


class Outcome(NamedTuple):
    """What became of some edits."""

    word: str
    """``same``, ``refused`` or ``wrong``."""
    detail: str
    files: Mapping[str, str]
    """The files as they are with the edits."""


def draw(tree: Tree, rng: random.Random) -> list[TreeEdit]:
    """A few edits of one node, or of two."""
    found: list[TreeEdit] = []
    while not found:
        node = tree[rng.randrange(len(tree))]
        if node.path.startswith(_OTHER) or node.path == "/":
            continue
        found = list(_of_node(tree, node, rng))
    return found


def _of_node(tree: Tree, node: Node, rng: random.Random) -> Iterator[TreeEdit]:
    names = [each for each in node.properties if each not in _OWN]
    kind = rng.choice(("list", "list", "delete", "add", "rename", "words", "child", "several"))
    if kind == "list":
        lists = [each for each in _LISTS if node.has(each)]
        for name in lists[:1]:
            yield SetProperty(ref(node), name, _changed(tree, node, name, rng))
    elif kind in ("delete", "several") and names:
        yield DeleteProperty(ref(node), rng.choice(names))
        if kind == "several":
            yield SetProperty(ref(node), "one,new", ((1, _target(tree, rng)),))
            yield SetProperty(ref(node), "two,new", ("text", (2,)))
    elif kind == "add":
        yield SetProperty(ref(node), "a,property", rng.choice(((), ((rng.randrange(9),),))))
        yield SetProperty(ref(node), "a,list", tuple((_target(tree, rng),) for _ in range(9)))
    elif kind == "rename" and names:
        old = rng.choice(names)
        value = phandle_list(node, old, _LISTS.get(old))
        if value:
            yield SetProperty(ref(node), f"{old}-new", value)
            yield DeleteProperty(ref(node), old)
    elif kind == "words" and node.has("compatible"):
        words = [*node.strings("compatible"), "new,word"]
        rng.shuffle(words)
        yield SetProperty(ref(node), "compatible", tuple(words[: rng.randrange(1, len(words) + 1)]))
    elif kind == "child":
        yield AddNode(ref(node), "new-child@1")
        yield SetProperty(NodeRef(f"{node.path}/new-child@1"), "reg", ((1,),))


def _target(tree: Tree, rng: random.Random) -> NodeRef:
    nodes = [
        each for each in tree if not each.path.startswith(("/__", "/aliases")) and each.path != "/"
    ]
    return ref(rng.choice(nodes))


def _changed(tree: Tree, node: Node, name: str, rng: random.Random) -> PropertyValue:
    entries = list(phandle_list(node, name, _LISTS[name]))
    at = rng.randrange(len(entries))
    kind = rng.choice(("drop", "repeat", "new", "cell", "more", "last"))
    entry = entries[at]
    if kind == "drop" and len(entries) > 1:
        del entries[at]
    elif kind == "repeat":
        entries.insert(at, entry)
    elif kind == "new":
        entries.insert(at, (_target(tree, rng), rng.randrange(4000)))
    elif kind == "more" and isinstance(entry, tuple):
        entries[at] = (*entry, 7)
    elif isinstance(entry, tuple):
        entries[at] = (*entry[:-1], 5)
    return tuple(entries)


def outcome(path: str, edits: list[TreeEdit]) -> Outcome:
    """Write edits into a source; the tree that it then makes is to be the edited tree."""
    tree = read_source_file(path).tree
    assert tree.origins is not None
    found = tree.origins.rewritten(edits)
    if found.refused:
        return Outcome("refused", found.refused, {})
    texts = {}
    for name, of_file in by_file(found.edits).items():
        with open(name, "rb") as file:
            texts[name] = edited(decoded(file.read()), of_file)
    disk = EditedDisk({name: encoded(text) for name, text in texts.items()})
    wanted = apply(tree, edits)
    try:
        source = read_source_file(path, NO_OPTIONS, storage=disk)
    except InputError as error:
        return Outcome("wrong", str(error), texts)
    differs = difference(wanted, source.tree, source)
    return Outcome("wrong" if differs else "same", differs, texts)
