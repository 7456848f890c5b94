"""From a tree to all its references: one walker call per property name that has a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
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
    common: bool = True,
) -> WalkResult:
    """Walk every supplier property of the tree, as the rows of a kernel version read it.

    Properties of disabled nodes are left out (nothing uses them) unless ``disabled``. Without
    ``vendor`` the properties that only one vendor knows are left out, without ``common`` all
    others.
    """
    found = WalkResult(tree)
    off = frozenset[int]() if disabled else tree.disabled
    rows = bindings_for(version)
    for name, holders in tree.columns.items():
        row = rows[name]
        if row is not None and (vendor if row.origin is Origin.VENDOR else common):
            skip = off | tree.holders(row.unless).keys() if row.unless else off
            column = [item for item in holders.items() if item[0] not in skip]
            _WALKERS[row.walk](found, row, column)
    return found


class Extraction:
    """The references of one tree as one kernel version reads them; no property is walked twice."""

    def __init__(self, tree: Tree, version: KernelVersion = DEFAULT) -> None:
        self.tree = tree
        self.version = version

    @cached_property
    def common(self) -> WalkResult:
        """What enabled nodes reference by properties that are not one vendor's own."""
        return extract(self.tree, self.version, vendor=False)

    @cached_property
    def vendor(self) -> WalkResult:
        """What enabled nodes reference by properties that only one vendor knows."""
        return extract(self.tree, self.version, common=False)

    @cached_property
    def common_of_all(self) -> WalkResult:
        """As :attr:`common`, disabled nodes included: few boards need it."""
        return extract(self.tree, self.version, vendor=False, disabled=True)
