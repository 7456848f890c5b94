"""Which nodes a kernel takes for available, by their ``status``."""

from __future__ import annotations

from dtlink.facts.behaviours import STRINGS_END_IN_NUL
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from dtlink.firmware.tree import Tree


class Availability(NamedTuple):
    """The nodes of a tree that a kernel does not use, by their ``status``."""

    tree: Tree
    unavailable: AbstractSet[int]
    """Those whose own ``status`` says so."""
    disabled: AbstractSet[int]
    """Those and their descendants."""
    version: KernelVersion

    @classmethod
    def of(cls, tree: Tree, version: KernelVersion = DEFAULT) -> Availability:
        """The nodes that a kernel version does not use.

        Source: Linux, drivers/of/base.c, __of_device_is_status().
        """
        cut = _cut_off(tree) if STRINGS_END_IN_NUL.on(version) else set[int]()
        if not cut:
            return cls(tree, tree.unavailable, tree.disabled, version)
        disabled = set(tree.disabled | cut)
        for node, parent in enumerate(tree.parents):
            if parent in disabled:
                disabled.add(node)
        return cls(tree, tree.unavailable | cut, disabled, version)


def _cut_off(tree: Tree) -> set[int]:
    """The nodes whose ``status`` has no terminating NUL."""
    return {node for node, at in tree.holders("status").items() if b"\0" not in tree.value(at)}
