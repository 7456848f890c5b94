"""The requesters of a devicetree: PCI functions of its hosts, and devices by their nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from dtlink.facts.behaviours import READS_IOMMU_ADDRESSES, SMMU_V3_REFUSES_ALIASES
from dtlink.facts.bindings import IOMMU_NAMES
from dtlink.facts.iommus import Coherence, kind_of
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.errors import InputError
from dtlink.links import hosts as pci_hosts
from dtlink.links.id_ranges import IdRange, within
from dtlink.links.reserved import of_node
from dtlink.links.streams import is_pci
from dtlink.links.translation import EntryRef, SupplierKind, of_tree, supplier_of
from dtlink.typed import TYPE_CHECKING
from dtlink.views.iommu import coherence, isolation
from dtlink.views.iommu.assignment import Asked, Partner, obstacles, worst
from dtlink.views.iommu.rows import (
    InterruptsRow,
    IommuRow,
    RequesterRow,
    entry_row,
    region_rows,
)
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.firmware.tree import Node, Tree
    from dtlink.links.acpi.place import Place
    from dtlink.links.hosts import Host
    from dtlink.links.reference import Link
    from dtlink.links.reserved import Region
    from dtlink.links.translation import IdTranslation, Supplier, Translation
    from dtlink.views.iommu.assignment import Served
    from dtlink.views.iommu.known import Known, StreamId

_ID_KIND = "stream ID"
#: A property of an ITS whose MSIs are not isolated (its_enable_quirk_socionext_synquacer()).
_PRE_ITS = "socionext,synquacer-pre-its"
_NO_MSI_CONTROLLER = "it has no MSI controller (msi-map, msi-parent)"
_ONE_ID = "other functions of the host have the same ID (iommu-map-mask)"
_DISABLED = "the IOMMU is disabled"


def hosts(tree: Tree) -> list[Host]:
    """The PCI hosts; without an MCFG a segment is a property, or the place among the hosts."""
    return pci_hosts.of_tree(tree, Machine({}))


class TreeRequesters:
    """The requesters of one devicetree; what several have in common is found once."""

    def __init__(self, board: TreeBoard) -> None:
        self.board = board
        self.tree = board.tree
        self.has_ivrs = False
        self._ways: dict[int, Translation] = {}
        self._nodes: dict[int, dict[int, int]] = {}

    @cached_property
    def hosts(self) -> list[Host]:
        """The PCI hosts."""
        return hosts(self.tree)

    @property
    def devices(self) -> Sequence[Node]:
        """The enabled nodes that have an IOMMU of their own, in blob order."""
        nodes = (node for node in self.tree.holders("iommus") if node not in self.tree.disabled)
        return [self.tree[node] for node in nodes]

    def of_function(self, known: Known) -> RequesterRow:
        """The answer for a PCI function.

        Raises :class:`InputError` if no host has its bus, unless it is in a list of functions.
        """
        place = known.place
        host = self._host(place)
        if host is None:
            return self._homeless(known)
        ways = self._of_host(host)
        pieces = [
            (ident, piece.value)
            for ident in known.ids
            for piece in within(ways.iommu, IdRange(ident, ident))
        ]
        device = self._node_of(host, place.requester)
        asked = Asked(
            self.board.version,
            [self._served(way.supplier.path, device) for _, way in pieces],
            self._interrupts(ways, known.interrupt_id),
            list(self._regions(device)),
            is_bridge=known.is_bridge,
            chip=known.chip,
            partners=self._partners(known, host),
            aliased=known.aliased,
        )
        iommus = [_iommu(way, ident) for ident, way in pieces]
        iommus = iommus or [_none(_why_none(self.tree, host.node))]
        row = _row(known.name, host.path, iommus, asked)
        return replace(row, id=place.requester, dma_ids=known.dma_ids, group=known.group)

    def has_iommu(self, known: Known) -> bool:
        """Whether an IOMMU translates the DMA of a function."""
        host = self._host(known.place)
        ways = self._of_host(host).iommu if host else ()
        return any(list(within(ways, IdRange(each, each))) for each in known.ids)

    def own_ids(self, known: Known) -> frozenset[StreamId]:
        """The IDs of a function that the driver of the IOMMU lets no other device have."""
        refuses = SMMU_V3_REFUSES_ALIASES.on(self.board.version)
        return self._ids_at(known, SupplierKind.SMMU_V3) if refuses else frozenset()

    def group_ids(self, known: Known) -> frozenset[StreamId]:
        """The IDs of a function that put it in one group with whatever has them."""
        return self._ids_at(known, SupplierKind.SMMU)

    def _ids_at(self, known: Known, kind: SupplierKind) -> frozenset[StreamId]:
        host = self._host(known.place)
        ways = self._of_host(host).iommu if host else ()
        return frozenset(
            (piece.value.supplier.path, piece.value.ids.at(each))
            for each in known.ids
            for piece in within(ways, IdRange(each, each))
            if piece.value.supplier.kind is kind
        )

    def _partners(self, known: Known, host: Host) -> list[Partner] | None:
        """The others of its group, whose regions count as well; ``None``: not known."""
        if known.group is None:
            return None
        nodes = (self._node_of(host, each.place.requester) for each in known.partners)
        return [
            Partner(each.name, bool(each.is_bridge), list(self._regions(node)))
            for each, node in zip(known.partners, nodes, strict=True)
        ]

    def of_node(self, node: Node) -> RequesterRow:
        """The answer for a device by its node.

        Raises :class:`InputError` for one that maps the IDs of a bus.
        """
        links = [
            each
            for each in self.board.graph_for(node).suppliers.get(node.index, ())
            if each.binding.name in IOMMU_NAMES and each.reference.node == node.index
        ]
        if links and links[0].binding.name == "iommu-map":
            raise InputError(f"{node.path} maps the IDs of a bus: name a function of it")
        asked = Asked(
            self.board.version,
            [
                self._served(each.supplier.path, node.index)
                for each in links
                if each.supplier.enabled
            ],
            self._of_node(node),
            list(self._regions(node.index)),
            is_pci=False,
            is_iommu=node.index in self.tree.holders("#iommu-cells"),
        )
        iommus = [_linked(each) for each in links] or [_none("it has no iommus property")]
        return _row(node.path, node.path, iommus, asked)

    def _node_of(self, host: Host, requester: int) -> int | None:
        """The node of a function, if the tree has one below the host."""
        if host.node not in self._nodes:
            self._nodes[host.node] = _function_nodes(self.tree, host.node)
        return self._nodes[host.node].get(requester)

    def _host(self, place: Place) -> Host | None:
        for each in self.hosts:
            if each.segment == place.segment and each.ids.first <= place.requester <= each.ids.last:
                return each
        return None

    def _homeless(self, known: Known) -> RequesterRow:
        """The answer for a function whose bus no host has."""
        if not known.listed:
            there = (
                f"{each.segment:04x}:{each.ids.first >> 8:02x}-{each.ids.last >> 8:02x} "
                f"({each.path})"
                for each in self.hosts
            )
            hosts = f"no PCI host has {known.name}; there are: {listed(there)}"
            raise InputError(hosts if self.hosts else f"{known.name}: there is no PCI host")
        asked = Asked(
            self.board.version,
            (),
            isolation.no_controller(_NO_MSI_CONTROLLER),
            (),
            is_bridge=known.is_bridge,
        )
        row = _row(known.name, None, [_none("no PCI host of the devicetree has its bus")], asked)
        return replace(row, id=known.place.requester, dma_ids=known.dma_ids, group=known.group)

    def _of_host(self, host: Host) -> Translation:
        if host.node not in self._ways:
            known = pci_hosts.segments(self.hosts)
            self._ways[host.node] = of_tree(self.tree, host.node, known)
        return self._ways[host.node]

    def _served(self, iommu: str, device: int | None) -> Served:
        return coherence.of_node(self.tree, self.tree.by_path[iommu].index, device)

    def _regions(self, node: int | None) -> Iterator[Region]:
        if node is not None and READS_IOMMU_ADDRESSES.on(self.board.version):
            yield from of_node(self.tree, node)

    def _interrupts(self, ways: Translation, requester: int) -> InterruptsRow:
        for piece in within(ways.msi, IdRange(requester, requester)):
            return self._at(piece.value.supplier, piece.value.ids.at(requester))
        return isolation.no_controller(_NO_MSI_CONTROLLER)

    def _of_node(self, node: Node) -> InterruptsRow:
        """The MSI controller of a device (of_msi_get_domain()): its first ``msi-parent``."""
        for each in self.board.graph_for(node).suppliers.get(node.index, ()):
            if each.property_name == "msi-parent" and each.supplier.enabled:
                found = supplier_of(self.tree, each.supplier.index, "msi-parent", {})
                return self._at(found, each.args[0] if each.args else 0)
        return isolation.no_controller(_NO_MSI_CONTROLLER)

    def _at(self, found: Supplier, ident: int) -> InterruptsRow:
        row = isolation.at_controller(found, ident)
        node = self.tree.by_path[found.path]
        if row.isolated and node.index in self.tree.holders(_PRE_ITS):
            return replace(row, isolated=False, reason=f"the ITS has {_PRE_ITS}")
        return row


def _row(
    requester: str, node: str | None, iommus: Sequence[IommuRow], asked: Asked
) -> RequesterRow:
    found = obstacles(asked)
    return RequesterRow(
        requester=requester,
        id=None,
        dma_ids=(),
        node=node,
        iommus=tuple(iommus),
        interrupts=asked.interrupts,
        reserved=region_rows(asked.regions),
        group=None,
        assignment=worst(found),
        obstacles=found,
    )


def _why_none(tree: Tree, host: int) -> str:
    if host not in tree.holders("iommu-map"):
        return "the host has no iommu-map"
    return "no enabled entry of iommu-map has the ID"


def _none(end: str) -> IommuRow:
    return IommuRow(found=None, id=None, id_kind=_ID_KIND, entry=None, end=end, note=None)


def _iommu(way: IdTranslation, ident: int) -> IommuRow:
    virtio = way.supplier.kind is SupplierKind.VIRTIO
    return IommuRow(
        found=way.supplier.path,
        id=way.ids.at(ident),
        id_kind="endpoint ID" if virtio else _ID_KIND,
        entry=entry_row(way.entry),
        end=None,
        note=None if way.ids.step else _ONE_ID,
    )


def _linked(link: Link) -> IommuRow:
    """An entry of ``iommus``; an IOMMU that is disabled translates nothing (of_iommu_xlate())."""
    entry = EntryRef(link.node.path, link.property_name, link.index)
    enabled = link.supplier.enabled
    return IommuRow(
        found=link.supplier.path if enabled else None,
        id=link.args[0] if link.args else None,
        id_kind=_ID_KIND,
        entry=entry_row(entry),
        end=None if enabled else f"{_DISABLED}: {link.supplier.path}",
        note=_mask(link),
    )


def _mask(link: Link) -> str | None:
    """The second cell of an SMMUv1 or v2: the bits of the ID that it ignores."""
    kind = kind_of(link.supplier.compatible)
    has_mask = kind is not None and kind.coherence is Coherence.IOMMU_OR_DEVICE
    mask = link.args[1] if has_mask and len(link.args) > 1 else 0
    return f"and all IDs that differ in the bits of {mask:#x} only" if mask else None


def _function_nodes(tree: Tree, host: int) -> dict[int, int]:
    """The nodes of functions below a host, by requester ID; of several the first."""
    found: dict[int, int] = {}
    for node, at in tree.holders("reg").items():
        above = tree.parents[node]
        if tree.size(at) < 4 or above < 0 or not is_pci(tree, above):
            continue
        while above >= 0 and above != host:
            above = tree.parents[above]
        if above == host:
            found.setdefault(tree.words[at + 3] >> 8 & 0xFFFF, node)
    return found
