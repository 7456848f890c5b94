"""Edits of firmware as data: set, delete and add properties and nodes; set fields of tables.

Edits refer to nodes by path and label, so they do not depend on the tree and can be sent to another
process. :mod:`dtlink.firmware.edit_text` writes them as DTS, :mod:`dtlink.firmware.apply` applies
them.
"""

from __future__ import annotations

from dtlink.firmware.dts_text import reference
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.tree import Node


class NodeRef(NamedTuple):
    """A reference to a devicetree node; ``label`` is empty if the node has no known label."""

    path: str
    label: str = ""

    def __str__(self) -> str:
        return reference(self.path, self.label)


class Hex(int):
    """A cell that is written in hexadecimal: an ID or an address."""


#: One ``<…>`` of a value: numbers and references.
Cells: TypeAlias = tuple[int | NodeRef, ...]
#: A property's value: strings, ``<…>`` and bytes, in order; empty for a property without a value.
PropertyValue: TypeAlias = tuple[str | bytes | Cells, ...]


class SetProperty(NamedTuple):
    """Add a property to a node, or replace its value."""

    node: NodeRef
    name: str
    value: PropertyValue = ()


class DeleteProperty(NamedTuple):
    """Remove a property of a node."""

    node: NodeRef
    name: str


class AddNode(NamedTuple):
    """Add an empty child to a node; properties are set by further edits."""

    parent: NodeRef
    name: str


class SetField(NamedTuple):
    """Set a field of a table's structure; ``offset`` (in the table) and ``size`` are in bytes.

    Characters are padded with NUL to the size.
    """

    table: str
    structure: str
    field: str
    value: int | str
    offset: int
    size: int


TreeEdit: TypeAlias = SetProperty | DeleteProperty | AddNode
Edit: TypeAlias = TreeEdit | SetField


def ref(node: Node) -> NodeRef:
    """Return a reference to a node, with its first label if it has one."""
    return NodeRef(node.path, node.label)


def set_field(structure: Struct, field: str, value: int | str) -> SetField:
    """Return the edit that sets a field.

    Characters end with a NUL, over what was there. Raises :class:`KeyError` for an unknown field,
    and :class:`ValueError` for characters that the structure has no room for.
    """
    row, at = type(structure).fields()[field], structure.offset(field)
    size = row.size
    if isinstance(value, str):
        size = max(len(value), len(getattr(structure, field))) + 1
        if at + size > structure.fields_end:
            raise ValueError(f"{structure.path} has no room for {field} {value!r}")
    place = at, size
    return SetField(structure.TABLE, structure.path, field, value, *place)
