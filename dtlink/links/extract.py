"""From a tree to all its references: one walker call per property name that has a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dtlink.facts.binding import Origin, SupplierBinding, Walk
from dtlink.facts.bindings import bindings_for
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.links.interrupts import interrupt_map, interrupts
from dtlink.links.maps import id_map, nexus_map
from dtlink.links.walk import Column, WalkResult, endpoint, masters, phandle_list

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

_WALKERS: Mapping[Walk, Callable[[WalkResult, SupplierBinding, Column], None]] = {
    Walk.LIST: phandle_list,
    Walk.INTERRUPTS: interrupts,
    Walk.INTERRUPT_MAP: interrupt_map,
    Walk.NEXUS_MAP: nexus_map,
    Walk.ID_MAP: id_map,
    Walk.ENDPOINT: endpoint,
    Walk.MASTERS: masters,
}


def extract(
    tree: Tree,
    version: KernelVersion = DEFAULT,
    *,
    disabled: bool = False,
    vendor: bool = True,
) -> WalkResult:
    """Walk every supplier property of the tree, as the rows of a kernel version read it.

    Properties of nodes that are disabled are left out (nobody uses them) unless ``disabled``;
    without ``vendor`` those that only one vendor knows are left out too.
    """
    found = WalkResult(tree)
    off = frozenset[int]() if disabled else tree.disabled
    rows = bindings_for(version)
    for name, holders in tree.columns.items():
        row = rows[name]
        if row is not None and (vendor or row.origin is not Origin.VENDOR):
            skip = off | tree.holders(row.unless).keys() if row.unless else off
            column = [item for item in holders.items() if item[0] not in skip]
            _WALKERS[row.walk](found, row, column)
    return found
