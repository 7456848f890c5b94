"""From a tree to all its references: one walker call per property name with a binding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from dtlink.facts.binding import Origin, SupplierBinding, Walk
from dtlink.facts.bindings import bindings_for, on_powerpc
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.links.interrupts import interrupt_map, interrupts
from dtlink.links.maps import id_map, nexus_map
from dtlink.links.walk import Column, WalkResult, endpoint, masters, phandle_list
from dtlink.typed import TYPE_CHECKING

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


#: The walks that lead to interrupt controllers.
_TO_CONTROLLERS = (Walk.INTERRUPTS, Walk.INTERRUPT_MAP)


def extract(
    tree: Tree,
    version: KernelVersion = DEFAULT,
    *,
    disabled: bool = False,
    vendor: bool = True,
    common: bool = True,
) -> WalkResult:
    """Walk all supplier properties of the tree, with the bindings of a kernel version.

    Properties of disabled nodes are ignored (nothing uses them) unless ``disabled``. Without
    ``vendor`` the properties of a single vendor are ignored, without ``common`` all others.
    """
    result = WalkResult(tree)
    off = frozenset[int]() if disabled else tree.disabled
    rows, on_power = bindings_for(version), is_powerpc(tree)
    for name, holders in tree.columns.items():
        row = rows[name]
        if row is not None and (vendor if row.origin is Origin.VENDOR else common):
            if on_power and row.walk in _TO_CONTROLLERS:
                row = on_powerpc(row)
            skip = off | tree.holders(row.unless).keys() if row.unless else off
            column: Column = holders.items()
            if not skip.isdisjoint(holders):
                column = [item for item in column if item[0] not in skip]
            first = len(result.references)
            _WALKERS[row.walk](result, row, column)
            if len(result.references) > first:
                result.columns.append((row, result.references[first:]))
    return result


def is_powerpc(tree: Tree) -> bool:
    """Whether a tree is of a PowerPC machine, by the names and models of its CPUs.

    Source: Linux, Documentation/arch/powerpc/booting.rst, /cpus/PowerPC,… .
    """
    columns = [tree.holders(name) for name in ("compatible", "model")]
    for cpu in _cpus(tree):
        values = [tree.value(column[cpu]) for column in columns if cpu in column]
        if any(b"\0PowerPC," in b"\0" + each for each in (tree.layout.names[cpu], *values)):
            return True
    return False


def _cpus(tree: Tree) -> Iterator[int]:
    """The children of the root's first ``cpus``."""
    names, parents = tree.layout.names, tree.parents
    tops = (node for node, name in enumerate(names) if name == b"cpus" and not parents[node])
    top = next(tops, len(names))
    for node in range(top + 1, len(names)):
        if parents[node] == top:
            yield node
        elif parents[node] < top:
            return


class Extraction:
    """The references of one tree as one kernel version reads them; no property is walked twice."""

    def __init__(self, tree: Tree, version: KernelVersion = DEFAULT) -> None:
        self.tree = tree
        self.version = version

    @cached_property
    def common(self) -> WalkResult:
        """The references of enabled nodes in properties that are not specific to one vendor."""
        return extract(self.tree, self.version, vendor=False)

    @cached_property
    def vendor(self) -> WalkResult:
        """The references of enabled nodes in properties of a single vendor."""
        return extract(self.tree, self.version, common=False)

    @cached_property
    def common_of_all(self) -> WalkResult:
        """Like :attr:`common`, including disabled nodes; few boards need it."""
        return extract(self.tree, self.version, vendor=False, disabled=True)
