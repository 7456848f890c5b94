"""From supplier properties to fwnode links (Linux, drivers/of/property.c)."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.enums import Enum
from dtlink.facts.binding import SupplierBinding, Walk
from dtlink.facts.bindings import bindings_for
from dtlink.links.maps import links_of_map
from dtlink.links.reference import Flaw
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.state import CoreState
    from dtlink.facts.profile import KernelProfile
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference


class Drop(Enum):
    """Why a reference makes no link."""

    UNAVAILABLE = "unavailable"
    """The supplier, or a node above it, is not available."""
    NO_DEVICE = "no device"
    """Kernels before 6.1: no available node at or above the supplier has ``compatible``, or the
    first that has is the consumer's own or below it, or never is a device."""


class Parser:
    """Reads each node's supplier properties once, when a device is added at or above it."""

    def __init__(self, state: CoreState) -> None:
        self._state = state
        self._links_nodes = state.profile.links_nodes
        self.parsed: dict[int, None] = {}
        """The nodes read, in that order (FWNODE_FLAG_LINKS_ADDED)."""
        self.dropped: list[tuple[Reference, Drop, int]] = []
        """References that made no link, each with the reason and the node that is the reason."""

    def parse(self, node: int) -> None:
        """Read a node and every available one below it (fw_devlink_parse_fwtree())."""
        parsed, references = self.parsed, self._state.references
        off, children = self._state.availability.unavailable, self._state.tree.children
        stack = [node]
        while stack:
            node = stack.pop()
            if node in parsed:
                continue  # and so is all below it
            parsed[node] = None
            for reference in references.get(node, ()):
                self._link(reference)
            if below := children[node]:
                stack += [child for child in below[::-1] if child not in off]

    def _link(self, reference: Reference) -> None:
        """Link two nodes unless the supplier is out of use (of_link_to_phandle())."""
        supplier = reference.supplier
        if not self._links_nodes:
            supplier = self._state.device_node(supplier)
            if not self._has_device(reference.consumer, supplier):
                if supplier not in self._state.gone:
                    self.dropped.append((reference, Drop.NO_DEVICE, reference.supplier))
                return
        disabled = self._state.availability.disabled
        gone = self._unavailable(supplier) if supplier in disabled else -1
        if gone >= 0:
            self.dropped.append((reference, Drop.UNAVAILABLE, gone))
            return
        link = self._state.link(reference.consumer, supplier)
        if not reference.binding.orders_probe:
            link.ignore = True
            self._state.touched.append(reference.consumer)
        link.references.append(reference)

    def _has_device(self, consumer: int, supplier: int) -> bool:
        """Whether a kernel that links devices only links a node, by what it knows of it."""
        state = self._state
        if supplier < 0 or state.is_at_or_above(consumer, supplier):
            return False
        absent = supplier in state.gone or supplier in state.not_device
        return supplier in state.device or not absent

    def _unavailable(self, node: int) -> int:
        """The first node not available, from a node up to the first that has a device; or -1."""
        state = self._state
        while node >= 0 and node not in state.device:
            if node in state.availability.unavailable:
                return node
            node = state.tree.parents[node]
        return -1


def followed(
    tree: Tree, references: Iterable[Reference], profile: KernelProfile
) -> dict[int, list[Reference]]:
    """The references that a kernel follows, by the node it reads, in the order it reads them."""
    rows: dict[int, bool] = {}  # rows by identity: to hash one costs more than to read one
    table: dict[int, list[Reference]] = {}
    for reference in references:
        row = reference.binding
        if id(row) not in rows:
            rows[id(row)] = row.walk is not Walk.ID_MAP and _follows(row, profile)
        if rows[id(row)] and (not reference.flaw or _reaches(reference, profile)):
            table.setdefault(reference.node, []).append(reference)
    of_map = bindings_for(profile.version)["iommu-map"]
    if of_map is not None and _follows(of_map, profile):
        for node, at in tree.holders("iommu-map").items():
            table.setdefault(node, []).extend(links_of_map(tree, of_map, node, at))
    for found in table.values():
        if len(found) > 1:
            found.sort(key=lambda reference: (reference.at, reference.entry))
    return table


def _follows(row: SupplierBinding, profile: KernelProfile) -> bool:
    """Whether a kernel looks at a property at all."""
    optional = row.optional is not None and profile.version in row.optional
    return row.in_kernel(profile.version) and (profile.follows_optional or not optional)


def _reaches(reference: Reference, profile: KernelProfile) -> bool:
    """Whether a kernel gets as far in the property as a reference whose way is flawed."""
    return (
        reference.flaw is Flaw.ASSUMED_CELLS
        and profile.assumes_cells
        and not reference.binding.strict_cells
    )
