"""The IOMMU and MSI controller of each requester of a PCI host, and the requester's IDs there.

In a devicetree they come from ``iommu-map``, ``msi-map`` and ``msi-parent`` of the host's node; for
tables see :mod:`dtlink.links.acpi.translation`. Both result in maps that can be compared.
Sources: Linux 6.12, drivers/of/base.c, of_map_id(); drivers/iommu/of_iommu.c; drivers/pci/of.c,
pci_host_bridge_of_msi_domain(); drivers/of/irq.c, of_msi_map_get_device_domain().
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dtlink.enums import Enum
from dtlink.facts.iommus import kind_of
from dtlink.links.address import first_region
from dtlink.links.id_ranges import (
    REQUESTER_IDS,
    IdRange,
    Ids,
    MappedRange,
    filled,
    first_match,
    within,
)
from dtlink.links.maps import read_id_map
from dtlink.links.streams import is_pci
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree
    from dtlink.links.maps import IdMap


class SupplierKind(Enum):
    """The kinds of IOMMU and MSI controller that differ in their effect."""

    SMMU_V3 = "SMMUv3"
    SMMU = "SMMU"
    VIRTIO = "virtio-iommu"
    IOMMU = "IOMMU"
    ITS = "ITS"
    FRAME = "GICv2m frame"
    MSI = "MSI controller"


#: MSI controllers by ``compatible``; of others no more is known.
_MSI_KINDS = {
    "arm,gic-v3-its": SupplierKind.ITS,
    "arm,gic-v2m-frame": SupplierKind.FRAME,
}

Key = tuple[str, int] | tuple[str, int, int] | tuple[str, str]


class Supplier(NamedTuple):
    """An IOMMU or an MSI controller. ``key`` identifies it independently of the description:

    ``("mmio", base address)`` or ``("pci", segment, requester ID)``, else ``("node", path)``.
    """

    key: Key
    kind: SupplierKind
    path: str
    """Its path in the devicetree or in the tables."""


class EntryRef(NamedTuple):
    """The source of a mapping: an entry of a property or of a table's array."""

    path: str
    name: str
    number: int | None = None

    def __str__(self) -> str:
        return self.name if self.number is None else f"{self.name}[{self.number}]"


class IdTranslation(NamedTuple):
    """The supplier of requester IDs, and the IDs that they have there."""

    supplier: Supplier
    ids: Ids
    entry: EntryRef


IdTranslations = Sequence[MappedRange[IdTranslation]]


class Translation(NamedTuple):
    """The mappings of the requesters of one PCI segment; IDs in no range are not mapped."""

    iommu: IdTranslations
    msi: IdTranslations


def one(ways: IdTranslations, ident: int) -> tuple[Supplier, int] | None:
    """Return the supplier of a requester and the ID there; ``None`` if it is not mapped."""
    for piece in within(ways, IdRange(ident, ident)):
        return piece.value.supplier, piece.value.ids.at(ident)
    return None


def else_from(ways: IdTranslations, others: IdTranslations) -> list[MappedRange[IdTranslation]]:
    """Ways, and others for those that have none."""
    found: list[MappedRange[IdTranslation]] = []
    for piece in filled(ways, REQUESTER_IDS):
        if piece.value is None:
            found += within(others, piece.span)
        else:
            found.append(MappedRange(piece.span, piece.value))
    return found


def given(
    entries: Sequence[tuple[IdRange, IdTranslation | None]],
) -> list[MappedRange[IdTranslation]]:
    """Return entries as a map; the first entry with an ID is used, even if it maps to nothing."""
    return [
        MappedRange(piece.span, piece.value)
        for piece in first_match(entries)
        if piece.value is not None
    ]


def of_tree(tree: Tree, host: int, segments: Mapping[int, int]) -> Translation:
    """Return the mappings of the requesters of a PCI host's node.

    ``segments`` are the segments of all hosts by node number: an IOMMU may be a PCI function.
    """
    return Translation(
        _mapped(tree, host, "iommu-map", "#iommu-cells", segments),
        else_from(
            _mapped(tree, host, "msi-map", "#msi-cells", segments),
            list(_msi_parent(tree, host, segments)),
        ),
    )


def _mapped(
    tree: Tree, host: int, name: str, cells: str, segments: Mapping[int, int]
) -> list[MappedRange[IdTranslation]]:
    """The mappings of an ID map. Linux rejects a map with an incomplete entry."""
    if host not in tree.holders(name):
        return []
    table = read_id_map(tree, host, name, cells)
    if table.leftover:
        return []
    pieces = given(list(_rows(tree, host, name, table, segments)))
    return list(_unmasked(pieces, table.mask & REQUESTER_IDS.last))


def _rows(
    tree: Tree, host: int, name: str, table: IdMap, segments: Mapping[int, int]
) -> Iterator[tuple[IdRange, IdTranslation | None]]:
    """The entries of a map, up to one that conflicts with the mask, where Linux stops.

    An entry whose target is missing or disabled maps its IDs to nothing.
    """
    for row in table.entries:
        if row.input_base & ~table.mask:
            return
        span = IdRange(row.input_base, (row.input_base + row.length & 0xFFFFFFFF) - 1)
        way = None
        if row.target >= 0 and row.target not in tree.disabled:
            output = row.output[0] if row.output else 0
            way = IdTranslation(
                supplier_of(tree, row.target, name, segments),
                Ids.line(row.input_base, output),
                EntryRef(tree.path(host), name, row.entry),
            )
        if span:
            yield span, way


def _unmasked(pieces: IdTranslations, mask: int) -> Iterator[MappedRange[IdTranslation]]:
    """Convert a map of masked IDs to a map of unmasked IDs.

    The mask reduces each block of IDs to one ID if its lowest bit is 0, else it keeps the block.
    """
    if mask == REQUESTER_IDS.last:
        yield from within(pieces, REQUESTER_IDS)
        return
    step = mask & 1
    block = ~mask & mask + 1 if step else mask & -mask or REQUESTER_IDS.size
    of_block: dict[int, IdTranslations] = {}  # blocks outnumber what the mask leaves of them
    for start in range(0, REQUESTER_IDS.size, block):
        masked = start & mask
        if masked not in of_block:
            reduced = IdRange(masked, masked + (block - 1) * step)
            of_block[masked] = list(within(pieces, reduced))
        for piece in of_block[masked]:
            first = start + piece.span.first - masked
            output = piece.value.ids.at(piece.span.first)
            ids = Ids.line(first, output) if step else Ids(output, 0)
            last = start + (piece.span.last - masked if step else block - 1)
            supplier, _, entry = piece.value
            yield MappedRange(IdRange(first, last), IdTranslation(supplier, ids, entry))


def _msi_parent(
    tree: Tree, host: int, segments: Mapping[int, int]
) -> Iterator[MappedRange[IdTranslation]]:
    """The mapping of all IDs by ``msi-parent``: to its first enabled controller; without the
    property to the host itself, if it is an MSI controller.
    """
    at = tree.holders("msi-parent").get(host)
    cells: Sequence[int] = () if at is None else tree.cells_at(at)
    place = entry = 0
    while place < len(cells):
        target = tree.phandles.get(cells[place], -1)
        if target < 0:
            return
        if target not in tree.disabled:
            found = supplier_of(tree, target, "msi-parent", segments)
            said = EntryRef(tree.path(host), "msi-parent", entry)
            yield MappedRange(REQUESTER_IDS, IdTranslation(found, Ids(0), said))
            return
        place += 1 + (tree.cell("#msi-cells", target) or 0)
        entry += 1
    if at is None and host in tree.holders("msi-controller"):
        found = supplier_of(tree, host, "msi-controller", segments)
        yield MappedRange(
            REQUESTER_IDS, IdTranslation(found, Ids(0), EntryRef(tree.path(host), "msi-controller"))
        )


def supplier_of(tree: Tree, node: int, name: str, segments: Mapping[int, int]) -> Supplier:
    """A node as the supplier that a property names."""
    return Supplier(_key(tree, node, segments), _kind(tree, node, name), tree.path(node))


def _kind(tree: Tree, node: int, name: str) -> SupplierKind:
    compatible = tree[node].compatible
    iommu = kind_of(compatible)
    if iommu is not None and iommu.kind != SupplierKind.IOMMU.value:
        return SupplierKind(iommu.kind)
    unknown = SupplierKind.IOMMU if name.startswith("iommu") else SupplierKind.MSI
    return next((_MSI_KINDS[word] for word in compatible if word in _MSI_KINDS), unknown)


def _key(tree: Tree, node: int, segments: Mapping[int, int]) -> Key:
    """The key: of a PCI function its requester ID, else its address, else its path."""
    above = tree.parents[node]
    host = above
    while host >= 0 and host not in segments:
        host = tree.parents[host]
    if host >= 0 and is_pci(tree, above):
        address = tree.cell("reg", node)
        if address is not None:
            return "pci", segments[host], address >> 8 & 0xFFFF
    region = first_region(tree, node)
    return ("node", tree.path(node)) if region is None else ("mmio", region.start)
