"""The comments of a board's source that allow or expect findings, with what they cover there."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from dtlink.firmware.tree import Location
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.source.comments import FileComment
    from dtlink.firmware.source.livetree import DtsNode, LiveTree
    from dtlink.firmware.source.preprocess import SourceText
    from dtlink.firmware.source.scan import SourceFile


class SourceComment(NamedTuple):
    """A comment of a board's source, with what it covers."""

    place: Location
    kind: str
    """``allow`` or ``expect``."""
    rules: tuple[str, ...]
    reason: str
    fault: str
    """Why it cannot be followed; empty if it can."""
    start: tuple[int, int]
    """Line and column in its file from which on it covers what follows."""
    end: tuple[int, int]
    """Line and column before which it does."""
    nodes: tuple[str, ...]
    """The nodes that are opened at its beginning."""


def placed(text: SourceText, tree: LiveTree) -> Sequence[SourceComment]:
    """The comments of a source that has been read, each once."""
    found: dict[tuple[SourceFile, int], tuple[int, FileComment]] = {}
    for number, comment in text.comments:
        found.setdefault((text.inclusions[number].file, comment.at), (number, comment))
    nodes = _nodes(text, tree, found)
    return [_placed(text, number, comment, nodes[key]) for key, (number, comment) in found.items()]


def _placed(
    text: SourceText, number: int, comment: FileComment, nodes: Sequence[str]
) -> SourceComment:
    file, extent = text.inclusions[number].file, comment.extent
    return SourceComment(
        text.place_of(number, comment.at),
        comment.kind,
        comment.rules,
        comment.reason,
        comment.fault,
        file.position(extent.start)[1:],
        file.position(extent.end)[1:],
        tuple(dict.fromkeys(nodes)),
    )


def _nodes(
    text: SourceText,
    tree: LiveTree,
    comments: Mapping[tuple[SourceFile, int], tuple[int, FileComment]],
) -> Mapping[tuple[SourceFile, int], list[str]]:
    """The nodes that are opened where comments cover one."""
    found: defaultdict[tuple[SourceFile, int], list[str]] = defaultdict(list)
    heads: defaultdict[SourceFile, list[tuple[int, int, int]]] = defaultdict(list)
    for (file, at), (_, comment) in comments.items():
        if comment.extent.brace >= 0:
            heads[file].append((comment.extent.start, comment.extent.brace, at))
    for each in heads.values():
        each.sort()
    for node, opened in _openings(tree) if heads else ():
        number, offset, _ = text.origin(opened)
        file = text.inclusions[number].file
        for at in _opened_at(heads.get(file, ()), offset):
            found[file, at].append(node.path)
    return found


def _opened_at(heads: Sequence[tuple[int, int, int]], offset: int) -> Iterator[int]:
    """The comments about the node that is opened at an offset, by where they are."""
    number = bisect_left(heads, (offset + 1,)) - 1
    start = heads[number][0] if number >= 0 else -1
    while number >= 0 and heads[number][0] == start:
        if offset < heads[number][1]:
            yield heads[number][2]
        number -= 1


def _openings(tree: LiveTree) -> Iterator[tuple[DtsNode, int]]:
    """All nodes, with each place that opens them."""
    return ((node, at) for node in tree.root.walk() for at in node.opened_at)
