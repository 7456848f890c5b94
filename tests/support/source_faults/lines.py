"""Whether fixes left all lines alone but those of the properties that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from dtlink.firmware.edits import AddNode, DeleteProperty, Edit, NodeRef, SetField, SetProperty
from dtlink.firmware.tree import Tree
from tests.support.source_faults.bed import Bed

#: Lines after the first one of a statement that have its value.
_LONGEST = 400


def strange_lines(
    tree: Tree, edits: Iterable[Edit], contents: Mapping[str, tuple[bytes, bytes]]
) -> str:
    """The first line that is gone, or changed, and is not of a property or node of the edits."""
    own = set(_lines(tree, edits))
    for file, (before, after) in contents.items():
        old, new = before.decode().split("\n"), after.decode().split("\n")
        # Of two equal lines a comparison may take the other one for the one that is gone.
        texts = {old[line - 1] for path, line in own if path == file and line <= len(old)}
        for tag, first, last, *_ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag in ("replace", "delete"):
                for line in range(first + 1, last + 1):
                    if old[line - 1] not in texts and old[line - 1].strip():
                        return f"{file}:{line} was changed as well: {old[line - 1].strip()}"
    return ""


def _lines(tree: Tree, edits: Iterable[Edit]) -> Iterator[tuple[str, int]]:
    bed = Bed(tree, "")
    for each in edits:
        if isinstance(each, SetField):
            continue
        if isinstance(each, AddNode):
            yield from _opening(tree, each.parent.path)
            continue
        yield from _opening(tree, each.node.path)
        yield from _property(bed, each.node.path, each.name)
        if not isinstance(each, DeleteProperty):
            for path in _references(each):
                yield from _opening(tree, path)


def _references(edit: SetProperty) -> Sequence[str]:
    groups = (piece for piece in edit.value if isinstance(piece, tuple))
    return [cell.path for group in groups for cell in group if isinstance(cell, NodeRef)]


def _opening(tree: Tree, path: str) -> Iterator[tuple[str, int]]:
    """Where a node is opened: a label may be added there, or all of it be on one line."""
    for name in (None, "a-property-that-it-lacks"):
        place = tree.origins.location(path, name) if tree.origins else None
        if place is not None:
            yield place.file, place.line


def _property(bed: Bed, path: str, name: str) -> Iterator[tuple[str, int]]:
    node = bed.tree.by_path.get(path)
    place = bed.tree.origins.location(path, name) if node and bed.tree.origins else None
    if place is None or node is None or not node.has(name):
        return
    lines = bed.text(place.file).split("\n")
    for line in range(place.line, min(place.line + _LONGEST, len(lines) + 1)):
        yield place.file, line
        if ";" in lines[line - 1]:
            return
