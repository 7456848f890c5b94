"""Seeded pairs of a base and an overlay, and ``fdtoverlay`` as the judge of a merge."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt_write import SourceNode, cells, strings, write
from dtlink.firmware.overlay.fault import OverlayFault
from dtlink.firmware.overlay.merge import NamedOverlay, apply_overlays
from dtlink.firmware.overlay.nodes import below, editable, walk
from dtlink.firmware.tree import Tree


class Verdict(NamedTuple):
    """What the two say of one pair."""

    word: str
    """``equal``, ``both refuse``, ``differ``, ``only fdtoverlay`` or ``only dtlink`` applies."""
    error: str
    faults: list[OverlayFault]


@cache
def keeps_phandles(tool: str = "fdtoverlay") -> bool:
    """Whether the tool's libfdt is 1.7.1 or newer."""
    told = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", told.stdout + told.stderr)
    return bool(found) and tuple(map(int, found.groups())) >= (1, 7, 1)


def canonical(tree: Tree) -> bytes:
    """The bytes of a tree as dtlink writes it: only the strings block may differ between tools."""
    return write(editable(tree), fdt.reservations(tree.blob))


def verdict(base: bytes, overlays: list[bytes], folder: Path, tool: str = "fdtoverlay") -> Verdict:
    """Merge by both."""
    paths = [folder / f"{number}.dtb" for number in range(len(overlays) + 1)]
    for path, data in zip(paths, (base, *overlays), strict=True):
        path.write_bytes(data)
    out = folder / "out.dtb"
    out.unlink(missing_ok=True)
    command = [tool, "-i", str(paths[0]), "-o", str(out), *map(str, paths[1:])]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    theirs = out.read_bytes() if ran.returncode == 0 and out.exists() else None
    named = [NamedOverlay(str(at), fdt.read(data)) for at, data in enumerate(overlays)]
    faults: list[OverlayFault] = []
    merged = None
    try:
        merged = apply_overlays(fdt.read(base), named, keeps_phandles=keeps_phandles(tool))
        applied = merged.overlaid.overlays if merged.overlaid else ()
        faults = [fault for each in applied for fault in each.faults]
        mine = all(each.is_applied for each in applied)
    except InputError:
        mine = False
    if theirs is None or not mine:
        word = {(True, True): "only fdtoverlay applies"}.get((theirs is not None, not mine), "")
        word = word or ("only dtlink applies" if mine else "both refuse")
    else:
        assert merged is not None
        word = "equal" if canonical(fdt.read(theirs)) == canonical(merged) else "differ"
    return Verdict(word, ran.stderr.strip(), faults)


class Pair(NamedTuple):
    """A base and an overlay, and what was done to them."""

    base: bytes
    overlay: bytes
    change: str


def pair(seed: int) -> Pair:
    """A pair; all but every fourth have a change that may be a fault."""
    chance = random.Random(seed)  # noqa: S311 - a seed, not a secret
    base = _base(chance)
    overlay = _overlay(chance, base)
    name = "" if seed % 4 == 0 else chance.choice(sorted(CHANGES))
    if name:
        CHANGES[name](chance, base, overlay)
    return Pair(write(base), write(overlay), name)


def _base(chance: random.Random) -> SourceNode:
    root = SourceNode()
    root.properties["compatible"] = strings("vendor,board")
    symbols: dict[str, bytes] = {}
    phandle = chance.choice((1, 1, 0x40))
    for bus in range(chance.randint(1, 3)):
        node = root.child(f"bus@{bus}000")
        node.properties["#address-cells"] = cells(1)
        node.properties["#size-cells"] = cells(0)
        for device in range(chance.randint(1, 4)):
            child = node.child(f"dev@{device}" if chance.random() < 0.9 else f"dev{device}")
            child.properties["reg"] = cells(device)
            if chance.random() < 0.7:
                child.properties["status"] = strings("disabled")
            if chance.random() < 0.8:
                name = "phandle" if chance.random() < 0.9 else "linux,phandle"
                child.properties[name] = cells(phandle)
                symbols[f"l{phandle}"] = strings(f"/{node.name}/{child.name}")
                phandle += chance.choice((1, 1, 3))
    if not symbols:
        device = root.children[0].children[0]
        device.properties["phandle"] = cells(phandle)
        symbols[f"l{phandle}"] = strings(f"/{root.children[0].name}/{device.name}")
    root.child("__symbols__").properties = symbols
    return root


def _overlay(chance: random.Random, base: SourceNode) -> SourceNode:
    root = SourceNode()
    labels = list(base.child("__symbols__").properties)
    buses = [each for each in base.children if each.name != "__symbols__"]
    fixups: dict[str, bytes] = {}
    own = 0
    for number in range(chance.randint(1, 4)):
        fragment = root.child(f"fragment@{number}")
        content = fragment.child("__overlay__")
        if chance.random() < 0.6:
            label = chance.choice(labels)
            fragment.properties["target"] = cells(0xFFFFFFFF)
            entry = strings(f"/fragment@{number}:target:0")
            fixups[label] = fixups.get(label, b"") + entry
        else:
            fragment.properties["target-path"] = strings(f"/{chance.choice(buses).name}")
        content.properties[chance.choice(("status", "note", "reg"))] = strings("okay")
        for device in range(chance.randint(0, 3)):
            own += 1
            node = content.child(chance.choice((f"dev@{device}", f"new@{own}", "plain")))
            node.properties["reg"] = cells(own)
            node.properties["clocks"] = cells(0xFFFFFFFF, own, 7)
            label = chance.choice(labels)
            at = f"/fragment@{number}/__overlay__/{node.name}"
            fixups[label] = fixups.get(label, b"") + strings(f"{at}:clocks:0")
            node.properties["phandle"] = cells(own)
            place = root.child("__local_fixups__").child(f"fragment@{number}")
            place.child("__overlay__").child(node.name).properties["clocks"] = cells(4)
            if chance.random() < 0.4:
                root.child("__symbols__").properties[f"o{own}"] = strings(at)
    if fixups:
        root.child("__fixups__").properties = fixups
    return root


def _fragment(overlay: SourceNode) -> SourceNode:
    return overlay.children[0]


def _no_symbols(_: random.Random, base: SourceNode, __: SourceNode) -> None:
    base.children = [each for each in base.children if each.name != "__symbols__"]


def _lost_label(chance: random.Random, base: SourceNode, _: SourceNode) -> None:
    table = base.child("__symbols__").properties
    del table[chance.choice(sorted(table))]


def _stale_label(chance: random.Random, base: SourceNode, _: SourceNode) -> None:
    table = base.child("__symbols__").properties
    table[chance.choice(sorted(table))] = strings("/bus@0000/gone@0")


def _no_phandles(_: random.Random, base: SourceNode, __: SourceNode) -> None:
    for node, _path in walk(base):
        node.properties.pop("phandle", None)


def _target_path(chance: random.Random, _: SourceNode, overlay: SourceNode) -> None:
    value = chance.choice(("/gone", "bus", "/", "/bus@0000/", "/bus", "//bus@0000"))
    _retarget(overlay, {"target-path": strings(value)})


def _retarget(overlay: SourceNode, properties: dict[str, bytes]) -> None:
    """Another target for the first fragment, whose label is no longer needed."""
    fragment = _fragment(overlay)
    fragment.properties = properties
    place = strings(f"/{fragment.name}:target:0")
    for table in overlay.children:
        if table.name == "__fixups__":
            kept = {name: value.replace(place, b"") for name, value in table.properties.items()}
            table.properties = {name: value for name, value in kept.items() if value}


def _no_target(_: random.Random, __: SourceNode, overlay: SourceNode) -> None:
    _retarget(overlay, {})


def _target_number(chance: random.Random, _: SourceNode, overlay: SourceNode) -> None:
    value = chance.choice((cells(0xFFFFFFFF), cells(0x999), b"\0\0", cells(1, 2), cells(0)))
    _retarget(overlay, {"target": value, "target-path": strings("/bus@0000")})


def _target_of_its_own(_: random.Random, __: SourceNode, overlay: SourceNode) -> None:
    content = _fragment(overlay).child("__overlay__")
    content.child("made@9").properties["phandle"] = cells(0x77)
    last = overlay.child("fragment@late")
    last.properties["target"] = cells(0x77)
    last.child("__overlay__").properties["late"] = b""
    table = overlay.child("__local_fixups__").child("fragment@late")
    table.properties["target"] = cells(0)


def _path_of_its_own(chance: random.Random, _: SourceNode, overlay: SourceNode) -> None:
    _retarget(overlay, {"target-path": strings("/bus@0000")})
    _fragment(overlay).child("__overlay__").child("made@9")
    last = SourceNode("fragment@late", {"target-path": strings("/bus@0000/made@9")})
    last.child("__overlay__").properties["late"] = b""
    overlay.children.insert(chance.choice((0, len(overlay.children))), last)


def _misspelt(chance: random.Random, _: SourceNode, overlay: SourceNode) -> None:
    _fragment(overlay).child("__overlay__").name = chance.choice(("overlay", "__overlay__@0"))


def _beside(_: random.Random, __: SourceNode, overlay: SourceNode) -> None:
    overlay.child("lost").properties["compatible"] = strings("vendor,lost")


def _empty(_: random.Random, __: SourceNode, overlay: SourceNode) -> None:
    for fragment in overlay.children:
        fragment.children = []


def _clash(chance: random.Random, base: SourceNode, overlay: SourceNode) -> None:
    _retarget(overlay, {"target-path": strings("/bus@0000")})
    base.child("bus@0000").child("dev@0").properties["phandle"] = cells(0x31)
    child = _fragment(overlay).child("__overlay__").child("dev@0")
    child.properties[chance.choice(("phandle", "linux,phandle"))] = cells(0x12)


def _clash_at_target(_: random.Random, base: SourceNode, overlay: SourceNode) -> None:
    _retarget(overlay, {"target-path": strings("/bus@0000")})
    base.child("bus@0000").properties["phandle"] = cells(0x31)
    _fragment(overlay).child("__overlay__").properties["phandle"] = cells(0x12)


def _phandle_size(_: random.Random, __: SourceNode, overlay: SourceNode) -> None:
    _fragment(overlay).child("__overlay__").properties["phandle"] = b"\0\0\1"


def _phandles_up(chance: random.Random, base: SourceNode, overlay: SourceNode) -> None:
    base.children[0].properties["phandle"] = cells(chance.choice((0xFFFFFFFE, 0xFFFFFFF0)))
    _fragment(overlay).child("__overlay__").properties["phandle"] = cells(1)


def _fixup_text(chance: random.Random, _: SourceNode, overlay: SourceNode) -> None:
    table = overlay.child("__fixups__").properties
    name = next(iter(table), "l1")
    made = chance.choice(
        (
            *(b"/fragment@0:target:0", b"", strings("/fragment@0"), strings(":target:0")),
            *(strings("/gone:target:0"), strings("/fragment@0:gone:0")),
            *(strings("/fragment@0:target:4"), strings("/fragment@0:target:x")),
            *(strings("/fragment@0:target:"), strings("/fragment@0::0")),
            *(strings("/fragment@0:target:-1"), strings("/fragment@0:target: +0")),
            strings("fragment@0:target:0"),
        )
    )
    table[name] = made


def _local_text(chance: random.Random, _: SourceNode, overlay: SourceNode) -> None:
    table = overlay.child("__local_fixups__")
    kind = chance.randrange(3)
    if kind == 0:
        table.child("gone").properties["a"] = cells(0)
    elif kind == 1:
        table.child(_fragment(overlay).name).properties["gone"] = cells(0)
    else:
        table.child(_fragment(overlay).name).properties["target"] = b"\0\0"


def _symbol_text(chance: random.Random, _: SourceNode, overlay: SourceNode) -> None:
    table = overlay.child("__symbols__").properties
    table["odd"] = chance.choice(
        (
            *(b"", b"/a", strings("a/b"), strings("/a", "/b"), strings("/fragment@0")),
            *(strings("/gone/__overlay__/x"), strings("/fragment@0/__overlay__")),
            *(strings("/fragment@0/__overlay__/"), strings("/fragment@0/other/x")),
            *(strings("/fragment@0/__overlay__x"), strings("/fragment/__overlay__/x")),
        )
    )


def _bare_names(_: random.Random, __: SourceNode, overlay: SourceNode) -> None:
    _retarget(overlay, {"target-path": strings("/bus@0000")})
    _fragment(overlay).child("__overlay__").child("dev").properties["added"] = b""


def _aliases(_: random.Random, base: SourceNode, overlay: SourceNode) -> None:
    base.child("aliases").properties["spot"] = strings(below("/", base.children[0].name))
    _retarget(overlay, {"target-path": strings("spot")})


def _twins(_: random.Random, __: SourceNode, overlay: SourceNode) -> None:
    """A node twice: the second is merged into the first."""
    content = _fragment(overlay).child("__overlay__")
    content.children += [SourceNode("twin", {"a": cells(1)}), SourceNode("twin", {"a": cells(2)})]


#: What may be done to a pair.
CHANGES: dict[str, Callable[[random.Random, SourceNode, SourceNode], None]] = {
    "a base without __symbols__": _no_symbols,
    "a label that the base lacks": _lost_label,
    "a label whose path is not there": _stale_label,
    "labelled nodes without phandle": _no_phandles,
    "another target-path": _target_path,
    "no target": _no_target,
    "a target by number": _target_number,
    "a target in the overlay": _target_of_its_own,
    "a target-path in the overlay": _path_of_its_own,
    "a misspelt __overlay__": _misspelt,
    "a node beside the fragments": _beside,
    "empty fragments": _empty,
    "both set a phandle": _clash,
    "both set the target's phandle": _clash_at_target,
    "a phandle of three bytes": _phandle_size,
    "no phandles left": _phandles_up,
    "another __fixups__": _fixup_text,
    "another __local_fixups__": _local_text,
    "another __symbols__": _symbol_text,
    "names without a unit address": _bare_names,
    "an alias as target": _aliases,
    "a node twice": _twins,
}
