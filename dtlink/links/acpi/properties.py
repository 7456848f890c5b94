"""What tables say of a machine beside links: flags and numbers that change what a kernel does."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.facts.behaviours import DMAR_OPTS_OUT
from dtlink.firmware.acpi.dmar import Atsr, Dmar, Satc
from dtlink.firmware.acpi.iort import NamedComponent, Pmcg, Rmr, RootComplex, Smmu, SmmuV3
from dtlink.firmware.acpi.ivrs import Ivhd, Ivhd11, Ivmd, Ivrs
from dtlink.firmware.acpi.rimt import Iommu, RimtRootComplex
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.acpi.machine import Machine


class PropertyKind(NamedTuple):
    """One row: a field, or some bits of it."""

    kind: type[Struct]
    field: str
    name: str
    """As the specification, or Linux, calls it."""
    meaning: str
    """What it means to the kernel."""
    bits: int = 0
    """0 for the whole field."""
    source: str = ""
    """Where Linux reads it; empty where it does not."""


_IORT = "drivers/acpi/arm64/iort.c"
_AMD = "drivers/iommu/amd/init.c"
_INTEL = "drivers/iommu/intel"
PROPERTIES = (
    PropertyKind(
        Dmar,
        "flags",
        "INTR_REMAP",
        "interrupt remapping is there",
        Dmar.INTR_REMAP,
        f"{_INTEL}/dmar.c, dmar_ir_support()",
    ),
    PropertyKind(
        Dmar,
        "flags",
        "X2APIC_OPT_OUT",
        "x2APIC stays off, unless intremap=no_x2apic_optout",
        Dmar.X2APIC_OPT_OUT,
        f"{_INTEL}/irq_remapping.c, dmar_x2apic_optout()",
    ),
    PropertyKind(
        Dmar,
        "flags",
        "DMA_CTRL_PLATFORM_OPT_IN",
        "DMA of external (Thunderbolt) devices is remapped whatever the kernel's default is",
        Dmar.DMA_OPT_IN,
        f"{_INTEL}/iommu.c, platform_optin_force_iommu()",
    ),
    PropertyKind(
        Dmar,
        "flags",
        "REMAP_OPT_OUT",
        "DMA remapping is off (Linux 7.3 and later)",
        Dmar.OPT_OUT,
        DMAR_OPTS_OUT.source,
    ),
    PropertyKind(Dmar, "width", "width", "the bits of DMA addresses, less one"),
    PropertyKind(
        Atsr,
        "flags",
        "ALL_PORTS",
        "all root ports of the segment support ATS",
        Atsr.ALL_PORTS,
        f"{_INTEL}/iommu.c, dmar_ats_supported()",
    ),
    PropertyKind(
        Satc,
        "flags",
        "ATC_REQUIRED",
        "the devices need ATS",
        1,
        f"{_INTEL}/iommu.c, dmar_ats_supported()",
    ),
    PropertyKind(
        Ivrs,
        "ivinfo",
        "EFRSup",
        "the copies of feature registers in the table are valid",
        Ivrs.EFR_SUPPORTED,
        f"{_AMD}, early_iommu_features_init()",
    ),
    PropertyKind(
        Ivrs,
        "ivinfo",
        "DMA remap support",
        "DMA is remapped before the system starts (iommu_dma_protection of Thunderbolt)",
        1 << 1,
        "drivers/iommu/amd/iommu.c, amd_iommu_capable()",
    ),
    PropertyKind(Ivrs, "ivinfo", "IVinfo", "sizes of addresses", ~3 & 0xFFFFFFFF, _AMD),
    PropertyKind(Ivhd, "flags", "flags", "settings of the IOMMU", source=f"{_AMD}, init_iommu()"),
    PropertyKind(Ivhd, "features", "feature reporting", "features of the IOMMU", source=_AMD),
    PropertyKind(Ivhd11, "efr", "EFR", "copy of the extended feature register", source=_AMD),
    PropertyKind(Ivhd11, "efr2", "EFR2", "copy of the extended feature register 2", source=_AMD),
    PropertyKind(
        Ivmd, "flags", "flags", "how the memory is mapped", source=f"{_AMD}, init_unity_map_range()"
    ),
    PropertyKind(Ivmd, "range_length", "length", "the length of the memory", source=_AMD),
    *(
        row
        for kind in (RootComplex, NamedComponent)
        for row in (
            PropertyKind(kind, "coherent", "CCA", "cache coherency"),
            PropertyKind(
                kind,
                "memory_flags",
                "memory access flags",
                "CPM, DACS, CANWBS",
                source=f"{_IORT}, iort_pci_rc_supports_canwbs()",
            ),
            PropertyKind(
                kind,
                "address_limit",
                "memory address limit",
                "the bits of DMA addresses",
                source=f"{_IORT}, nc_dma_get_range(), rc_dma_get_range()",
            ),
            PropertyKind(
                kind,
                "node_flags",
                "flags",
                "PASIDs, stalls",
                source=f"{_IORT}, iort_named_component_init()",
            ),
        )
    ),
    PropertyKind(
        RootComplex,
        "ats",
        "ATS attribute",
        "ATS, PRI, PASIDs on translated requests",
        source=f"{_IORT}, iort_pci_rc_supports_ats()",
    ),
    *(
        PropertyKind(
            kind, field, field, meaning, source="drivers/iommu/arm, arm_smmu_device_acpi_probe()"
        )
        for kind in (Smmu, SmmuV3)
        for field, meaning in (
            ("model", "workarounds"),
            ("node_flags", "coherency, dirty tracking, proximity"),
        )
    ),
    *(
        PropertyKind(
            SmmuV3, field, field, "an interrupt", source=f"{_IORT}, arm_smmu_v3_init_resources()"
        )
        for field in ("event_gsiv", "pri_gsiv", "gerr_gsiv", "sync_gsiv")
    ),
    PropertyKind(Pmcg, "overflow_gsiv", "overflow_gsiv", "an interrupt", source=_IORT),
    PropertyKind(
        Rmr,
        "node_flags",
        "flags",
        "how the memory is mapped",
        source=f"{_IORT}, iort_get_rmrs()",
    ),
    PropertyKind(Iommu, "flags", "flags", "PCIe function, proximity"),
    PropertyKind(
        Iommu, "wire_count", "wires", "its interrupts, which Linux takes from _CRS of its device"
    ),
    PropertyKind(
        RimtRootComplex,
        "flags",
        "flags",
        "ATS, PRI",
        source="drivers/acpi/riscv/rimt.c, rimt_pcie_rc_supports_ats()",
    ),
)


class TableProperty(NamedTuple):
    """A property of a structure, and its value."""

    where: Struct
    row: PropertyKind

    @property
    def value(self) -> int:
        """The number; of single bits 1 or 0."""
        number: int = getattr(self.where, self.row.field)
        if self.is_flag:
            return int(bool(number & self.row.bits))
        return number & self.row.bits if self.row.bits else number

    @property
    def is_flag(self) -> bool:
        """Whether it is a single bit."""
        return self.row.bits.bit_count() == 1


def properties(machine: Machine) -> Iterator[TableProperty]:
    """The properties of the headers, then those of the structures; only fields that are there."""
    headers = (machine.tables[name] for name in sorted(machine.tables))
    rows: dict[type, tuple[PropertyKind, ...]] = {}
    for where in (*headers, *machine.nodes[1:]):
        kind = type(where)
        if kind not in rows:
            rows[kind] = tuple(row for row in PROPERTIES if issubclass(kind, row.kind))
        for row in rows[kind]:
            if where.has(row.field):
                yield TableProperty(where, row)
