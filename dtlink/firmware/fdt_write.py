"""Write a flattened devicetree (version 17), for trees read from source and for tests.

Source: Devicetree Specification v0.4, chapter 5.
"""

from __future__ import annotations

import struct

_HEADER_SIZE = 40
_RESERVE_SIZE = 16
_BEGIN_NODE, _END_NODE, _PROP, _END = (struct.pack(">I", token) for token in (1, 2, 3, 9))


class SourceNode:
    """A node to write; ``properties`` and ``children`` are in blob order.

    No dataclass: every run in several processes would import that module for it.
    """

    __slots__ = ("children", "name", "properties")

    def __init__(
        self,
        name: str = "",
        properties: dict[str, bytes] | None = None,
        children: list[SourceNode] | None = None,
    ) -> None:
        self.name = name
        self.properties = {} if properties is None else properties
        self.children = [] if children is None else children

    def __repr__(self) -> str:
        return f"SourceNode({self.name!r}, {self.properties!r}, {self.children!r})"

    def child(self, name: str) -> SourceNode:
        """Return the child of that name; add it after the others if it is missing."""
        for node in self.children:
            if node.name == name:
                return node
        self.children.append(SourceNode(name))
        return self.children[-1]

    def append(self, name: str, data: bytes) -> None:
        """Add bytes to the value of a property, which is made if it is missing."""
        self.properties[name] = self.properties.get(name, b"") + data


def cells(*values: int) -> bytes:
    """Return 32-bit cells as a property value."""
    return struct.pack(f">{len(values)}I", *values)


def strings(*values: str) -> bytes:
    """Return a string list as a property value."""
    return b"".join(value.encode("ascii") + b"\0" for value in values)


def write(root: SourceNode, reservations: bytes = b"") -> bytes:
    """Return the blob (DTB version 17) of a tree, with entries of memory reservations."""
    names: dict[str, int] = {}
    body = _structure(root, names)
    text = strings(*names)
    reserved = reservations + bytes(_RESERVE_SIZE)
    struct_at = _HEADER_SIZE + len(reserved)
    strings_at = struct_at + len(body)
    header = struct.pack(
        ">10I",
        0xD00DFEED,
        strings_at + len(text),
        struct_at,
        strings_at,
        _HEADER_SIZE,
        17,
        16,
        0,
        len(text),
        len(body),
    )
    return header + reserved + body + text


def _structure(root: SourceNode, names: dict[str, int]) -> bytes:
    """The structure block; ``names`` collects the strings block as name to offset."""
    parts: list[bytes] = []
    end = 0
    todo: list[SourceNode | None] = [root]
    while todo:
        node = todo.pop()
        if node is None:
            parts.append(_END_NODE)
            continue
        parts += (_BEGIN_NODE, _padded(node.name.encode("ascii") + b"\0"))
        for name, value in node.properties.items():
            if name not in names:
                names[name] = end
                end += len(name) + 1
            parts += (_PROP, struct.pack(">II", len(value), names[name]), _padded(value))
        todo += (None, *reversed(node.children))
    return b"".join((*parts, _END))


def _padded(value: bytes) -> bytes:
    return value + bytes(-len(value) % 4)
