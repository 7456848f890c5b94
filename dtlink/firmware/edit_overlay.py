"""Edits of a blob as an overlay that makes them when it is applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dtlink.firmware import dts, fdt
from dtlink.firmware.edit_text import statement
from dtlink.firmware.edits import AddNode, Cells, DeleteProperty, NodeRef, SetProperty
from dtlink.firmware.errors import InputError
from dtlink.firmware.overlay.merge import NamedOverlay, apply_overlays
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.edits import PropertyValue, TreeEdit
    from dtlink.firmware.tree import Tree

_HEAD = "/dts-v1/;\n/plugin/;\n"
_NAME = "fixes.dtbo"


def overlay_source(base: Tree, edits: Iterable[TreeEdit]) -> str:
    """The source of an overlay for a base, which needs no ``__symbols__``.

    Nodes without a label there are referenced by their phandle in this base. Raises
    :class:`InputError` for what an overlay can't do: it deletes nothing.
    """
    return _Writer(base).write(edits)


def with_overlay(base: Tree, edits: Sequence[TreeEdit]) -> Tree:
    """The base with the overlay applied. Raises :class:`InputError` if it can't be."""
    overlay = dts.read_text(overlay_source(base, edits), _NAME)
    merged = apply_overlays(base, [NamedOverlay(_NAME, overlay)])
    applied = merged.overlaid.overlays[0] if merged.overlaid else None
    if applied is None or not applied.is_applied:
        faults = applied.faults if applied else ()
        why = next((each.problem.name for each in faults), "")
        raise InputError(f"the overlay of the fixes is refused: {why}")
    return fdt.read(merged.blob)


class _Writer:
    def __init__(self, base: Tree) -> None:
        self._base = base
        self._labels = {
            path: name
            for node in base
            if node.path == "/__symbols__"
            for name in node.properties
            for path in node.strings(name)
        }
        self._phandles = {base[index].path: number for number, index in base.phandles.items()}
        self._own: dict[str, str] = {}
        """Labels that the overlay gives nodes without a phandle."""
        self._nodes: dict[str, list[str]] = {}
        self._children: dict[str, list[str]] = {}

    def write(self, edits: Iterable[TreeEdit]) -> str:
        for edit in edits:
            if isinstance(edit, DeleteProperty):
                raise InputError(f"an overlay can't delete {edit.name} of {edit.node.path}")
            if isinstance(edit, AddNode):
                self._children[f"{edit.parent.path.rstrip('/')}/{edit.name}"] = []
                self._nodes.setdefault(edit.parent.path, [])
            elif edit.node.path in self._children:
                self._children[edit.node.path].append(self._set(edit))
            else:
                rows = self._nodes.setdefault(edit.node.path, [])
                rows.append(self._set(edit))
        fragments = (self._fragment(at, path) for at, path in enumerate(self._nodes))
        return f"{_HEAD}\n/ {{\n{''.join(fragments)}}};\n"

    def _fragment(self, number: int, path: str) -> str:
        label = self._labels.get(path)
        target = f"target = <&{label}>;" if label else f'target-path = "{path}";'
        own = f"{self._own[path]}: " if path in self._own else ""
        rows = [*self._nodes[path], *self._of_children(path)]
        body = "".join(f"\t\t\t{row}\n" for row in rows)
        inside = f"\t\t{target}\n\n\t\t{own}__overlay__ {{\n{body}\t\t}};\n"
        return f"{'' if number == 0 else chr(10)}\tfragment@{number} {{\n{inside}\t}};\n"

    def _of_children(self, path: str) -> Iterator[str]:
        """The lines of the new children of a node."""
        for each, rows in self._children.items():
            parent, _, name = each.rpartition("/")
            if parent == path.rstrip("/"):
                yield f"{name} {{"
                yield from (f"\t{row}" for row in rows)
                yield "};"

    def _set(self, edit: SetProperty) -> str:
        return statement(edit._replace(value=self._value(edit.value)))

    def _value(self, value: PropertyValue) -> PropertyValue:
        return tuple(self._cells(each) if isinstance(each, tuple) else each for each in value)

    def _cells(self, cells: Cells) -> Cells:
        return tuple(self._reference(each) if isinstance(each, NodeRef) else each for each in cells)

    def _reference(self, node: NodeRef) -> NodeRef | int:
        """A node by its label; by its phandle; or by a label here, for which it gets a phandle."""
        label = self._labels.get(node.path)
        if label is None and node.path in self._phandles:
            return self._phandles[node.path]
        if label is None:
            if node.path not in self._base.by_path:
                raise InputError(f"cannot reference node {node.path}: no such node")
            self._nodes.setdefault(node.path, [])
            label = self._own.setdefault(node.path, f"fixed_{len(self._own)}")
        return NodeRef(node.path, label)
