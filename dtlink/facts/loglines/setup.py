"""IOMMUs and ITSs that are set up in part, or not at all.

Rows for :mod:`dtlink.facts.loglines`.
"""

from __future__ import annotations

from dtlink.facts.loglines.row import DEVICE, Harm, LogMessage, Topic

_DMAR = "drivers/iommu/intel/dmar.c"
_VTD = "drivers/iommu/intel/iommu.c"
_REMAP = "drivers/iommu/intel/irq_remapping.c"
_SMMU = "drivers/iommu/arm/arm-smmu/arm-smmu.c"
_SMMU_V3 = "drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c"
_ITS = "drivers/irqchip/irq-gic-v3-its.c"
_RISCV = "drivers/iommu/riscv/iommu-platform.c"

_VTD_SETUP = (
    LogMessage(
        kind="vtd-invalidation",
        topic=Topic.FAULT,
        needles=("VT-d detected Invalidation",),
        pattern=r"(?P<iommu>DMAR): VT-d detected Invalidation (?P<what>Queue|Time-out|Completion) "
        r"Error: (?:Reason|SID) (?P<id>[0-9a-f]{1,16})",
        harm=Harm.HARMFUL,
        sample="DMAR: VT-d detected Invalidation Time-out Error: SID 300",
        meaning="A VT-d unit could not invalidate what it, or a device, has of its tables.",
        cure="a time-out: the device with this source ID (0 if unknown) does not answer an "
        "ATS invalidation, since it is off, hung or was reset; pci=noats shows which. An error "
        "of the queue is the kernel's or the unit's",
        source=f"{_DMAR}, qi_dump_fault()",
        since="6.1",
    ),
    LogMessage(
        kind="vtd-invalidation-detail",
        topic=Topic.FAULT,
        needles=("QI HEAD: ", "QI PRIOR: ", "E) cleared"),
        pattern=r"DMAR: (?:QI (?:HEAD|PRIOR): |Invalidation (?:Queue|Time-out|Completion) Error "
        r"\(I[QTC]E\) cleared)",
        harm=Harm.HARMLESS,
        sample="DMAR: QI HEAD: UNKNOWN qw0 = 0x0, qw1 = 0x0",
        forms=("DMAR: Invalidation Time-out Error (ITE) cleared",),
        meaning="Details of a failed invalidation.",
        source=f"{_DMAR}, qi_dump_fault(), qi_check_fault()",
        since="6.1",
    ),
    LogMessage(
        kind="dmar-quickdata",
        topic=Topic.FIRMWARE,
        needles=("BIOS assigned incorrect VT-d unit",),
        pattern=r"BIOS assigned incorrect VT-d unit",
        harm=Harm.HARMFUL,
        sample="DMAR: [Firmware Bug]: BIOS assigned incorrect VT-d unit for Intel(R) QuickData "
        "Technology device",
        meaning="The DMAR gives the QuickData device to another unit than the chipset does: the "
        "kernel does not translate for the device.",
        cure="name the device in the scope of the unit that the chipset has for it (its registers "
        "are 0xa000 above the first)",
        source=f"{_VTD}, quirk_ioat_snb_local_iommu()",
    ),
    LogMessage(
        kind="dmar-isoch",
        topic=Topic.FIRMWARE,
        needles=("DMA routed to ISOCH DMAR unit", "Recommended TLB entries for ISOCH unit"),
        pattern=r"DMA routed to ISOCH DMAR unit but no TLB space"
        r"|Recommended TLB entries for ISOCH unit is 16; your BIOS set (?P<number>\d{1,10})",
        harm=Harm.HARMFUL,
        sample="DMAR: Recommended TLB entries for ISOCH unit is 16; your BIOS set 8",
        meaning="The chipset has too little room for translations in its unit for isochronous "
        "DMA (audio).",
        cure="update the firmware; the DMAR cannot show it, the setting is in a register of the "
        "chipset",
        source=f"{_VTD}, check_tylersburg_isoch()",
    ),
    LogMessage(
        kind="dmar-source-id",
        topic=Topic.FIRMWARE,
        needles=("Failed to set source-id of",),
        pattern=r"Failed to set source-id of (?:IOAPIC|HPET block) \((?P<number>\d{1,10})\)",
        harm=Harm.HARMFUL,
        sample="DMAR-IR: Failed to set source-id of IOAPIC (8)",
        meaning="The source of an I/O APIC's or HPET's interrupts is not known: any device can "
        "raise them.",
        cure="write the bus, device and function that the chipset gives its requests into its "
        "scope; dtlink lint on the tables names it",
        rule="dmar/scope",
        source=f"{_REMAP}, set_ioapic_sid(), set_hpet_sid()",
    ),
)

_GUEST_SETUP = (
    LogMessage(
        kind="dmar-erratum",
        topic=Topic.SYSTEM,
        needles=("This system BIOS has enabled interrupt remapping",),
        pattern=r"This system BIOS has enabled interrupt remapping",
        harm=Harm.DEPENDS,
        sample="DMAR-IR: This system BIOS has enabled interrupt remapping",
        meaning="The chipset (Intel 5500, 5520, X58 of an early stepping) has an erratum in its "
        "interrupt remapping: the kernel does without.",
        cure="guests get devices with vfio_iommu_type1.allow_unsafe_interrupts=1 only, if all of "
        "them are trusted; no firmware mends it",
        source=f"{_REMAP}, intel_prepare_irq_remapping(); arch/x86/kernel/early-quirks.c",
    ),
    LogMessage(
        kind="vfio-no-remapping",
        topic=Topic.FIRMWARE,
        needles=("No interrupt remapping support",),
        pattern=r"vfio_iommu_type1_attach_group: No interrupt remapping support",
        harm=Harm.HARMFUL,
        sample="vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module "
        'param "allow_unsafe_interrupts" to enable VFIO IOMMU support on this platform',
        meaning="Interrupts are not remapped, so that a guest with the device could raise any "
        "interrupt of the host: vfio does not hand it out.",
        subject="the device",
        cure="see earlier lines for the reason (an I/O APIC that the IVRS or the DMAR lacks: "
        "dtlink lint on the tables, ivrs/missing-ioapic, dmar/ioapic; remapping that is off in "
        "the firmware's setup; on Arm an MSI controller that does not isolate devices). If all "
        "guests are trusted: vfio_iommu_type1.allow_unsafe_interrupts=1",
        source="drivers/vfio/vfio_iommu_type1.c, vfio_iommu_type1_attach_group()",
        follows=("ivrs-remap-off", "ivrs-ioapic", "ivrs-sb-ioapic", "dmar-remap-off"),
    ),
    LogMessage(
        kind="direct-failed",
        topic=Topic.FIRMWARE,
        needles=("establish FW requested direct mapping",),
        pattern=DEVICE + r"IOMMU driver was not able to establish FW requested direct mapping",
        harm=Harm.HARMFUL,
        sample="pci 0000:00:00.2: IOMMU driver was not able to establish FW requested direct "
        "mapping.",
        meaning="Memory that the firmware reserves for a device behind this IOMMU (RMRR, IVMD, "
        "RMR, iommu-addresses) could not be mapped: the device's DMA there is refused.",
        cure="see whether the region is empty, overlaps another or cannot be accessed: dtlink lint "
        "on the tables (dmar/reserved-region, ivrs/memory-range, iort/rmr-range)",
        source="drivers/iommu/iommu.c, iommu_setup_default_domain()",
        since="6.12",
    ),
    LogMessage(
        kind="dma-ops-kept",
        topic=Topic.FIRMWARE,
        needles=("retaining platform DMA ops",),
        pattern=r"Failed to set up IOMMU for device (?P<device>\S{1,200}); retaining platform DMA",
        harm=Harm.HARMFUL,
        sample="Failed to set up IOMMU for device 0000:01:00.0; retaining platform DMA ops",
        meaning="The device has an IOMMU, and none of its addresses can be used: the device's "
        "range (dma-ranges, _DMA, a memory address limit) and that of the IOMMU do not meet.",
        cure="correct the range, or the limit; dtlink lint on the tables: iort/address-limit",
        source="drivers/iommu/dma-iommu.c, iommu_setup_dma_ops(), iommu_dma_init_domain()",
    ),
)

_AMD_SETUP = (
    LogMessage(
        kind="ivrs-efr",
        topic=Topic.SYSTEM,
        needles=("EFR mismatch. Use IVHD EFR",),
        pattern=r"EFR mismatch\. Use IVHD EFR",
        harm=Harm.DEPENDS,
        sample="AMD-Vi: [Firmware Warn]: EFR mismatch. Use IVHD EFR (0x1 : 0x2).",
        forms=(
            "AMD-Vi: [Firmware Warn]: EFR mismatch. Use IVHD EFR (0x1 : 0x2), EFR2 (0x0 : 0x0).",
        ),
        meaning="The features of an AMD IOMMU in the IVRS differ from those in its register; the "
        "kernel takes those of the IVRS.",
        cure="see what the firmware meant to switch off by it, or copy the register",
        source="drivers/iommu/amd/init.c, late_iommu_features_init()",
    ),
    LogMessage(
        kind="ivrs-uid",
        topic=Topic.FIRMWARE,
        needles=("No ACPI device matched UID",),
        pattern=r"No ACPI device matched UID, but (?P<number>\d{1,10}) devices? matched HID",
        harm=Harm.HARMFUL,
        sample="[Firmware Bug]: No ACPI device matched UID, but 1 device matched HID.",
        meaning="A device of the IVRS has a unique ID (UID) that no device of the namespace has; "
        "the kernel takes the only one with the hardware ID, if there is one.",
        cure="write the UID of the device into its entry (F0h) of the IVRS; users: "
        "ivrs_acpihid=HID:UID@BUS:DEVICE.FUNCTION",
        source="drivers/iommu/amd/iommu.c, get_acpihid_device_id()",
        since="6.12",
    ),
)

_ARM_SETUP = (
    LogMessage(
        kind="smmu-strtab",
        topic=Topic.SYSTEM,
        needles=("strtab only covers",),
        pattern=DEVICE + r"2-level strtab only covers \d{1,3}/\d{1,3} bits of SID",
        harm=Harm.HARMLESS,
        sample="arm-smmu-v3 arm-smmu-v3.0.auto: 2-level strtab only covers 25/32 bits of SID",
        meaning="A limit of the driver's stream table, not of the firmware's tables: only a stream "
        "ID above it would be out of reach.",
        source=f"{_SMMU_V3}, arm_smmu_init_strtab_2lvl()",
    ),
    LogMessage(
        kind="smmu-was-on",
        topic=Topic.SYSTEM,
        needles=("SMMU currently enabled! Resetting...",),
        pattern=DEVICE + r"SMMU currently enabled! Resetting\.\.\.",
        harm=Harm.HARMLESS,
        sample="arm-smmu-v3 arm-smmu-v3.0.auto: SMMU currently enabled! Resetting...",
        meaning="The boot loader, or the kernel before a kexec, left the SMMU on: DMA that it left "
        "running faults from here on.",
        source=f"{_SMMU_V3}, arm_smmu_device_reset()",
    ),
    LogMessage(
        kind="smmu-no-irq",
        topic=Topic.FIRMWARE,
        needles=("irq - events will not be reported", "irq - errors will not be reported"),
        pattern=DEVICE + r"no (?:evtq|gerr) irq - (?:events|errors) will not be reported!",
        harm=Harm.HARMFUL,
        sample="arm-smmu-v3 arm-smmu-v3.0.auto: no evtq irq - events will not be reported!",
        forms=("arm-smmu-v3 1.iommu: no gerr irq - errors will not be reported!",),
        meaning="An SMMUv3 has no interrupt for its events or errors: devices' faults are silent.",
        cure="give it its GSIVs in the IORT, or a DeviceID mapping to an ITS; in a devicetree "
        "interrupts with interrupt-names eventq and gerror",
        source=f"{_SMMU_V3}, arm_smmu_setup_unique_irqs()",
    ),
    LogMessage(
        kind="smmu-coherency",
        topic=Topic.SYSTEM,
        needles=("IDR0.COHACC overridden",),
        pattern=r"IDR0\.COHACC overridden by FW configuration \((?P<value>true|false)\)",
        harm=Harm.DEPENDS,
        sample="arm-smmu-v3 arm-smmu-v3.0.auto: IDR0.COHACC overridden by FW configuration (false)",
        meaning="The firmware says something else of the SMMU's coherency than its register does; "
        "the kernel takes the firmware's word.",
        cure="correct the COHACC override of the IORT's node, or dma-coherent of the devicetree's: "
        "false costs time only, true where it is not so corrupts its tables",
        source=f"{_SMMU_V3}, arm_smmu_device_hw_probe()",
    ),
    LogMessage(
        kind="smmu-region",
        topic=Topic.FIRMWARE,
        needles=("MMIO region too small",),
        pattern=DEVICE + r"MMIO region too small",
        harm=Harm.HARMFUL,
        sample="arm-smmu-v3 1.iommu: MMIO region too small ([mem 0x1-0x2])",
        meaning="The registers of an SMMUv3 need more room than it has: it does not probe.",
        cure="give it 128 KiB in reg (64 KiB only if it is known not to have page 1)",
        source=f"{_SMMU_V3}, arm_smmu_device_probe()",
    ),
    LogMessage(
        kind="smmu-rmr",
        topic=Topic.FIRMWARE,
        needles=("bypass failed",),
        pattern=DEVICE + r"RMR SID\((?P<stream>0x[0-9a-f]{1,8})\) bypass failed",
        harm=Harm.HARMFUL,
        sample="arm-smmu-v3 arm-smmu-v3.0.auto: RMR SID(0x100) bypass failed",
        meaning="An SMMUv3 cannot let pass what the firmware reserves memory for: the stream ID is "
        "larger than it can take, or there is no memory for its table.",
        cure="correct the ID mappings of the RMR node in the IORT",
        source=f"{_SMMU_V3}, arm_smmu_rmr_install_bypass_ste()",
        since="6.1",
    ),
    LogMessage(
        kind="smmu-context-irqs",
        topic=Topic.FIRMWARE,
        needles=("context irq(s) but",),
        pattern=DEVICE
        + r"found only (?P<number>\d{1,4}) context irq\(s\) but (?P<most>\d{1,4}) required",
        harm=Harm.HARMFUL,
        sample="arm-smmu arm-smmu.0.auto: found only 1 context irq(s) but 8 required",
        meaning="An SMMUv2 needs an interrupt for each context bank, and is described with fewer: "
        "it does not probe.",
        cure="list an interrupt for each context bank, the same one again if they share it",
        rule="iort/smmu-interrupts",
        source=f"{_SMMU}, arm_smmu_device_probe()",
    ),
    LogMessage(
        kind="smmu-size",
        topic=Topic.FIRMWARE,
        needles=("differs from mapped region size",),
        pattern=DEVICE + r"SMMU address space size \(0x[0-9a-f]{1,8}\) differs from mapped region",
        harm=Harm.HARMFUL,
        sample="arm-smmu 1.iommu: SMMU address space size (0x20000) differs from mapped region "
        "size (0x10000)!",
        meaning="The registers of an SMMUv1 or v2 are described with another size than they have.",
        cure="write the size that the kernel found into reg, or into the span of the IORT's node",
        source=f"{_SMMU}, arm_smmu_device_cfg_probe()",
    ),
    LogMessage(
        kind="its-absent",
        topic=Topic.FIRMWARE,
        needles=("No ITS detected, giving up",),
        pattern=r"ITS@(?P<address>0x[0-9a-f]{1,16}): No ITS detected, giving up",
        harm=Harm.HARMFUL,
        sample="ITS@0x0000000008080000: No ITS detected, giving up",
        meaning="There is no GICv3 ITS where the firmware says that one is: devices whose host "
        "leads to it get no MSIs.",
        subject="the ITS",
        cure="take the ITS out of the MADT and out of the IORT's groups and mappings, or out of "
        "the tree with its msi-parent and msi-map; or correct its address",
        source=f"{_ITS}, its_map_one()",
    ),
    LogMessage(
        kind="its-none",
        topic=Topic.SYSTEM,
        needles=("No ITS available, not enabling LPIs",),
        pattern=r"ITS: No ITS available, not enabling LPIs",
        harm=Harm.HARMLESS,
        sample="ITS: No ITS available, not enabling LPIs",
        meaning="The GICv3 has no ITS, or none that works: there are no LPIs.",
        source=f"{_ITS}, its_init()",
    ),
)

_OTHER_SETUP = (
    LogMessage(
        kind="viot-no-iommu",
        topic=Topic.FIRMWARE,
        needles=("Could not find PCI IOMMU", "Could not find MMIO IOMMU"),
        pattern=r"VIOT: Could not find (?:PCI|MMIO) IOMMU",
        harm=Harm.HARMFUL,
        sample="ACPI: VIOT: Could not find PCI IOMMU",
        forms=("ACPI: VIOT: Could not find MMIO IOMMU",),
        meaning="The VIOT names a virtio-iommu that the machine does not have: the endpoints of "
        "the table run untranslated.",
        cure="write the segment and the function, or the base address, that the device has "
        "(lspci; _CRS of LNRO0005)",
        source="drivers/acpi/viot.c, viot_get_pci_iommu_fwnode(), viot_get_mmio_iommu_fwnode()",
        since="6.1",
    ),
    LogMessage(
        kind="rimt-no-iommu",
        topic=Topic.FIRMWARE,
        needles=("Could not find IOMMU node in RIMT",),
        pattern=r"Could not find IOMMU node in RIMT",
        harm=Harm.HARMFUL,
        sample="ACPI: RIMT: Could not find IOMMU node in RIMT",
        meaning="A RISC-V IOMMU has no node in the RIMT (by its address, or its segment and "
        "function): it does not probe, and what the RIMT maps to it waits.",
        cure="write the base address, or the segment and function, of the IOMMU into its node",
        source="drivers/acpi/riscv/rimt.c, rimt_iommu_register()",
        since="7.2",
    ),
    LogMessage(
        kind="riscv-iommu-irqs",
        topic=Topic.FIRMWARE,
        needles=(
            *("failed to find an MSI domain", "unable to use wire-signaled interrupts"),
            "no IRQ resources provided",
        ),
        pattern=r"(?<!\S)(?P<driver>riscv,iommu|riscv-iommu\S{0,24}) (?P<device>\S{1,200}): "
        r".{0,40}?(?:failed to find an MSI domain|unable to use wire-signaled interrupts"
        r"|no IRQ resources provided)",
        harm=Harm.HARMFUL,
        sample="riscv,iommu RSCV0004:00: no IRQ resources provided",
        forms=(
            "riscv,iommu 1.iommu: failed to find an MSI domain",
            "riscv,iommu 1.iommu: unable to use wire-signaled interrupts",
        ),
        meaning="A RISC-V IOMMU lacks interrupts: MSIs are tried first, and wires are used only "
        "where there are none. The kernel does not read the wires of the RIMT.",
        cure="list the interrupts in _CRS of the IOMMU's device (or in interrupts of its node), or "
        "give it an MSI controller (msi-parent; an IMSIC in the MADT)",
        source=f"{_RISCV}, riscv_iommu_platform_probe()",
        since="7.2",
    ),
)

SETUP_LINES = (*_VTD_SETUP, *_GUEST_SETUP, *_AMD_SETUP, *_ARM_SETUP, *_OTHER_SETUP)
