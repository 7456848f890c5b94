"""Helpers of the rules about ID maps: the place of an entry, and ranges as text."""

from __future__ import annotations

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.links.maps import IdMapEntry
from dtlink.links.reference import Link


def place(board: TreeBoard, node: int, name: str, row: IdMapEntry) -> Link | Node:
    """The entry as a link, which knows its index and offset; the node if there is no link."""
    return board.graph.link_at(name, node, row.entry) or board.tree[node]


def span(ids: range) -> str:
    """A range of IDs as text."""
    return f"{ids[0]:#x}" if len(ids) == 1 else f"{ids[0]:#x} to {ids[-1]:#x}"


def inputs(row: IdMapEntry) -> range:
    """The IDs that an entry matches."""
    return range(row.input_base, min(row.input_base + row.length, 1 << 32))
