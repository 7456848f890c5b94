"""What differs between kernel versions: one row each, with where it is in the kernel's source.

Which property fw_devlink follows from which version on is in the table of supplier bindings.
"""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.facts.kernels import OLDEST, KernelVersion
from dtlink.records import NamedTuple
from dtlink.typed import Generic, TypeVar

_ValueT = TypeVar("_ValueT", str, int, bool)
_NOTHING: Mapping[str, str] = {}


class Behaviour(NamedTuple, Generic[_ValueT]):
    """What kernels do in one respect, by version."""

    name: str
    """The kernel's parameter where it is the default of one, else words with dashes."""
    meaning: str
    """What the value says, as the end of "in this kernel …"."""
    source: str
    """The kernel's file and function."""
    steps: tuple[tuple[KernelVersion, _ValueT], ...]
    """The value from a version on, the oldest first; the first holds for all before the second."""
    exceptions: Mapping[KernelVersion, _ValueT]
    """Single versions that differ: stable releases that have, or lack, a change."""
    effects: Mapping[str, str]
    """What a value comes to for devices, by the value as it is written on the command line."""
    otherwise: str
    """What any other value comes to."""

    def on(self, version: KernelVersion) -> _ValueT:
        """The value in a kernel."""
        if version in self.exceptions:
            return self.exceptions[version]
        known = (value for since, value in reversed(self.steps) if version >= since)
        return next(known, self.steps[0][1])

    @property
    def since(self) -> KernelVersion:
        """The first version with the value that the newest kernels have."""
        return self.steps[-1][0]

    def effect(self, value: str | int | bool) -> str:  # noqa: FBT001 - a value of any row
        """What a value comes to for devices; empty where the row does not say it."""
        return self.effects.get(str(value), self.otherwise)


def _row(
    name: str,
    meaning: str,
    *,
    source: str,
    steps: Mapping[str, _ValueT],
    exceptions: Mapping[str, _ValueT] | None = None,
    effects: Mapping[str, str] = _NOTHING,
    otherwise: str = "",
) -> Behaviour[_ValueT]:
    """A row whose versions are written as text."""
    return Behaviour(
        name,
        meaning,
        source,
        tuple((KernelVersion.parse(since), value) for since, value in steps.items()),
        {KernelVersion.parse(only): value for only, value in (exceptions or {}).items()},
        effects,
        otherwise,
    )


_FIRST = str(OLDEST)

FW_DEVLINK = _row(
    "fw_devlink",
    "the default of the parameter is",
    source="drivers/base/core.c, fw_devlink_flags",
    steps={_FIRST: "off", "5.8": "permissive", "5.13": "on", "6.9": "rpm"},
    effects={
        "off": "no links are made: drivers defer until they find what they need",
        "permissive": "no probe is delayed: drivers defer until they find what they need",
        "on": "devices wait for their suppliers before their drivers are called",
        "rpm": "devices wait for their suppliers, and keep them awake while in use",
    },
)
FW_DEVLINK_STRICT = _row(
    "fw_devlink.strict",
    "the default of the parameter is",
    source="drivers/base/core.c, fw_devlink_strict",
    steps={_FIRST: False},
    otherwise="iommus, iommu-map and dmas order probing on one of the two only",
)
FW_DEVLINK_SYNC_STATE = _row(
    "fw_devlink.sync_state",
    "the default of the parameter is",
    source="drivers/base/core.c, fw_devlink_sync_state",
    steps={_FIRST: "strict"},
)
DEFERRED_PROBE_TIMEOUT = _row(
    "deferred_probe_timeout",
    "the default of the parameter with CONFIG_MODULES, in seconds, is",
    source="drivers/base/dd.c, driver_deferred_probe_timeout",
    steps={_FIRST: -1, "5.7": 30, "5.8": 0, "6.0": 10},
    effects={
        "0": "masters wait for no IOMMU once the built-in drivers are done",
        "-1": "no timeout ends waits for power domains and IOMMUs",
    },
    otherwise="on expiry, device links to suppliers without a driver are given up, and masters "
    "go on without their IOMMU",
)
TIMEOUT_HOLDS_REQUESTS = _row(
    "timeout-holds-requests",
    "requests for power domains and IOMMUs wait until deferred_probe_timeout expires, without a "
    "limit if it is negative; before, they ended with the initcalls whatever it was",
    source="drivers/base/dd.c, driver_deferred_probe_check_state()",
    steps={_FIRST: False, "5.7": True},
)
REGISTRATION_RESTARTS_TIMEOUT = _row(
    "registration-restarts-timeout",
    "each driver registration restarts deferred_probe_timeout; before, it counted once from "
    "late_initcall",
    source="drivers/base/dd.c, deferred_probe_extend_timeout()",
    steps={_FIRST: False, "5.19": True},
)
LINKS_NODES = _row(
    "links-nodes",
    "any node can be a supplier; before, only nodes with compatible could (6.3, and 6.1 by "
    "backport)",
    source="drivers/of/property.c, of_link_to_phandle()",
    steps={_FIRST: False, "6.1": True},
)
MISSING_CELLS_ARE_ZERO = _row(
    "missing-cells-are-zero",
    "a supplier without its #…-cells property counts as having 0 cells; elsewhere the list ends",
    source="drivers/of/property.c, parse_prop_cells()",
    steps={_FIRST: True},
    exceptions={"5.10": False, "6.1": False},
)
FWNODE_LINKS = _row(
    "fwnode-links",
    "links are kept between nodes until both are devices; before, each device that lacked a "
    "supplier read its properties again whenever a device was added",
    source="drivers/base/core.c, fwnode_link_add()",
    steps={_FIRST: False, "5.11": True},
)
RELAXES_NODES = _row(
    "relaxes-nodes",
    "cycles are searched across nodes and devices, and only their links give up the order; "
    "before, a device link that would close a loop of devices was given up (6.3, and 6.1 by "
    "backport)",
    source="drivers/base/core.c, __fw_devlink_relax_cycles()",
    steps={_FIRST: False, "6.1": True},
)
CYCLE_LINE_ONCE = _row(
    "cycle-line-once",
    "the log names each link of a cycle once; before, each attempt to make a link that closes one",
    source="drivers/base/core.c, __fwnode_link_cycle()",
    steps={_FIRST: False, "7.3": True},
)
FIRMWARE_BUSES = _row(
    "firmware-buses",
    "children of buses in /firmware become devices at boot; before, its own children only (5.15, "
    "6.1 and 6.6 by backport; late releases of 5.10 too, but not the one that was compared)",
    source="drivers/of/platform.c, of_platform_default_populate_init()",
    steps={_FIRST: False, "5.11": True},
)
BOOT_FRAMEBUFFER = _row(
    "boot-framebuffer",
    "a simple-framebuffer in /chosen becomes a device at boot",
    source="drivers/of/platform.c, of_platform_default_populate_init()",
    steps={_FIRST: False, "5.17": True},
)
RESERVED_MEMORY_ONLY = _row(
    "reserved-memory-only",
    "of memory that drivers serve, only children of /reserved-memory become devices before all "
    "others; before, nodes anywhere did",
    source="drivers/of/platform.c, of_platform_default_populate_init()",
    steps={_FIRST: False, "7.1": True},
)
PURE_BUSES_BIND = _row(
    "pure-buses-bind",
    "simple-pm-bus binds devices that are buses only (5.16, and 5.15 by backport)",
    source="drivers/bus/simple-pm-bus.c, simple_pm_bus_of_match",
    steps={_FIRST: False, "5.15": True},
)
BUS_NEEDS_ADDRESS_CELLS = _row(
    "bus-needs-address-cells",
    "addresses translate only through buses that have #address-cells; before, a value from further "
    "up counted",
    source="drivers/of/address.c, of_match_bus()",
    steps={_FIRST: False, "6.13": True},
)
STRINGS_END_IN_NUL = _row(
    "strings-end-in-nul",
    "a string without a terminating NUL in status or compatible is not read",
    source="drivers/of/base.c, __of_device_is_status(); drivers/of/property.c, "
    "of_prop_next_string()",
    steps={_FIRST: False, "7.2": True},
)
SUFFIX_ALONE = _row(
    "suffix-alone",
    "properties named exactly -supply, -gpio or -gpios reference suppliers",
    source="drivers/of/property.c, parse_suffix_prop_cells()",
    steps={_FIRST: False, "7.0": True},
)
TIMEOUT_IS_CONFIGURED = _row(
    "timeout-is-configured",
    "CONFIG_DRIVER_DEFERRED_PROBE_TIMEOUT is the default of deferred_probe_timeout",
    source="drivers/base/dd.c, driver_deferred_probe_timeout",
    steps={_FIRST: False, "7.1": True},
)
POWER_DOMAINS_ARE_DEVICES = _row(
    "power-domains-are-devices",
    "a provider of power domains that has no device becomes one at its registration, and consumers "
    "link to it; each provider delays its sync_state() until all consumers have bound",
    source="drivers/pmdomain/core.c, of_genpd_add_provider_onecell(), of_genpd_sync_state()",
    steps={_FIRST: False, "6.17": True},
)
DISABLED_CLOCK_IS_ABSENT = _row(
    "disabled-clock-is-absent",
    "a request for a clock of a disabled node fails with -ENOENT, as if the consumer had none; "
    "before, it was deferred forever, optional or not (6.15; 5.15, 6.1, 6.6 and 6.12 by backport; "
    "late releases of 5.10 too, but not the one that was compared)",
    source="drivers/clk/clk.c, of_clk_get_hw_from_clkspec()",
    steps={_FIRST: False, "6.15": True},
    exceptions={"5.15": True, "6.1": True, "6.6": True, "6.12": True},
)
IOMMU_MAP_BY_CELLS = _row(
    "iommu-map-by-cells",
    "a row of iommu-map has as many output cells as #iommu-cells says; before, always one",
    source="drivers/of/base.c, of_map_id(), of_check_bad_map()",
    steps={_FIRST: False, "7.2": True},
)
SRAT_IS_COMPLETE = _row(
    "srat-is-complete",
    "an SMMUv3 in a proximity domain that the SRAT lacks has no NUMA node; before, no device was "
    "made of it",
    source="drivers/acpi/arm64/iort.c, arm_smmu_v3_set_proximity(): pxm_to_node(), before "
    "acpi_map_pxm_to_node()",
    steps={_FIRST: False, "5.10": True},
)
READS_VIOT = _row(
    "reads-viot",
    "the VIOT is read",
    source="drivers/acpi/viot.c, acpi_viot_init()",
    steps={_FIRST: False, "5.14": True},
)
READS_SATC = _row(
    "reads-satc",
    "SATC structures of the DMAR are read",
    source="drivers/iommu/intel/dmar.c, parse_dmar_table(), ACPI_DMAR_TYPE_SATC",
    steps={_FIRST: False, "5.12": True},
)
READS_RIMT = _row(
    "reads-rimt",
    "the RIMT is read",
    source="drivers/acpi/riscv/rimt.c, riscv_acpi_rimt_init()",
    steps={_FIRST: False, "6.18": True},
)
READS_RMR = _row(
    "reads-rmr",
    "RMR nodes of the IORT are read",
    source="drivers/acpi/arm64/iort.c, iort_find_rmrs()",
    steps={_FIRST: False, "6.0": True},
)
READS_IWB = _row(
    "reads-iwb",
    "IWB nodes of the IORT are used",
    source="drivers/acpi/arm64/iort.c, iort_match_iwb_callback()",
    steps={_FIRST: False, "7.0": True},
)
READS_TRANSLATE_FRAMES = _row(
    "reads-translate-frames",
    "GICv5 ITS translate frames of the MADT are ITSs",
    source="drivers/irqchip/irq-gic-v5-its.c, gic_acpi_parse_madt_its_translate()",
    steps={_FIRST: False, "7.0": True},
)
READS_SMMU_IDENTIFIERS = _row(
    "reads-smmu-identifiers",
    "the identifier of an SMMUv3 node finds its command queue extension (NVDA200C)",
    source="drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, acpi_smmu_dsdt_probe_tegra241_cmdqv()",
    steps={_FIRST: False, "6.12": True},
)
READS_INDEX_FLAG = _row(
    "reads-index-flag",
    "from revision 5 on a flag of an SMMUv3 node says whether its DeviceID mapping index is valid; "
    "before, its interrupts say so in every revision",
    source="drivers/acpi/arm64/iort.c, iort_get_id_mapping_index()",
    steps={_FIRST: False, "6.2": True},
)
ACPI_WAIT_ENDS = _row(
    "acpi-wait-ends",
    "devices wait for an IOMMU of the IORT or VIOT until deferred_probe_timeout expires; before, "
    "without a limit",
    source="drivers/iommu/iommu.c, iommu_fwspec_init()",
    steps={_FIRST: False, "6.15": True},
)
RIMT_WAIT_ENDS = _row(
    "rimt-wait-ends",
    "devices wait for an IOMMU of the RIMT until deferred_probe_timeout expires, and have a device "
    "link to it; before, without a limit, and without a link",
    source="drivers/acpi/riscv/rimt.c, rimt_iommu_xlate()",
    steps={_FIRST: False, "7.2": True},
)
AMD_COMMON_FEATURES = _row(
    "amd-common-features",
    "AMD IOMMUs are used with the features that all of them have; before, each with its own",
    source="drivers/iommu/amd/init.c, get_global_efr()",
    steps={_FIRST: False, "6.1": True},
)
AMD_TABLES_ARE_EXACT = _row(
    "amd-tables-are-exact",
    "the tables of an AMD IOMMU end with the last device ID that counts; before, they were rounded "
    "up to pages",
    source="drivers/iommu/amd/init.c, alloc_rlookup_table(), alloc_alias_table()",
    steps={_FIRST: False, "7.2": True},
)
AMD_READS_HATS = _row(
    "amd-reads-hats",
    "an AMD IOMMU that says that it has no host page tables does not get any",
    source="drivers/iommu/amd/init.c, early_amd_iommu_init(), init_iommu_one()",
    steps={_FIRST: False, "7.2": True},
)
AMD_SOUTHBRIDGE = _row(
    "amd-southbridge",
    "what the IVRS must say for interrupt remapping: any I/O APIC is at 00:14.0; the first is "
    "(6.1 by backport); the first is at an SMBus controller or an ISA bridge",
    source="drivers/iommu/amd/init.c, check_ioapic_information()",
    steps={_FIRST: "any", "6.1": "first", "7.3": "by class"},
)
READS_IOMMU_ADDRESSES = _row(
    "reads-iommu-addresses",
    "the addresses of iommu-addresses in reserved memory are kept out of, or mapped 1:1 in, the "
    "address space of the device",
    source="drivers/iommu/of_iommu.c, of_iommu_get_resv_regions()",
    steps={_FIRST: False, "6.3": True},
)
REFUSES_DIRECT_REGIONS = _row(
    "refuses-direct-regions",
    "no device that firmware wants mapped 1:1 is given to user space; before, VT-d alone refused "
    "devices with an RMRR",
    source="drivers/iommu/iommu.c, __iommu_device_set_domain()",
    steps={_FIRST: False, "6.6": True},
)
VFIO_DENIES = _row(
    "vfio-denies",
    "vfio-pci does not take accelerators that can harm the host, unless disable_denylist is set",
    source="drivers/vfio/pci/vfio_pci.c, vfio_pci_dev_in_denylist()",
    steps={_FIRST: False, "5.9": True},
)
VFIO_NEEDS_COHERENCE = _row(
    "vfio-needs-coherence",
    "VFIO takes a device only if the driver of its IOMMU says that its DMA is coherent "
    "(IOMMU_CAP_CACHE_COHERENCY)",
    source="drivers/vfio/vfio_main.c, __vfio_register_dev(), vfio_group_find_or_alloc()",
    steps={_FIRST: False, "5.19": True},
)
SMMU_COHERENCE_IS_DECLARED = _row(
    "smmu-coherence-is-declared",
    "the drivers of SMMUs say that DMA is coherent where firmware does; before, always",
    source="drivers/iommu/arm/arm-smmu/arm-smmu.c and arm-smmu-v3/arm-smmu-v3.c, "
    "arm_smmu_capable()",
    steps={_FIRST: False, "6.1": True},
)
SMMU_V3_REFUSES_ALIASES = _row(
    "smmu-v3-refuses-aliases",
    "an SMMUv3 does not take a device that has the stream ID of another",
    source="drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_insert_master()",
    steps={_FIRST: False, "5.13": True},
)
ISOLATES_BY_DEVICE = _row(
    "isolates-by-device",
    "VFIO asks whether the MSIs of the device are isolated from those of others; before, whether "
    "all MSI controllers of the machine do that",
    source="drivers/vfio/vfio_iommu_type1.c, vfio_iommu_type1_attach_group()",
    steps={_FIRST: False, "6.3": True},
)
DMAR_OPTS_OUT = _row(
    "dmar-opts-out",
    "bit 3 of the flags of the DMAR turns DMA remapping off",
    source="drivers/iommu/intel/iommu.c, intel_iommu_init()",
    steps={_FIRST: False, "7.3": True},
)

#: Every row.
BEHAVIOURS: tuple[Behaviour[str] | Behaviour[int] | Behaviour[bool], ...] = tuple(
    row for row in tuple(globals().values()) if isinstance(row, Behaviour)
)
#: The rows about device links that no prediction for a board shows as links gained or lost.
DEVLINK_CHANGES: tuple[Behaviour[bool], ...] = (
    FWNODE_LINKS,
    RELAXES_NODES,
    LINKS_NODES,
    PURE_BUSES_BIND,
    TIMEOUT_IS_CONFIGURED,
    CYCLE_LINE_ONCE,
)
#: The rows that are defaults of parameters of the command line, by parameter.
PARAMETERS: Mapping[str, Behaviour[str] | Behaviour[int] | Behaviour[bool]] = {
    row.name: row
    for row in (FW_DEVLINK, FW_DEVLINK_STRICT, FW_DEVLINK_SYNC_STATE, DEFERRED_PROBE_TIMEOUT)
}
