"""A tree as devicetree source that compiles to the same bytes of each property."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtlink.firmware.fdt_write import SourceNode

#: Names that DTS can have (Devicetree Specification 0.4, 2.2.1, 2.2.4 and 6); dtc's lexer agrees.
_NODE = re.compile(r"[\w,.+-]+(@[\w,.+-]+)?", re.ASCII)
_PROPERTY = re.compile(r"[\w,.+*#?@-]+", re.ASCII)
_PLAIN = re.compile(rb"(?:[ !#-\[\]-~]+\0)+")
_CELL = 4


def dts(root: SourceNode) -> str:
    """The source. Nodes and properties whose names DTS cannot have are left out."""
    return "/dts-v1/;\n" + "\n".join(_lines(root, "/", "")) + "\n"


def _lines(node: SourceNode, name: str, indent: str) -> Iterator[str]:
    yield f"{indent}{name} {{"
    inner = indent + "\t"
    for key, value in node.properties.items():
        if _PROPERTY.fullmatch(key):
            yield f"{inner}{key} = {_value(value)};" if value else f"{inner}{key};"
    for child in node.children:
        if _NODE.fullmatch(child.name):
            yield from _lines(child, child.name, inner)
    yield f"{indent}}};"


def _value(value: bytes) -> str:
    if _PLAIN.fullmatch(value):
        return ", ".join(f'"{text.decode()}"' for text in value[:-1].split(b"\0"))
    if len(value) % _CELL:
        return f"[{value.hex(' ')}]"
    cells = (int.from_bytes(value[at : at + _CELL], "big") for at in range(0, len(value), _CELL))
    return f"<{' '.join(map(hex, cells))}>"
