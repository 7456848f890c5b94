"""The tree while source is read: nodes that are opened again, deleted, and come back.

As in dtc (livetree.c): what is deleted keeps its place, for what comes back under its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from weakref import ref

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

    from dtlink.firmware.source.values import Value


#: How many nodes are looked at to find which one of several with one label comes first.
_SEARCHED: Final = 1 << 20
#: Upper bounds for the label that may be meant: on the characters of one, on labels that are
#: compared, and on names that are looked for.
_LONGEST: Final = 60
_COMPARED: Final = 10_000
_ASKED: Final = 10


class DtsProperty:
    """A property; ``set_at`` are the places in the text that set it, the last one counts."""

    __slots__ = ("deleted", "end", "labels", "name", "set_at", "start", "value")

    def __init__(self, name: str) -> None:
        self.name = name
        self.value: Value | None = None
        """``None``: it has no value."""
        self.deleted = True
        self.labels: Sequence[str] = ()
        self.set_at: list[int] = []
        self.start = self.end = 0
        """Where the text of its value begins and ends."""

    def assign(self, value: Value | None, at: int, start: int, end: int) -> None:
        """Give it a value."""
        self.value, self.deleted, self.start, self.end = value, False, start, end
        self.set_at.append(at)

    def label(self, labels: Sequence[str]) -> None:
        """Add labels; it keeps those that it has (merge_nodes())."""
        self.labels = list(dict.fromkeys((*self.labels, *labels)))

    def delete(self) -> None:
        """Delete it, with its labels."""
        self.deleted, self.labels = True, ()


class DtsNode:
    """A node; ``opened_at`` are the places in the text that open it."""

    __slots__ = (
        *("children", "deleted", "dropped", "given", "name", "omit_if_no_ref", "opened_at"),
        *("_parent", "properties", "referenced", "__weakref__"),
    )

    def __init__(self, name: str, parent: DtsNode | None) -> None:
        self.name = name
        # A reference cycle would keep every tree until the garbage collector runs.
        self._parent = None if parent is None else ref(parent)
        self.properties: dict[str, DtsProperty] = {}
        self.children: dict[str, DtsNode] = {}
        self.given: list[str] = []
        """The labels, the last one that was added first; also those of a node that was deleted."""
        self.dropped: frozenset[str] = frozenset()
        """Those of ``given`` that went when the node was deleted."""
        self.opened_at: list[int] = []
        self.deleted = False
        self.omit_if_no_ref = False
        self.referenced = False

    @property
    def parent(self) -> DtsNode | None:
        """The parent; ``None`` for the root."""
        return None if self._parent is None else self._parent()

    @property
    def labels(self) -> Sequence[str]:
        """The labels, in the order in which dtc lists them."""
        if not self.dropped:
            return self.given
        return [label for label in self.given if label not in self.dropped]

    @property
    def path(self) -> str:
        """The full path."""
        parts: list[str] = []
        node: DtsNode | None = self
        while node is not None and node.parent is not None:
            parts.append(node.name)
            node = node.parent
        return "/" + "/".join(reversed(parts))

    def property(self, name: str) -> DtsProperty:
        """The property of that name; it is made, as a deleted one, if there is none."""
        found = self.properties.get(name)
        if found is None:
            found = self.properties[name] = DtsProperty(name)
        return found

    def get(self, name: str) -> DtsProperty | None:
        """The property of that name, if it has not been deleted."""
        found = self.properties.get(name)
        return found if found is not None and not found.deleted else None

    def child(self, name: str) -> DtsNode | None:
        """The child of that name, if it has not been deleted."""
        found = self.children.get(name)
        return found if found is not None and not found.deleted else None

    def kept_children(self) -> Iterator[DtsNode]:
        """The children that have not been deleted."""
        return (child for child in self.children.values() if not child.deleted)

    def kept_properties(self) -> Iterator[DtsProperty]:
        """The properties that have not been deleted."""
        return (each for each in self.properties.values() if not each.deleted)

    def walk(self) -> Iterator[DtsNode]:
        """This node and all below it, parents first, in the order of the blob."""
        todo: list[DtsNode] = [self]
        while todo:
            node = todo.pop()
            yield node
            todo.extend(reversed(list(node.kept_children())))


class LiveTree:
    """The root, and the labels of the nodes that have not been deleted."""

    def __init__(self) -> None:
        self.root = DtsNode("", None)
        self.labels: dict[str, dict[DtsNode, None]] = {}
        """Several nodes with one label are a fault, unless all but one are deleted later."""
        self.has_omitted = False
        """Whether a node was left out because nothing references it."""
        self.reserved: list[tuple[str, int]] = []
        """Reservations of memory: address and length as they are written, and where."""
        self._left = _SEARCHED
        self._meant: dict[str, str] = {}

    def find(self, name: str) -> DtsNode | None:
        """A node by label, by path, or by a label and the path below it (get_node_by_ref())."""
        if name.startswith("/"):
            node: DtsNode | None = self.root
            path = name
        else:
            label, _, path = name.partition("/")
            node = self._labelled(label)
        for part in path.split("/"):
            if part and node is not None:
                node = node.child(part)
        return node

    def meant(self, name: str) -> str:
        """A question for a message: the label that a reference without a node may mean."""
        if "/" in name or len(name) > _LONGEST or len(self.labels) > _COMPARED:
            return ""
        if name not in self._meant and len(self._meant) < _ASKED:
            from difflib import get_close_matches

            known = [label for label, holders in self.labels.items() if holders]
            near = get_close_matches(name, known, n=1, cutoff=0.66)
            self._meant[name] = f": did you mean &{near[0]}?" if near else ""
        return self._meant.get(name, "")

    def _labelled(self, label: str) -> DtsNode | None:
        holders = self.labels.get(label, {})
        if len(holders) < 2 or self._left < 0:
            return next(iter(holders), None)
        for node in self.root.walk():
            self._left -= 1 + len(node.children)
            if node in holders:
                return node
        return None

    def add_label(self, node: DtsNode, label: str) -> None:
        """Label a node. A label that it had before it was deleted keeps its place (add_label())."""
        if node in self.labels.get(label, ()):
            return
        if label in node.dropped:
            node.dropped -= {label}
        else:
            node.given.insert(0, label)
        self.labels.setdefault(label, {})[node] = None

    def delete(self, node: DtsNode) -> None:
        """Delete a node with all that it holds."""
        for each in list(node.walk()):
            each.deleted = True
            for label in each.labels:
                self._drop(label, each)
            each.dropped |= frozenset(each.given)
            for held in each.properties.values():
                held.delete()

    def _drop(self, label: str, node: DtsNode) -> None:
        holders = self.labels[label]
        holders.pop(node, None)
        if len(holders) == 1:  # made anew: the first one of what is left of many takes long to find
            self.labels[label] = dict(holders)
