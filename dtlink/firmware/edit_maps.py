"""Values of ID maps as data for edits."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.firmware.edits import Cells, Hex, NodeRef, PropertyValue, ref
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Node

#: Cells of an entry: input base, phandle, output base, length.
_ENTRY = 4
#: Cells of the longest map that each of its findings may write anew: real ones have up to 80.
LONGEST = 512


def id_map_value(node: Node, name: str, changes: Mapping[int, int | NodeRef]) -> PropertyValue:
    """An ``iommu-map`` or ``msi-map`` of entries of four cells, with some cells changed."""
    tree, cells = node.tree, node.cells(name)

    def word(at: int) -> int | NodeRef:
        if at in changes:
            new = changes[at]
            return new if isinstance(new, NodeRef) else Hex(new)
        target = tree.phandles.get(cells[at], -1) if at % _ENTRY == 1 else -1
        return ref(tree[target]) if target >= 0 else Hex(cells[at])

    def entry(start: int) -> Cells:
        return tuple(word(at) for at in range(start, min(start + _ENTRY, len(cells))))

    return tuple(entry(start) for start in range(0, len(cells), _ENTRY))
