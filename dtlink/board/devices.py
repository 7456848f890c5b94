"""Which nodes of a devicetree are devices, and which the kernel passes over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

#: Children of the root whose own children the kernel, or a driver, reads although they have no
#: ``compatible``.
_READ = frozenset((b"chosen", b"cpus", b"firmware", b"reserved-memory", b"thermal-zones"))

#: Values of ``compatible`` that no driver matches any more, of regulators, and today's strings.
DEAD_COMPATIBLES: Mapping[bytes, str] = {b"reg-fixed-voltage\0": "regulator-fixed"}
#: What a node has that is a set of registers, with or without a driver of its own.
SYSCON = b"syscon"
#: Buses that are nothing else: their children become devices, and the bus has no driver of its own.
_PLAIN_BUSES = frozenset((b"simple-bus", b"isa", b"arm,amba-bus"))


@lru_cache(maxsize=1024)
def is_plain_bus(compatible: bytes) -> bool:
    """Whether the value of a ``compatible`` has nothing but plain buses."""
    return _PLAIN_BUSES.issuperset(compatible.removesuffix(b"\0").split(b"\0"))


def device_at(tree: Tree, index: int) -> int:
    """The nearest node with ``compatible``, from a node upwards; the node itself if there is none.

    A pin group belongs to its pin controller, a regulator to its PMIC, an NVMEM cell to its
    provider: their drivers serve them (Linux, drivers/base/core.c,
    __fw_devlink_pickup_dangling_consumers()).
    """
    compatible, parents = tree.holders("compatible"), tree.parents
    cursor = index
    while cursor > 0 and cursor not in compatible:
        cursor = parents[cursor]
    return cursor if cursor > 0 else index


def devices(tree: Tree) -> Sequence[int]:
    """:func:`device_at` of every node, in one pass."""
    compatible, parents = tree.holders("compatible"), tree.parents
    found = list(range(len(parents)))
    for node in [node for node in found if node and node not in compatible]:
        found[node] = found[parents[node]]  # 0: none, so far
    return [device or node for node, device in enumerate(found)]


def unpopulated(tree: Tree) -> Sequence[range]:
    """The children of the root for which the kernel makes no devices, each with all below it.

    It populates the children of the root, and passes over one without ``compatible`` with all
    that is below it (Linux, drivers/of/platform.c, of_platform_bus_create()).
    """
    compatible = tree.holders("compatible")
    top = [node for node, parent in enumerate(tree.parents) if not parent]
    ends = (*top, len(tree))[1:]
    both = zip(top, ends, strict=True)
    return [range(node, end) for node, end in both if node not in compatible]


def passed_over(tree: Tree, parts: Sequence[range]) -> frozenset[int]:
    """The nodes with a phandle that are :func:`unpopulated`, and that no driver reads."""
    names = tree.layout.names
    named = [
        node
        for part in parts
        if names[part.start].partition(b"@")[0] not in _READ
        for node in part
        if node in tree.own_phandle
    ]
    return frozenset(named if named and not tree.is_overlay else ())
