"""The part of a tree that shows a finding."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from dtlink.board.tree import TreeBoard
from dtlink.firmware.fdt_write import SourceNode
from dtlink.firmware.overlay.nodes import below, copy
from dtlink.rules.finding import Finding

#: Nodes whose properties name nodes by path.
_INDEXES = ("aliases", "__symbols__")
#: How many steps of suppliers are tried before all of them are taken.
_STEPS = 4


def smallest(
    root: SourceNode,
    board: TreeBoard,
    findings: Iterable[Finding],
    is_shown: Callable[[SourceNode], bool],
) -> SourceNode:
    """The nodes of the findings, with as many of their suppliers and consumers as it takes.

    The whole tree if nothing less shows the findings.
    """
    kept = set(_subtrees(root, {path for each in findings for path in _nodes(each)}))
    for _ in range(_STEPS):
        kept = _neighbours(board, kept)
        if is_shown(tree := pruned(root, kept)):
            return tree
    while len(wider := _neighbours(board, kept)) > len(kept):
        kept = wider
    tree = pruned(root, kept)
    return tree if is_shown(tree) else root


def _nodes(finding: Finding) -> Iterator[str]:
    yield finding.subject.path
    yield from finding.related
    if finding.supplier:
        yield finding.supplier


def _subtrees(node: SourceNode, nodes: Collection[str], path: str = "/") -> Iterator[str]:
    """Nodes and what is below them; of the root only itself."""
    if path in nodes:
        yield path
    is_whole = path != "/" and path in nodes
    for child in node.children:
        inner = below(path, child.name)
        yield from _subtrees(child, {inner} if is_whole else nodes, inner)


def _with_parents(paths: Iterable[str]) -> set[str]:
    found = {"/"}
    for path in paths:
        parts = path.strip("/").split("/")
        found.update("/" + "/".join(parts[: end + 1]) for end in range(len(parts)) if parts[end])
    return found


def _neighbours(board: TreeBoard, kept: Iterable[str]) -> set[str]:
    """Nodes, their parents, and what these reference."""
    nodes = _with_parents(kept)
    suppliers = {
        board.tree.path(ref.supplier)
        for ref in board.graph.references
        if board.tree.path(ref.consumer) in nodes
    }
    return _with_parents(nodes | suppliers)


def pruned(root: SourceNode, kept: Collection[str]) -> SourceNode:
    """A copy of a tree with some nodes, by their paths; what is about all nodes stays."""
    tree = copy(root)
    _prune(tree, "/", kept)
    for node in tree.children:
        if node.name in _INDEXES:
            node.properties = {
                name: value
                for name, value in node.properties.items()
                if value.rstrip(b"\0").partition(b":")[0].decode("latin-1") in kept
            }
    return tree


def _prune(node: SourceNode, path: str, kept: Collection[str]) -> None:
    node.children = [
        child
        for child in node.children
        if below(path, child.name) in kept or (path == "/" and child.name in ("chosen", *_INDEXES))
    ]
    for child in node.children:
        _prune(child, below(path, child.name), kept)
