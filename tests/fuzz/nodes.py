"""A devicetree as plain nodes, which can be made wrong in any way and written as a blob."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from tests.support import blobs


@dataclass
class PlainNode:
    """A node: its name, its properties in order (names may repeat), its children."""

    name: bytes
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    children: list[PlainNode] = field(default_factory=list)

    def copy(self) -> PlainNode:
        """A copy that shares nothing that can change."""
        children = [each.copy() for each in self.children]
        return PlainNode(self.name, list(self.properties), children)

    def walk(self) -> Iterator[PlainNode]:
        """This node and all below it."""
        yield self
        for each in self.children:
            yield from each.walk()

    def value(self, name: bytes) -> bytes | None:
        """The value of the first property of a name."""
        return next((value for found, value in self.properties if found == name), None)

    def put(self, name: bytes, value: bytes) -> None:
        """Set a property."""
        for at, (found, _) in enumerate(self.properties):
            if found == name:
                self.properties[at] = name, value
                return
        self.properties.append((name, value))


def parse(blob: bytes) -> PlainNode:
    """The nodes of a sound blob. Raises ValueError or IndexError for most that are not."""
    strings = blobs.field(blob, "off_dt_strings")
    at = blobs.field(blob, "off_dt_struct")
    top = PlainNode(b"")
    stack = [top]
    while True:
        token = int.from_bytes(blob[at : at + 4], "big")
        at += 4
        if token == 1:
            end = blob.index(b"\0", at)
            node = PlainNode(blob[at:end])
            stack[-1].children.append(node)
            stack.append(node)
            at = (end + 4) & ~3
        elif token == 2:
            stack.pop()
        elif token == 3:
            size = int.from_bytes(blob[at : at + 4], "big")
            start = strings + int.from_bytes(blob[at + 4 : at + 8], "big")
            name = blob[start : blob.index(b"\0", start)]
            stack[-1].properties.append((name, blob[at + 8 : at + 8 + size]))
            at = (at + 8 + size + 3) & ~3
        elif token == 9:
            return top.children[0]
        elif token != 4:
            raise ValueError(f"token {token}")


def write(root: PlainNode) -> bytes:
    """The blob of nodes."""
    strings = bytearray()
    places: dict[bytes, int] = {}
    parts: list[bytes] = []
    _write(root, parts, strings, places)
    return blobs.blob(b"".join(parts) + blobs.END, bytes(strings))


def _write(
    node: PlainNode, parts: list[bytes], strings: bytearray, places: dict[bytes, int]
) -> None:
    parts.append(blobs.begin(node.name))
    for name, value in node.properties:
        if name not in places:
            places[name] = len(strings)
            strings += name + b"\0"
        parts.append(blobs.prop(places[name], value))
    for each in node.children:
        _write(each, parts, strings, places)
    parts.append(blobs.END_NODE)


def phandles(root: PlainNode) -> list[int]:
    """The phandles of nodes."""
    found = (each.value(b"phandle") for each in root.walk())
    return [int.from_bytes(value, "big") for value in found if value and len(value) == 4]


def give_phandles(root: PlainNode) -> None:
    """Give each node a phandle, so that it can be referenced."""
    used = set(phandles(root))
    free = (number for number in count(1) if number not in used)
    for each in root.walk():
        if each.value(b"phandle") is None:
            each.properties.append((b"phandle", next(free).to_bytes(4, "big")))


def paths(root: PlainNode, most: int = 60) -> list[str]:
    """The paths of some nodes."""
    found: list[str] = []
    stack = [(root, "")]
    while stack and len(found) < most:
        node, path = stack.pop()
        found.append(path or "/")
        stack += [(each, f"{path}/{each.name.decode('latin-1')}") for each in node.children]
    return found
