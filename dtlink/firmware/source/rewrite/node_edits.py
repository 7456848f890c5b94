"""Edits of a tree by the node that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dtlink.firmware.edits import AddNode, DeleteProperty, SetProperty
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.edits import PropertyValue, TreeEdit


class NodeEdits:
    """What is to become of one node."""

    def __init__(self) -> None:
        self.values: dict[str, PropertyValue] = {}
        self.deleted: list[str] = []
        self.added: dict[str, dict[str, PropertyValue]] = {}
        """New children, with their properties."""

    def all_values(self) -> Iterator[PropertyValue]:
        """The values that properties get, those of new children too."""
        yield from self.values.values()
        for new in self.added.values():
            yield from new.values()


def by_node(edits: Iterable[TreeEdit]) -> Mapping[str, NodeEdits]:
    """The edits by the node that they are about; those of a new node are its parent's."""
    nodes: dict[str, NodeEdits] = {}
    new: dict[str, dict[str, PropertyValue]] = {}
    for edit in edits:
        if isinstance(edit, AddNode):
            path = f"{edit.parent.path.rstrip('/')}/{edit.name}"
            new[path] = nodes.setdefault(edit.parent.path, NodeEdits()).added[edit.name] = {}
        elif edit.node.path in new:
            if isinstance(edit, SetProperty):
                new[edit.node.path][edit.name] = edit.value
        elif isinstance(edit, DeleteProperty):
            nodes.setdefault(edit.node.path, NodeEdits()).deleted.append(edit.name)
        else:
            nodes.setdefault(edit.node.path, NodeEdits()).values[edit.name] = edit.value
    return nodes
