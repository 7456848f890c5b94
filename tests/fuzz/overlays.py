"""Damaged overlays on damaged bases, by fragments, symbols and fixups."""

from __future__ import annotations

import random

from tests.fuzz import seeds
from tests.fuzz.blobs import TreeDamage, compatibles
from tests.fuzz.calls import lint, tree_calls
from tests.fuzz.case import Call, Files, Made
from tests.fuzz.damage import HOSTILE, damaged, some
from tests.fuzz.nodes import PlainNode, give_phandles, paths, write

_CONFIG_LINES = (
    "dtoverlay=over", "dtoverlay=over,x=1", "dtparam=x=1", "dtparam=a.b=on,c", "dtoverlay=",
    "[pi4]", "[all]", "[none]", "include more.txt", "device_tree=base.dtb", "os_prefix=a/",
    "overlay_prefix=../", "dtoverlay=over,__symbols__=1", "dtdebug=1", "[", "=", "dtoverlay=no",
    "dtparam=over:x=0xffffffffff", "dtoverlay=over,x", "# dtoverlay=over", "[gpio4=1]",
)  # fmt: skip


def _base(chance: random.Random) -> PlainNode:
    """A base with symbols for some of its nodes."""
    root = chance.choice(seeds.trees()).copy()
    if root.value(b"compatible") is None:
        root.put(b"compatible", chance.choice(compatibles()))
    give_phandles(root)
    symbols = PlainNode(b"__symbols__")
    for number, path in enumerate(paths(root, 20)):
        symbols.put(b"l%d" % number, path.encode("latin-1") + b"\0")
    root.children = [each for each in root.children if each.name != b"__symbols__"]
    root.children.append(symbols)
    return root


def _overlay(base: PlainNode, chance: random.Random) -> PlainNode:
    """An overlay of a few fragments, each with nodes of another tree."""
    root = PlainNode(b"", [(b"compatible", base.value(b"compatible") or b"")])
    fixups, local = PlainNode(b"__fixups__"), PlainNode(b"__local_fixups__")
    parameters = PlainNode(b"__overrides__")
    there = paths(base, 20)
    for number in some(chance, 4):
        fragment = PlainNode(b"fragment@%d" % number)
        if chance.random() < 0.5:
            target = chance.choice(there).encode("latin-1")
            fragment.put(b"target-path", target + b"\0")
        else:
            fragment.put(b"target", b"\xff\xff\xff\xff")
            place = b"/fragment@%d:target:0\0" % number
            fixups.put(b"l%d" % chance.randrange(22), place)
        other = chance.choice(seeds.trees()).copy()
        body = PlainNode(b"__overlay__", other.properties[:4], other.children[:4])
        fragment.children.append(body)
        root.children.append(fragment)
        for name, value in body.properties:
            if len(value) == 4 and chance.random() < 0.3:
                fixups.put(b"l%d" % number, b"/fragment@%d/__overlay__:%s:0\0" % (number, name))
                shell = PlainNode(b"__overlay__", [(name, bytes(4))])
                local.children.append(PlainNode(fragment.name, [], [shell]))
                parameters.put(b"x", b"\0\0\0\1" + name + chance.choice((b":0\0", b"?\0", b"=\0")))
    root.children += [each for each in (fixups, local, parameters) if chance.random() < 0.9]
    return root


def _damaged(root: PlainNode, chance: random.Random) -> bytes:
    damage = TreeDamage(root, chance)
    for _ in some(chance, 8):
        damage.once()
    data = write(root)
    return damaged(data, chance) if chance.random() < 0.05 else data


def make(chance: random.Random) -> Made:
    """An overlay, and its base, at least one of them damaged."""
    base = _base(chance)
    over = _damaged(_overlay(base, chance), chance)
    whole = _damaged(base, chance) if chance.random() < 0.3 else write(base)
    files = {"base.dtb": whole, "over.dtbo": over}
    if chance.random() < 0.2:
        return _with_config(files, base, chance)
    both = "$HERE/base.dtb+$HERE/over.dtbo"
    rows: list[list[Call]] = [
        [lint(chance, "$HERE/over.dtbo"), ["links", "$HERE/over.dtbo", "-j1"]],
        [[*lint(chance, "$HERE/over.dtbo"), "--bases", "$HERE/base.dtb"]],
        [[*lint(chance, "$HERE/base.dtb"), "--overlay", "$HERE/over.dtbo"]],
        [
            lint(chance, "$HERE/"),
            ["diff", "$HERE/base.dtb", "$HERE/base.dtb", "--overlay", "$HERE/over.dtbo"],
        ],
        [[*call, "--overlay", "$HERE/over.dtbo"] for call in _whole(chance, paths(base))],
        [["diff", "$HERE/base.dtb", both]],
    ]
    return Made(files, chance.choice(rows))


def _whole(chance: random.Random, nodes: list[str]) -> list[Call]:
    calls = tree_calls(chance, "$HERE/base.dtb", nodes)
    others = ("inspect", "log", "diff", "modules", "library")
    return [call for call in calls if call[0] not in others] or [lint(chance, "$HERE/base.dtb")]


def _with_config(files: Files, base: PlainNode, chance: random.Random) -> Made:
    """A Raspberry Pi's configuration that names the overlay."""
    base.put(b"compatible", b"raspberrypi,4-model-b\0brcm,bcm2711\0")
    lines = chance.choices(_CONFIG_LINES, k=chance.randint(1, 8))
    if chance.random() < 0.3:
        lines.append(chance.choice(HOSTILE).decode("utf-8", "replace"))
    text = "\n".join(lines).encode()
    held = {
        "base.dtb": write(base),
        "overlays/over.dtbo": files["over.dtbo"],
        "config.txt": damaged(text, chance) if chance.random() < 0.3 else text,
        "more.txt": chance.choice((b"dtparam=x=2\n", b"include config.txt\n", b"")),
    }
    call = lint(chance, "$HERE/base.dtb")
    return Made(held, [[*call, "--overlay", "$HERE/config.txt"]])
