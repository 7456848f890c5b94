"""The driver that serves each kind of supplier of ACPI tables, and what happens without it.

A consumer asks for its IOMMU when its DMA is configured. If the IOMMU's driver is part of the
kernel but has not bound, the consumer's probe is deferred: without a limit of time, or until
``deferred_probe_timeout`` expires (``waits_end`` of a row says since when). If the driver is not
part of the kernel, the consumer goes on without an IOMMU.

Sources, Linux 6.12 and 7.2: drivers/acpi/arm64/iort.c, iort_iommu_xlate(), iort_dev_smmu_v3,
iort_dev_smmu, iort_dev_smmu_v3_pmcg; drivers/acpi/viot.c, viot_dev_iommu_init();
drivers/acpi/riscv/rimt.c, rimt_iommu_xlate(); drivers/acpi/scan.c, acpi_iommu_fwspec_init();
drivers/iommu/iommu.c, iommu_fwspec_init().
"""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.enums import Enum
from dtlink.facts.behaviours import ACPI_WAIT_ENDS, RIMT_WAIT_ENDS, Behaviour
from dtlink.records import NamedTuple


class Without(Enum):
    """What a consumer does whose supplier's driver does not bind."""

    DEFERS = "its probe is deferred until the driver binds, or the wait ends"
    UNTRANSLATED = "it runs without translation, and no message says so"
    UNAFFECTED = "nothing: no device waits for it"
    CANNOT = "this cannot be: the driver is built in or absent"


class AcpiSupplier(NamedTuple):
    """One row: suppliers of a kind, and the driver that serves them."""

    word: str
    """What the nodes are called in their table."""
    config: str
    """The kernel's option for the driver, without ``CONFIG_``."""
    module: str
    """The module's name; empty for a driver that is always built in."""
    alias: str
    """The module alias of the device that the kernel makes of a node."""
    module_absent: Without
    """The option is ``m``, and the module is not loaded."""
    option_off: Without
    """The option is not set."""
    also: tuple[str, ...] = ()
    """Options, besides, whose modules must be there for the device to come."""
    waits_end: Behaviour[bool] = ACPI_WAIT_ENDS
    """From which kernel on a wait for it ends with ``deferred_probe_timeout``."""


#: The rows, by the table's node.
SUPPLIERS: Mapping[str, AcpiSupplier] = {
    row.word: row
    for row in (
        AcpiSupplier(
            word="smmu",
            config="ARM_SMMU",
            module="arm_smmu",
            alias="platform:arm-smmu",
            module_absent=Without.DEFERS,
            option_off=Without.UNTRANSLATED,
        ),
        AcpiSupplier(
            word="smmu-v3",
            config="ARM_SMMU_V3",
            module="arm_smmu_v3",
            alias="platform:arm-smmu-v3",
            module_absent=Without.DEFERS,
            option_off=Without.UNTRANSLATED,
        ),
        AcpiSupplier(
            word="pmcg",
            config="ARM_SMMU_V3_PMU",
            module="arm_smmuv3_pmu",
            alias="platform:arm-smmu-v3-pmcg",
            module_absent=Without.UNAFFECTED,
            option_off=Without.UNAFFECTED,
        ),
        AcpiSupplier(
            word="virtio-iommu-pci",
            config="VIRTIO_IOMMU",
            module="virtio_iommu",
            alias="virtio:d00000017v*",
            module_absent=Without.DEFERS,
            option_off=Without.UNTRANSLATED,
            also=("VIRTIO_PCI",),
        ),
        AcpiSupplier(
            word="virtio-iommu-mmio",
            config="VIRTIO_IOMMU",
            module="virtio_iommu",
            alias="virtio:d00000017v*",
            module_absent=Without.DEFERS,
            option_off=Without.UNTRANSLATED,
            also=("VIRTIO_MMIO",),
        ),
        AcpiSupplier(
            word="iommu",
            config="RISCV_IOMMU",
            module="",
            alias="",
            module_absent=Without.CANNOT,
            # arch/riscv/Kconfig: the table is read whether or not there is a driver.
            option_off=Without.DEFERS,
            waits_end=RIMT_WAIT_ENDS,
        ),
        AcpiSupplier(
            word="its-group",
            config="ARM_GIC_V3_ITS",
            module="",
            alias="",
            module_absent=Without.CANNOT,
            option_off=Without.UNAFFECTED,
        ),
        AcpiSupplier(
            word="drhd",
            config="INTEL_IOMMU",
            module="",
            alias="",
            module_absent=Without.CANNOT,
            option_off=Without.UNTRANSLATED,
        ),
        AcpiSupplier(
            word="ivhd",
            config="AMD_IOMMU",
            module="",
            alias="",
            module_absent=Without.CANNOT,
            option_off=Without.UNTRANSLATED,
        ),
    )
}


def outcome(word: str, config: str) -> Without | None:
    """What a consumer does if the driver does not bind, by the option's value: ``y``, ``m``, ``n``.

    A driver that is built in and does not bind leaves its consumers as a module that is absent
    does. ``None`` for a supplier without a row. Raises :class:`ValueError` for another value.
    """
    if config not in ("y", "m", "n"):
        raise ValueError(f"an option is y, m or n, not {config}")
    row = SUPPLIERS.get(word)
    if row is None:
        return None
    return row.option_off if config == "n" else row.module_absent
