"""Edits as text: DTS statements for nodes, assignments for fields of tables."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.firmware import dts_text
from dtlink.firmware.edits import (
    AddNode,
    Cells,
    DeleteProperty,
    Edit,
    Hex,
    NodeRef,
    PropertyValue,
    SetField,
    TreeEdit,
)


def dts(edits: Iterable[Edit]) -> str:
    """Return the edits as text, one line per node (``&label { … };``) and per table field."""
    nodes: dict[NodeRef, list[str]] = {}
    fields: list[str] = []
    for edit in edits:
        if isinstance(edit, SetField):
            value = f'"{edit.value}"' if isinstance(edit.value, str) else f"{edit.value:#x}"
            fields.append(f"{edit.structure}: {edit.field} = {value}")
        else:
            owner = edit.parent if isinstance(edit, AddNode) else edit.node
            nodes.setdefault(owner, []).append(statement(edit))
    opened = [f"{_opening(node)} {{ {' '.join(lines)} }};" for node, lines in nodes.items()]
    return "\n".join((*opened, *fields))


def _opening(node: NodeRef) -> str:
    """The words that open a node; dtc rejects ``&{/}`` for the root."""
    return "/" if node.path == "/" and not node.label else str(node)


def statement(edit: TreeEdit) -> str:
    """Return one edit as a DTS statement, without the enclosing node."""
    if isinstance(edit, AddNode):
        return f"{edit.name} {{ }};"
    if isinstance(edit, DeleteProperty):
        return f"/delete-property/ {edit.name};"
    return assignment(edit.name, edit.value)


def assignment(name: str, value: PropertyValue) -> str:
    """Return a property and its value as a DTS statement."""
    return f"{name} = {property_value(value)};" if value else f"{name};"


def property_value(value: PropertyValue, most: int | None = None) -> str:
    """Return a value as DTS; a list longer than ``most`` is cut and ends with ``…``."""
    words = ", ".join(map(_piece, value[:most]))
    return words if most is None or len(value) <= most else f"{words} …"


def _piece(piece: str | bytes | Cells) -> str:
    if isinstance(piece, str):
        escaped = piece.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(piece, bytes):
        return f"[{piece.hex(' ')}]"
    return f"<{' '.join(map(number, piece))}>"


def number(cell: int | NodeRef) -> str:
    """A cell: what is known to be an ID or an address, in hexadecimal."""
    if isinstance(cell, NodeRef):
        return str(cell)
    return f"{cell:#x}" if isinstance(cell, Hex) else dts_text.number(cell)
