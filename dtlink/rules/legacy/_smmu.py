"""The SMMUs of a board, by binding."""

from __future__ import annotations

from collections.abc import Sequence

from dtlink.facts.bindings import binding_of
from dtlink.facts.iommus import ARM_SMMU
from dtlink.firmware.tree import Node, Tree
from dtlink.links.walk import WalkResult, masters
from dtlink.records import NamedTuple


class Smmus(NamedTuple):
    """The enabled SMMUs that the arm-smmu driver binds to, by binding."""

    legacy: Sequence[Node]
    generic: Sequence[Node]


def smmus(tree: Tree) -> Smmus:
    """Return the SMMUs of a tree, in blob order."""
    nodes = [tree[index] for index in tree.holders("compatible") if _is_smmu(tree, index)]
    old = tree.holders("mmu-masters")
    return Smmus(
        [node for node in nodes if node.index in old],
        [node for node in nodes if node.index not in old],
    )


def _is_smmu(tree: Tree, index: int) -> bool:
    return index not in tree.disabled and not _NAMES.isdisjoint(tree[index].compatible)


_NAMES = frozenset(ARM_SMMU)


def listed_masters(tree: Tree) -> frozenset[int]:
    """The nodes that any mmu-masters lists, even that of a disabled SMMU.

    Also those after an entry of unknown length: nodes with #stream-id-cells whose phandle is there.
    """
    found, row = WalkResult(tree), binding_of("mmu-masters")
    lists = tree.holders("mmu-masters")
    if row is not None:
        masters(found, row, lists.items())
    cells = {cell for at in lists.values() for cell in tree.cells_at(at)}
    after = {tree.phandles.get(cell, -1) for cell in cells}
    return frozenset(
        {ref.consumer for ref in found.references}
        | (after & tree.holders("#stream-id-cells").keys())
    )
