"""The same board from another build: other phandle numbers, a node more, everything elsewhere."""

from __future__ import annotations

import random
from collections.abc import Iterator

from dtlink.facts.binding import Walk
from dtlink.firmware import fdt
from dtlink.firmware.tree import EXTERNAL_PHANDLE, Tree
from dtlink.links.extract import extract
from dtlink.links.reference import UnresolvedReason
from dtlink.rules.legacy._table import LEGACY_BINDINGS
from tests.support.blobs import field, node, padded, prop, with_field, with_word, word

#: The name of the node that is added: the root's first child, so that all others move.
EXTRA = "rebuilt-extra-node"
_BLOCKS = ("off_dt_struct", "off_dt_strings", "off_mem_rsvmap")


def rebuilt(tree: Tree, seed: str) -> bytes:
    """The blob of a tree as another build would make it."""
    return with_extra_node(with_other_phandles(tree, seed))


def with_other_phandles(tree: Tree, seed: str) -> bytes:
    """The blob with its phandles dealt anew, and dangling ones as numbers that still dangle.

    All that dtlink reads as a reference follows. A property that it does not know keeps its
    numbers, which then name other nodes.
    """
    numbers = _renumbering(tree, seed)
    blob = tree.blob
    for at, cell in {*_own(tree), *_references(tree)}:
        number = tree.words[at + 3 + cell]
        blob = with_word(blob, _offset(tree, at + 3 + cell), numbers.get(number, number))
    return blob


def _renumbering(tree: Tree, seed: str) -> dict[int, int]:
    """Every phandle, and every number that stands for one and is none, to another."""
    old = sorted(tree.phandles)
    new = list(old)
    random.Random(seed).shuffle(new)  # noqa: S311 - repeatable is what it must be
    used = {tree.words[at + 3 + cell] for at, cell in _references(tree)}
    dangling = {number for number in used - {0, EXTERNAL_PHANDLE, *old} if not _is_text(number)}
    free = max((0, *old, *dangling)) + 1
    other = {number: free + at for at, number in enumerate(sorted(dangling))}
    return dict(zip(old, new, strict=True)) | other


def _is_text(number: int) -> bool:
    """Whether a cell is the beginning of a string, where a phandle should be."""
    return word(number).isascii() and word(number).decode("ascii").isprintable()


def _own(tree: Tree) -> Iterator[tuple[int, int]]:
    """Where nodes have their phandles: the property's position, and the cell."""
    for name in ("phandle", "linux,phandle"):
        for at in tree.holders(name).values():
            if tree.words[at + 1] >= 4:
                yield at, 0


def _references(tree: Tree) -> Iterator[tuple[int, int]]:
    """Where phandles are used."""
    for at in tree.holders("interrupt-parent").values():
        if tree.words[at + 1] >= 4:
            yield at, 0
    yield from _interrupts_extended(tree)
    for row in LEGACY_BINDINGS:
        if row.names or row.not_to:
            yield from ((at, 0) for at in tree.holders(row.old).values() if tree.words[at + 1] >= 4)
    found = extract(tree, disabled=True)
    for ref in found.references:
        if ref.binding.walk is not Walk.INTERRUPTS:
            yield ref.at, ref.cell
    for entry in found.unresolved:
        named = entry.target >= 0 or entry.why is UnresolvedReason.DANGLING
        if named and entry.binding.walk is not Walk.INTERRUPTS:
            yield entry.at, entry.cell


def _interrupts_extended(tree: Tree) -> Iterator[tuple[int, int]]:
    """The phandles there, up to one that has no stride."""
    for at in tree.holders("interrupts-extended").values():
        cell, size = 0, tree.words[at + 1] >> 2
        while cell < size:
            yield at, cell
            controller = tree.phandles.get(tree.words[at + 3 + cell], -1)
            width = tree.cell("#interrupt-cells", controller) if controller >= 0 else None
            if width is None:
                break
            cell += 1 + width


def _offset(tree: Tree, position: int) -> int:
    return tree.layout.base + 4 * position


def with_extra_node(blob: bytes) -> bytes:
    """The blob with one node more, in front of all others, and a phandle that none had."""
    tree = fdt.read(blob)
    names = {name: at for at, name in tree.layout.strings.items()}
    inside = [prop(names["compatible"], padded(b"vnd,rebuilt\0"))] if "compatible" in names else []
    if "phandle" in names:
        numbers = (number for number in tree.phandles if number != EXTERNAL_PHANDLE)
        inside.append(prop(names["phandle"], word(max(numbers, default=0) + 0x1000)))
    extra = node(EXTRA.encode(), *inside)
    at = _first_child(tree)
    size = field(blob, "size_dt_struct") if field(blob, "version") >= 17 else 0
    for name in _BLOCKS:
        start = field(blob, name)
        blob = with_field(blob, name, start + len(extra) if start >= at else start)
    blob = with_field(blob, "totalsize", field(blob, "totalsize") + len(extra))
    if size:
        blob = with_field(blob, "size_dt_struct", size + len(extra))
    return blob[:at] + extra + blob[at:]


def _first_child(tree: Tree) -> int:
    """Byte offset of the root's first child, or of the root's end."""
    if len(tree) > 1:
        return _offset(tree, tree.layout.starts[1])
    position = tree.layout.starts[0] + 2
    while tree.words[position] != 2:
        position += 1 if tree.words[position] == 4 else 3 + ((tree.words[position + 1] + 3) >> 2)
    return _offset(tree, position)
