"""What the kernel says of faulty ACPI tables, and the rules that find the same before the boot.

Rows for :mod:`dtlink.facts.loglines`. A rule is named only where it checks what the kernel
complains of.
"""

from __future__ import annotations

from dtlink.facts.loglines.row import Harm, LogMessage, Topic

_IORT = "drivers/acpi/arm64/iort.c"
_DMAR = "drivers/iommu/intel/dmar.c"
_AMD = "drivers/iommu/amd/init.c"
_VIOT = "drivers/acpi/viot.c"


def _row(
    kind: str,
    needle: str,
    rule: str,
    meaning: str,
    source: str,
    pattern: str = "",
    *,
    sample: str,
    cure: str = "",
    follows: tuple[str, ...] = (),
    replaces: str = "",
    since: str = "",
    until: str = "",
) -> LogMessage:
    """A complaint: the kernel goes on with its own guess, so that what it touches is in doubt."""
    find = f"run dtlink lint on the machine's tables: {rule} names the entry" if rule else ""
    return LogMessage(
        kind=kind,
        topic=Topic.FIRMWARE,
        needles=(needle,),
        pattern=pattern or needle.replace("(", r"\(").replace("[", r"\["),
        harm=Harm.HARMFUL,
        meaning=meaning,
        cure=cure or find,
        rule=rule,
        source=source,
        sample=sample,
        follows=follows,
        replaces=replaces,
        since=since,
        until=until,
    )


FIRMWARE_LINES = (
    _row(
        "iort-conflict",
        "conflicting mapping for input ID",
        "iort/input-overlap",
        "Two ID mappings of the IORT are for one ID: the device may get the stream ID of another.",
        f"{_IORT}, iort_id_map()",
        r"conflicting mapping for input ID (?P<id>0x[0-9a-f]{1,8})",
        sample="ACPI: IORT: [Firmware Bug]: [map (____ptrval____)] conflicting mapping for "
        "input ID 0x100",
    ),
    _row(
        "iort-workaround",
        "[Firmware Bug]: applying workaround.",
        "iort/off-by-one",
        "The last ID of a mapping of the IORT is the first one of another, as if the number of IDs "
        "were not less one: the kernel takes the other mapping.",
        f"{_IORT}, iort_id_map()",
        r"IORT: \[Firmware Bug\]: applying workaround\.",
        replaces="iort-conflict",
        sample="ACPI: IORT: [Firmware Bug]: applying workaround.",
    ),
    _row(
        "iort-frame",
        "IORT node pointer overflows",
        "acpi/frame",
        "A node of the IORT extends past the table's end; the kernel ignores it and the rest.",
        f"{_IORT}, iort_scan_node(), iort_init_platform_devices()",
        sample="ACPI: IORT: IORT node pointer overflows, bad table!",
    ),
    _row(
        "iort-msi-mapping",
        "Invalid MSI mapping",
        "iort/device-id-index",
        "The mapping that the DeviceID mapping index of an IORT node names is not a single one.",
        f"{_IORT}, iort_set_device_domain()",
        r"\[node .{1,40}\] Invalid MSI mapping",
        sample="ACPI: IORT: [Firmware Bug]: [node 1 type 4] Invalid MSI mapping",
    ),
    _row(
        "iort-single",
        "SINGLE MAPPING flag not allowed",
        "iort/single-mapping",
        "A single mapping of the IORT is used where it has no meaning; the kernel skips it.",
        f"{_IORT}, iort_id_map()",
        sample="ACPI: IORT: [Firmware Bug]: [map 1] SINGLE MAPPING flag not allowed for node "
        "type 4, skipping ID map",
    ),
    _row(
        "iort-null",
        "ID map has NULL parent reference",
        "acpi/dangling-reference",
        "An ID mapping of the IORT names no node; the kernel skips it.",
        f"{_IORT}, iort_node_get_id(), iort_node_map_id()",
        sample="ACPI: IORT: [Firmware Bug]: [node 1 type 2] ID map has NULL parent reference",
    ),
    _row(
        "iort-index",
        "ID mapping index overflows valid mappings",
        "iort/device-id-index",
        "The DeviceID mapping index of an SMMUv3 names no mapping: it uses wired interrupts.",
        f"{_IORT}, iort_get_id_mapping_index()",
        sample="ACPI: IORT: [Firmware Bug]: [node 1 type 4] ID mapping index overflows valid "
        "mappings",
    ),
    _row(
        "iort-its-index",
        "requested ITS ID index",
        "iort/its-group",
        "A mapping of the IORT asks for an ITS that its group does not have.",
        f"{_IORT}, iort_find_its_base(), iort_dev_find_its_id()",
        sample="nvme 0: requested ITS ID index [1] overruns ITS entries [1]",
    ),
    _row(
        "iort-rmr-align",
        "not aligned to 64K",
        "iort/rmr-range",
        "A reserved memory range of the IORT is not aligned; the kernel widens it.",
        f"{_IORT}, iort_rmr_alloc()",
        r"RMR descriptor\[.{1,80}\] not aligned to 64K",
        since="6.1",
        sample="ACPI: IORT: [Firmware Bug]: RMR descriptor[0x1000 - 0x1fff] not aligned to 64K, "
        "continue",
    ),
    _row(
        "iort-rmr-empty",
        "with zero length, continue anyway",
        "iort/rmr-range",
        "A reserved memory range of the IORT is empty.",
        f"{_IORT}, iort_rmr_desc_check_overlap()",
        since="6.1",
        sample="[Firmware Bug]: RMR descriptor[0x1000] with zero length, continue anyway",
    ),
    _row(
        "iort-rmr-overlap",
        "overlaps, continue anyway",
        "iort/rmr-range",
        "Two reserved memory ranges of the IORT overlap.",
        f"{_IORT}, iort_rmr_desc_check_overlap()",
        since="6.1",
        sample="[Firmware Bug]: RMR descriptor[0x1000 - 0x2000] overlaps, continue anyway",
    ),
    _row(
        "iort-rmr-ids",
        "Invalid ID mapping, skipping RMR node",
        "iort/rmr-unread",
        "A reservation of memory in the IORT has no ID mapping that counts: it has no effect.",
        f"{_IORT}, iort_node_get_rmr_info(), iort_parse_rmr()",
        since="6.1",
        sample="[Firmware Bug]: Invalid ID mapping, skipping RMR node 1",
    ),
    _row(
        "iort-address-limit",
        "missing memory address limit",
        "iort/address-limit",
        "A component or root complex of the IORT has an address limit of 0.",
        f"{_IORT}, nc_dma_get_range(), rc_dma_get_range()",
        sample="[Firmware Bug]: Root complex missing memory address limit",
    ),
    _row(
        "dmar-unit-dead",
        "returns all ones",
        "",
        "A unit of the DMAR does not answer: all its registers read as ones. The kernel does "
        "without VT-d, or without this unit.",
        f"{_DMAR}, dmar_validate_one_drhd(), alloc_iommu()",
        r"DMAR reported at address (?P<address>[0-9a-f]{1,16}) returns all ones",
        cure="the table alone cannot show it: either VT-d is switched off in the firmware's setup "
        "or in the silicon, or the firmware has not given the unit this address (VTBAR), or hides "
        "it; the firmware has to set the unit up, or leave it out of the DMAR",
        sample="DMAR: [Firmware Bug]: Your BIOS is broken; DMAR reported at address fed64000 "
        "returns all ones!",
    ),
    _row(
        "dmar-unit",
        "DMAR reported at address",
        "dmar/unit-address",
        "The DMAR has a unit whose registers are not where it says.",
        f"{_DMAR}, warn_invalid_dmar()",
        sample="DMAR: [Firmware Bug]: Your BIOS is broken; DMAR reported at address 0!",
    ),
    _row(
        "dmar-no-unit",
        "No DRHD structure found in DMAR table",
        "acpi/nothing-described",
        "The DMAR has no unit, so that nothing is translated.",
        f"{_DMAR}, parse_dmar_table()",
        sample="DMAR: [Firmware Bug]: No DRHD structure found in DMAR table",
    ),
    _row(
        "dmar-frame",
        "Record passes table end",
        "acpi/frame",
        "A structure of the DMAR extends past the table's end; the kernel does without VT-d.",
        f"{_DMAR}, dmar_walk_remapping_entries()",
        sample="DMAR: [Firmware Bug]: Record passes table end",
    ),
    _row(
        "dmar-affinity",
        "RHSA refers to non-existent DMAR unit",
        "dmar/affinity",
        "The DMAR gives a proximity domain to a unit that is not there.",
        f"{_DMAR}, dmar_parse_one_rhsa()",
        sample="[Firmware Bug]: Your BIOS is broken; RHSA refers to non-existent DMAR unit at f",
    ),
    _row(
        "dmar-width",
        "Invalid DMAR haw",
        "dmar/host-address-width",
        "The host address width of the DMAR is implausible; the kernel does without VT-d.",
        f"{_DMAR}, parse_dmar_table()",
        sample="DMAR: Invalid DMAR haw",
    ),
    _row(
        "dmar-reserved",
        "Your BIOS is broken; bad RMRR",
        "dmar/reserved-region",
        "The kernel doubts a reserved region of the DMAR: its bounds are not whole pages, or no "
        "entry of the firmware's memory map covers it. It is mapped all the same.",
        "drivers/iommu/intel/iommu.c, rmrr_sanity_check(), dmar_parse_one_rmrr()",
        sample="DMAR: [Firmware Bug]: Your BIOS is broken; bad RMRR [0x1-0x0]",
        follows=("dmar-uncovered",),
    ),
    _row(
        "dmar-uncovered",
        "No firmware reserved region can cover this RMRR",
        "",
        "No entry of the firmware's memory map covers a reserved region of the DMAR: the kernel "
        "may use as memory what a device writes to. The region's bounds are sound.",
        "arch/x86/include/asm/iommu.h, arch_rmrr_sanity_check()",
        cure="update the firmware, or report it to its vendor: the range has to be reserved in the "
        "memory map (e820), or the RMRR removed; until then memmap=SIZE$START on the command line "
        "reserves the range",
        sample="DMAR: [Firmware Bug]: No firmware reserved region can cover this RMRR "
        "[0x3e2e0000-0x3e2fffff], contact BIOS vendor for fixes",
    ),
    _row(
        "dmar-rmrr-bus",
        "is broken - applying workaround",
        "dmar/scope",
        "The scope of a reserved region has a bus number that the bridges contradict; the kernel "
        "takes the device that it seems to mean.",
        f"{_DMAR}, dmar_match_pci_path()",
        r"RMRR entry for device \S{1,16} is broken - applying workaround",
        sample="DMAR: [Firmware Bug]: RMRR entry for device 02:00.0 is broken - applying "
        "workaround",
    ),
    _row(
        "dmar-scope-type",
        "Device scope type does not match for",
        "dmar/scope",
        "The DMAR has a bridge as an endpoint, or an endpoint as a bridge: the scope does not "
        "count.",
        f"{_DMAR}, dmar_insert_dev_scope()",
        sample="DMAR: Device scope type does not match for 0000:00:1c.0",
    ),
    _row(
        "dmar-scope-kind",
        "Unsupported device scope",
        "dmar/scope",
        "A device scope of the DMAR is of a type that the kernel does not know.",
        f"{_DMAR}, dmar_alloc_dev_scope()",
        sample="DMAR: Unsupported device scope",
    ),
    _row(
        "dmar-andd-handle",
        "Failed to find handle for ACPI object",
        "dmar/andd",
        "The DMAR names an ACPI device that the namespace does not have.",
        f"{_DMAR}, dmar_acpi_dev_scope_init()",
        r"DMAR: Failed to (?:find handle|get device) for ACPI object",
        sample="DMAR: Failed to find handle for ACPI object \\_SB.PCI0.I2C0",
    ),
    _row(
        "dmar-andd-scope",
        "No IOMMU scope found for ANDD",
        "dmar/andd",
        "An ACPI device of the DMAR is in the scope of no unit.",
        f"{_DMAR}, dmar_acpi_insert_dev_scope()",
        sample="DMAR: No IOMMU scope found for ANDD enumeration ID 1 (I2C0)",
    ),
    _row(
        "dmar-remap-off",
        "Failed to enable irq remapping",
        "dmar/ioapic",
        "The kernel does without interrupt remapping: a device can send any interrupt, and guests "
        "get no devices unless vfio_iommu_type1.allow_unsafe_interrupts=1.",
        "drivers/iommu/intel/irq_remapping.c, intel_prepare_irq_remapping()",
        follows=("dmar-ioapic",),
        sample="DMAR-IR: Failed to enable irq remapping. You are vulnerable to irq-injection "
        "attacks.",
    ),
    _row(
        "dmar-ioapic",
        "has no mapping iommu, interrupt remapping will be disabled",
        "dmar/ioapic",
        "An I/O APIC is under no unit of the DMAR, so that no interrupt is remapped.",
        "drivers/iommu/intel/irq_remapping.c, parse_ioapics_under_ir()",
        sample="[Firmware Bug]: ioapic 2 has no mapping iommu, interrupt remapping will be "
        "disabled",
    ),
    _row(
        "dmar-andd",
        "ANDD object name is not NUL-terminated",
        "dmar/andd",
        "A device of the namespace has a name in the DMAR that does not end.",
        f"{_DMAR}, dmar_parse_one_andd()",
        sample="[Firmware Bug]: Your BIOS is broken; ANDD object name is not NUL-terminated",
    ),
    _row(
        "ivrs-checksum",
        "IVRS invalid checksum",
        "acpi/checksum",
        "The checksum of the IVRS is wrong: the kernel does without the IOMMU.",
        f"{_AMD}, check_ivrs_checksum()",
        sample="AMD-Vi: [Firmware Bug]: IVRS invalid checksum",
    ),
    _row(
        "ivrs-ioapic",
        "not in IVRS table",
        "ivrs/missing-ioapic",
        "An I/O APIC has no entry in the IVRS, so that no interrupt is remapped.",
        f"{_AMD}, check_ioapic_information()",
        r"IOAPIC\[\d{1,3}\] not in IVRS table",
        sample="AMD-Vi: [Firmware Bug]: : IOAPIC[33] not in IVRS table",
    ),
    _row(
        "ivrs-sb-ioapic",
        "No southbridge IOAPIC found",
        "ivrs/missing-ioapic",
        "The southbridge's I/O APIC has no entry in the IVRS, so that no interrupt is remapped.",
        f"{_AMD}, check_ioapic_information()",
        sample="AMD-Vi: [Firmware Bug]: : No southbridge IOAPIC found",
    ),
    _row(
        "ivrs-remap-off",
        "Disabling interrupt remapping",
        "ivrs/missing-ioapic",
        "The kernel does without interrupt remapping, since the IVRS lacks I/O APICs.",
        f"{_AMD}, check_ioapic_information()",
        r"AMD-Vi: Disabling interrupt remapping",
        follows=("ivrs-ioapic", "ivrs-sb-ioapic"),
        sample="AMD-Vi: Disabling interrupt remapping",
    ),
    _row(
        "ivrs-hats",
        "invalid translation level",
        "",
        "The features of an AMD IOMMU exclude translation of DMA by host page tables (HATS is 3, "
        "which is reserved): the kernel uses version 2 page tables, or does without translation.",
        f"{_AMD}, early_amd_iommu_init()",
        r"AMD-Vi: .{0,40}Disable host address translation due to invalid translation level",
        cure="update the firmware: the EFR image of the IVRS (or the register) has a reserved "
        "value in HATS; if it is meant so, boot with amd_iommu=pgtbl_v2",
        since="7.2",
        sample="AMD-Vi: [Firmware Bug]: Disable host address translation due to invalid "
        "translation level (0x3).",
    ),
    _row(
        "ivrs-no-host-tables",
        "Host Address Translation is not supported",
        "ivrs/no-host-tables",
        "The IVRS says that an AMD IOMMU has no host page tables (HATDis): the kernel uses version "
        "2 page tables, or does without translation.",
        f"{_AMD}, init_iommu_one()",
        r"AMD-Vi: .{0,40}Host Address Translation is not supported",
        since="7.2",
        sample="AMD-Vi: Host Address Translation is not supported.",
    ),
    _row(
        "ivrs-features",
        "Found inconsistent EFR/EFR2",
        "ivrs/efr-mismatch",
        "The IOMMUs of the IVRS do not have the same features; the kernel takes the common ones.",
        f"{_AMD}, get_global_efr()",
        since="6.1",
        sample="AMD-Vi: [Firmware Bug]: Found inconsistent EFR/EFR2 0x1,0x0 (global",
    ),
    _row(
        "ivrs-hid",
        "Invalid HID.",
        "ivrs/acpi-hid",
        "An ACPI device in the IVRS has no usable hardware ID.",
        f"{_AMD}, init_iommu_from_acpi()",
        r"AMD-Vi: .{0,40}Invalid HID\.",
        sample="AMD-Vi: [Firmware Bug]: Invalid HID.",
    ),
    _row(
        "ivrs-entry",
        "Invalid IVHD device type",
        "ivrs/acpi-hid",
        "An ACPI device in the IVRS has a hardware ID of an unknown form.",
        f"{_AMD}, init_iommu_from_acpi()",
        sample="AMD-Vi: [Firmware Bug]: Invalid IVHD device type 0xf0",
    ),
    _row(
        "ivrs-base",
        "Can not reserve memory region",
        "ivrs/iommu-base",
        "The registers of an AMD IOMMU are where the kernel has something else.",
        f"{_AMD}, iommu_map_mmio_space()",
        r"AMD-Vi: .{0,40}Can not reserve memory region",
        sample="AMD-Vi: Can not reserve memory region fe-ff for mmio",
    ),
    _row(
        "viot-frame",
        "VIOT: ",
        "acpi/frame",
        "A node of the VIOT does not fit its frame; the kernel does without the table.",
        f"{_VIOT}, viot_check_bounds(), viot_parse_node()",
        r"VIOT: .{0,40}(?:Node pointer overflows|Empty node|Invalid (?:PCI|MMIO) node size)",
        since="6.1",
        sample="ACPI: VIOT: [Firmware Bug]: Node pointer overflows",
    ),
)
