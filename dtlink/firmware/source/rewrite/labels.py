"""Labels for the nodes that new values refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dtlink.firmware.edits import NodeRef
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.edits import PropertyValue
    from dtlink.firmware.source.livetree import LiveTree

_WORD = re.compile(r"\W+", re.ASCII)


class Labels:
    """The label of each node that is referred to: its own, or one that it gets."""

    def __init__(self, live: LiveTree) -> None:
        self._live = live
        self.known: dict[str, str] = {}
        """The label of a path; empty: it can't have one."""
        self.new: dict[str, str] = {}
        """Those of them that no file has yet."""

    def find(self, values: Iterable[PropertyValue]) -> None:
        """Find a label for every node that the values refer to without one."""
        for piece in (piece for value in values for piece in value):
            for cell in piece if isinstance(piece, tuple) else ():
                if isinstance(cell, NodeRef) and not cell.label and cell.path not in self.known:
                    self.known[cell.path] = self._label(cell.path)

    def _label(self, path: str) -> str:
        node = self._live.find(path)
        if node is None or node.parent is None:
            return ""
        if node.labels:
            return node.labels[0]
        name, _, unit = node.name.partition("@")
        stem = _WORD.sub("_", name)
        stem = stem if stem[:1].isalpha() else f"node_{stem}"
        taken = self._live.labels.keys() | self.new.values()
        tries = (stem, *([f"{stem}_{_WORD.sub('_', unit)}"] if unit else []))
        numbered = (f"{tries[-1]}_{number}" for number in range(2, len(taken) + 4))
        label = next(each for each in (*tries, *numbered) if each not in taken)
        self.new[path] = label
        return label
