"""What keeps Linux from giving a device to a guest (VFIO, iommufd), as rows with their sources.

What is not here does not follow from firmware: a driver that is bound, options of the kernel, and
what the IOMMU itself says of its capabilities.
"""

from __future__ import annotations

from dtlink.enums import Enum
from dtlink.records import NamedTuple


class Outcome(Enum):
    """What an obstacle comes to."""

    REFUSED = "refused"
    MAY_BE_REFUSED = "may be refused"
    """It depends on what the input does not say."""
    OPTION = "needs an option"
    TOGETHER = "with its group"
    """Only with all other devices of its IOMMU group."""
    UNKNOWN = "not known"


class Obstacle(NamedTuple):
    """One row: why a device cannot be assigned, or not alone, or not for certain."""

    name: str
    outcome: Outcome
    meaning: str
    log: str
    """What the kernel prints; empty if nothing."""
    source: str
    """The kernel's file and function."""


_VFIO = "drivers/vfio/vfio_main.c"
_TYPE1 = "drivers/vfio/vfio_iommu_type1.c, vfio_iommu_type1_attach_group()"

NO_IOMMU = Obstacle(
    "no-iommu",
    Outcome.REFUSED,
    "no IOMMU translates its DMA, so it has no IOMMU group (vfio.enable_unsafe_noiommu_mode gives "
    "it to user space, not to a guest)",
    "",
    f"{_VFIO}, vfio_group_find_or_alloc()",
)
ALIASED = Obstacle(
    "shared-stream-id",
    Outcome.REFUSED,
    "an SMMUv3 does not take a device with the stream ID of another, so it has no IOMMU group",
    "Aliasing StreamID",
    "drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_insert_master()",
)
IS_IOMMU = Obstacle(
    "is-iommu",
    Outcome.REFUSED,
    "it is an IOMMU",
    "",
    "drivers/iommu/amd/init.c, set_dev_entry_from_acpi(); drivers/acpi/viot.c, "
    "viot_dev_iommu_init()",
)
IS_BRIDGE = Obstacle(
    "is-bridge",
    Outcome.REFUSED,
    "it is a bridge: vfio-pci takes functions with a type 0 header only",
    "",
    "drivers/vfio/pci/vfio_pci_core.c, vfio_pci_core_register_device()",
)
DIRECT_REGION = Obstacle(
    "direct-region",
    Outcome.REFUSED,
    "firmware wants memory mapped 1:1 for it",
    "Firmware has requested this device have a 1:1 IOMMU mapping, rejecting configuring the device "
    "without a 1:1 mapping. Contact your platform vendor.",
    "drivers/iommu/iommu.c, __iommu_device_set_domain()",
)
LOCKED_RMRR = Obstacle(
    "direct-region",
    Outcome.REFUSED,
    "firmware wants memory mapped 1:1 for it",
    "Device is ineligible for IOMMU domain attach due to platform RMRR requirement.  Contact your "
    "platform vendor.",
    "drivers/iommu/intel/iommu.c, device_is_rmrr_locked(), intel_iommu_attach_device()",
)
NOT_COHERENT = Obstacle(
    "not-coherent",
    Outcome.REFUSED,
    "VFIO takes devices with coherent DMA only, and firmware does not say that of its IOMMU "
    "(dma-coherent of the node; in an IORT the coherent walk or COHACC override flag of the SMMU)",
    "",
    f"{_VFIO}, __vfio_register_dev(), IOMMU_CAP_CACHE_COHERENCY",
)
NEVER_COHERENT = NOT_COHERENT._replace(
    meaning="the driver of its IOMMU never says that DMA is coherent, and VFIO takes devices with "
    "coherent DMA only"
)
COHERENCE_UNKNOWN = NOT_COHERENT._replace(
    outcome=Outcome.MAY_BE_REFUSED,
    meaning="VFIO takes devices with coherent DMA only, and whether this one's is coherent "
    "depends on _CCA in the namespace",
)
NOT_ISOLATED = Obstacle(
    "msi-not-isolated",
    Outcome.OPTION,
    "nothing keeps it from raising interrupts of other devices: needs allow_unsafe_interrupts=1 "
    "(of vfio_iommu_type1, or of iommufd)",
    "vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module param "
    '"allow_unsafe_interrupts" to enable VFIO IOMMU support on this platform',
    f"{_TYPE1}; kernel/irq/msi.c, msi_device_has_isolated_msi()",
)
PLATFORM = Obstacle(
    "platform-device",
    Outcome.OPTION,
    "it is a platform device: needs vfio-platform, and a reset driver for it there (or "
    "vfio_platform.reset_required=0)",
    "",
    "drivers/vfio/platform/vfio_platform_common.c, vfio_platform_init_common()",
)
DENYLIST = Obstacle(
    "denylist",
    Outcome.OPTION,
    "it is on the denylist of vfio-pci: needs vfio_pci.disable_denylist=1",
    "exists in vfio-pci device denylist, driver probing disallowed.",
    "drivers/vfio/pci/vfio_pci.c, vfio_pci_is_denylisted()",
)
SHARED_GROUP = Obstacle(
    "shared-group",
    Outcome.TOGETHER,
    "all devices of its IOMMU group must be given to one guest, or have no driver",
    "",
    "drivers/iommu/iommu.c, iommu_group_claim_dma_owner()",
)
GROUP_UNKNOWN = Obstacle(
    "group-unknown",
    Outcome.UNKNOWN,
    "which functions share its IOMMU group depends on bridges and ACS (--lspci)",
    "",
    "drivers/iommu/iommu.c, pci_device_group()",
)
IOMMU_UNKNOWN = Obstacle(
    "iommu-unknown",
    Outcome.UNKNOWN,
    "the driver of its IOMMU is not known here",
    "",
    f"{_VFIO}, __vfio_register_dev(), IOMMU_CAP_CACHE_COHERENCY",
)

#: Vendor and device ID of what the denylist has: Intel's QAT, DSA and IAX (the last two since 6.9,
#: and in stable releases). Source: vfio_pci_dev_in_denylist(); include/linux/pci_ids.h.
DENIED = frozenset(
    (0x8086, each) for each in (0x19E2, 0x19E3, 0x37C8, 0x37C9, 0x0435, 0x0443, 0x0B25, 0x0CFE)
)

#: Every row.
OBSTACLES: tuple[Obstacle, ...] = tuple(
    row for row in tuple(globals().values()) if isinstance(row, Obstacle)
)
