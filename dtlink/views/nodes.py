"""The node that a user names."""

from __future__ import annotations

from collections.abc import Sequence

from dtlink.firmware.errors import InputError
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Node, Tree

#: Upper bound on the nodes that a message suggests.
_SUGGESTED = 4


def node_named(tree: Tree, name: str) -> Node:
    """The node of a path, an alias, a label, or a name that no other node has.

    Raises :class:`InputError`, which suggests nodes, if there is none or several.
    """
    if (node := tree.named(name)) is not None:
        return node
    last = name.rpartition("/")[2].partition("@")[0].removeprefix("&")
    near = [each.path for each in tree if last and each.name.partition("@")[0] == last]
    if len(near) > 1 and name == last:
        raise InputError(f"{name!r} is ambiguous: did you mean {_or(near)}?")
    near += [each.path for each in tree if last and last in each.name and each.path not in near]
    raise InputError(f"no node, label or alias {name!r}{_meant(near)}")


def struct_named(machine: Machine, name: str) -> Struct:
    """The node of ACPI tables of a path, or of a part of one that no other node has.

    Raises :class:`InputError`, which suggests nodes, if there is none or several.
    """
    node = machine.find(name)
    if node is not None:
        return node
    near = [each.path for each in machine.nodes[1:] if name.casefold() in each.path.casefold()]
    if len(near) > 1:
        raise InputError(f"{name!r} is ambiguous: did you mean {_or(near)}?")
    raise InputError(f"no node {name!r}{_meant(near)}")


def _meant(near: Sequence[str]) -> str:
    return f"; did you mean {_or(near)}?" if near else ""


def _or(paths: Sequence[str]) -> str:
    *first, last = paths[:_SUGGESTED]
    return f"{', '.join(first)} or {last}" if first else last
