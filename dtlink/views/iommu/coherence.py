"""What the driver of an IOMMU says of coherence (IOMMU_CAP_CACHE_COHERENCY).

Sources: Linux 7.2, intel_iommu_capable(), amd_iommu_capable(), viommu_capable(), and
arm_smmu_capable() of both SMMU drivers, with acpi_smmu_device_probe() and
arm_smmu_device_acpi_probe(); drivers/of/address.c, of_dma_is_coherent().
"""

from __future__ import annotations

from dtlink.facts.iommus import Coherence, kind_of
from dtlink.firmware.acpi.dmar import Drhd
from dtlink.firmware.acpi.iort import NamedComponent, Smmu, SmmuV3
from dtlink.firmware.acpi.ivrs import Ivhd
from dtlink.firmware.acpi.rimt import Iommu
from dtlink.firmware.acpi.viot import VirtioIommuMmio, VirtioIommuPci
from dtlink.typed import TYPE_CHECKING
from dtlink.views.iommu.assignment import Served

if TYPE_CHECKING:
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.tree import Tree

#: Flags of an SMMU: its table walks are coherent, which stands for all its DMA.
_COHERENT_WALK, _COHACC_OVERRIDE = 1 << 1, 1 << 0


def of_struct(node: Struct | None, device: Struct | None) -> Served:
    """An IOMMU of ACPI tables, for a device that they name (``None``: a PCI function)."""
    if isinstance(node, Drhd | Ivhd | VirtioIommuPci | VirtioIommuMmio):
        return Served(Coherence.ALWAYS, is_vtd=isinstance(node, Drhd))
    if isinstance(node, SmmuV3):
        return Served(Coherence.IOMMU, bool(node.node_flags & _COHACC_OVERRIDE))
    if isinstance(node, Smmu):
        # Whether the device is coherent is in its _CCA; the IORT repeats it for a component.
        is_not = isinstance(device, NamedComponent) and not device.coherent
        walks = bool(node.node_flags & _COHERENT_WALK)
        return Served(Coherence.IOMMU_OR_DEVICE, True if walks else False if is_not else None)
    return Served(Coherence.NEVER if isinstance(node, Iommu) else None)


def of_node(tree: Tree, iommu: int, device: int | None) -> Served:
    """An IOMMU of a devicetree, for a device that has a node."""
    kind = kind_of(tree[iommu].compatible)
    if kind is None:
        return Served(None)
    coherent = is_coherent(tree, iommu)
    if kind.coherence is Coherence.IOMMU_OR_DEVICE and device is not None:
        coherent = coherent or is_coherent(tree, device)
    return Served(kind.coherence, coherent)


def is_coherent(tree: Tree, node: int) -> bool:
    """Whether DMA of a node is coherent on Arm, where the default is that it is not."""
    while node >= 0:
        if node in tree.holders("dma-coherent"):
            return True
        if node in tree.holders("dma-noncoherent"):
            return False
        node = tree.parents[node]
    return False
