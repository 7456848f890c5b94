"""What IOMMUs say of their masters (rows for :mod:`dtlink.facts.loglines`)."""

from __future__ import annotations

from dtlink.facts.loglines.row import DEVICE, Harm, LogMessage, Topic

_SMMU = "drivers/iommu/arm/arm-smmu/arm-smmu.c"
_SMMU_V3 = "drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c"

#: The events that an SMMUv3 records (Arm SMMUv3 architecture, IHI 0070, 7.3).
SMMU_V3_EVENTS = {
    0x01: "F_UUT: an unsupported transaction",
    0x02: "C_BAD_STREAMID: a stream ID that the SMMU's table has no entry for",
    0x03: "F_STE_FETCH: the stream table could not be read",
    0x04: "C_BAD_STE: a stream without a valid entry (no driver has attached this stream ID)",
    0x05: "F_BAD_ATS_TREQ: a translation request of a device that may not send any",
    0x06: "F_STREAM_DISABLED: a stream that is not enabled for this kind of access",
    0x07: "F_TRANSL_FORBIDDEN: a translated access of a device that may not send any",
    0x08: "C_BAD_SUBSTREAMID: a bad substream ID",
    0x09: "F_CD_FETCH: the context descriptor could not be read",
    0x0A: "C_BAD_CD: a bad context descriptor",
    0x0B: "F_WALK_EABT: a page table could not be read",
    0x10: "F_TRANSLATION: an address that is not mapped",
    0x11: "F_ADDR_SIZE: an address that is too large",
    0x12: "F_ACCESS: a page that was never accessed",
    0x13: "F_PERMISSION: an access that the mapping forbids",
    0x20: "F_TLB_CONFLICT: two translations for one address",
    0x21: "F_CFG_CONFLICT: two configurations for one stream",
    0x24: "E_PAGE_REQUEST: a page was asked for",
    0x25: "F_VMS_FETCH: the structure of a virtual machine could not be read",
}

#: Events of a stream that a driver has attached: its tables are there, and refuse the access.
SMMU_V3_ATTACHED = frozenset((0x0B, 0x10, 0x11, 0x12, 0x13))
#: What to do about them; about the others the rows say it.
ATTACHED_CURE = (
    "the stream ID is right, and attached: the device's driver has not mapped the address (a "
    "driver's or the device's fault; iommu.passthrough=1 shows which), or the firmware uses the "
    "device and reserves no memory for it (an RMR of the IORT, iommu-addresses)"
)

_RESERVED = (
    "The firmware reserves memory that this device uses at any time (an RMRR of the DMAR, an IVMD "
    "of the IVRS, an RMR of the IORT): the kernel does not give the device to a guest."
)
_NO_GUEST = (
    "switch off in the firmware's setup what uses the memory (remote management, legacy USB), or "
    "update it so that the region does not list this device; dtlink links on the tables shows it"
)

IOMMU_LINES = (
    LogMessage(
        kind="context-fault",
        topic=Topic.FAULT,
        needles=("Unhandled context fault",),
        pattern=r"(?<!\S)(?P<driver>\S{1,64}) (?P<iommu>\S{1,200}): Unhandled context fault: "
        r"fsr=(?P<fsr>0x[0-9a-f]{1,16}), iova=(?P<address>0x[0-9a-f]{1,16}), "
        r"fsynr=0x[0-9a-f]{1,16}(?:, cbfrsynra=(?P<stream>0x[0-9a-f]{1,8}))?",
        harm=Harm.HARMFUL,
        sample="arm-smmu 15000000.iommu: Unhandled context fault: fsr=0x402, "
        "iova=0x9c4b9000, fsynr=0x370000, cbfrsynra=0x800, cb=3",
        meaning="A device that the SMMU translates for used an address that was not mapped.",
        cure="at boot this is mostly DMA that the boot loader left running (a display that scans "
        "out): describe its buffer in /reserved-memory with iommu-addresses, or stop the DMA "
        "before the kernel starts; later it is a driver's fault",
        source=f"{_SMMU}, arm_smmu_print_context_fault_info()",
    ),
    LogMessage(
        kind="smmu-event",
        topic=Topic.FAULT,
        needles=(" received:",),
        pattern=r"(?<!\S)(?P<driver>\S{1,64}) (?P<iommu>\S{1,200}): event (?P<event>0x[0-9a-f]{2}) "
        r"received:",
        harm=Harm.HARMFUL,
        sample="arm-smmu-v3 arm-smmu-v3.0.auto: event 0x02 received:",
        meaning="An SMMUv3 refused a device's access.",
        cure="give the device this stream ID in iommus, or its host in iommu-map; or stop DMA that "
        "the boot loader left running",
        source=f"{_SMMU_V3}, arm_smmu_evtq_thread()",
    ),
    LogMessage(
        kind="smmu-event",
        topic=Topic.FAULT,
        needles=("event: ",),
        pattern=r"(?<!\S)(?P<driver>\S{1,64}) (?P<iommu>\S{1,200}): event: "
        r"(?P<event>[A-Z]\w{1,40}) client: (?:(?P<client>[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.\d)"
        r"|.{1,200}?) sid: (?P<stream>0x[0-9a-f]{1,8})",
        harm=Harm.HARMFUL,
        sample="arm-smmu-v3 arm-smmu-v3.0.auto: event: F_TRANSLATION client: 0000:00:02.0 "
        "sid: 0x10 ssid: 0x0 iova: 0x9000 ipa: 0x0",
        since="7.2",
        meaning="An SMMUv3 refused a device's access.",
        cure="give the device this stream ID in iommus, or its host in iommu-map; or stop DMA that "
        "the boot loader left running",
        source=f"{_SMMU_V3}, arm_smmu_dump_event()",
    ),
    LogMessage(
        kind="unknown-stream",
        topic=Topic.FAULT,
        needles=("unknown Stream ID",),
        pattern=r"(?<!\S)(?P<driver>\S{1,64}) (?P<iommu>\S{1,200}): "
        r"Blocked unknown Stream ID (?P<stream>0x[0-9a-f]{1,8})",
        harm=Harm.HARMFUL,
        sample="arm-smmu 1.iommu: Blocked unknown Stream ID 0x4a0; boot with "
        '"arm-smmu.disable_bypass=0"',
        meaning="The SMMU blocked DMA of a stream ID that no device has attached.",
        cure="name the stream ID in the iommus of the device that has it; "
        "arm-smmu.disable_bypass=0 lets all such DMA pass, unprotected",
        source=f"{_SMMU}, arm_smmu_global_fault()",
    ),
    LogMessage(
        kind="global-fault",
        topic=Topic.FAULT,
        needles=("Unexpected global fault",),
        pattern=r"(?<!\S)(?P<driver>\S{1,64}) (?P<iommu>\S{1,200}): "
        r"Unexpected global fault, this could be serious",
        harm=Harm.HARMFUL,
        sample="arm-smmu 1.iommu: Unexpected global fault, this could be serious",
        meaning="The SMMU met an access that belongs to no translation.",
        cure="the lines after it have the stream ID (GFSYNR1, lower half): name it in the iommus "
        "of the device that has it; before a driver runs it is DMA that the boot loader left on",
        source=f"{_SMMU}, arm_smmu_global_fault()",
    ),
    LogMessage(
        kind="fault-detail",
        topic=Topic.FAULT,
        needles=("0x", "FSR ", "FSYNR0"),
        pattern=r"(?<!\S)(?P<driver>arm-smmu\S{0,16}) (?P<iommu>\S{1,200}): (?:\s*"
        r"(?P<record>0x[0-9a-f]{16})$|FSR +=.{0,160}?SID=(?P<stream>0x[0-9a-f]{1,8})|FSYNR0 +="
        r"|\s*GFSR 0x)",
        harm=Harm.HARMLESS,
        sample="arm-smmu-v3 1.iommu: 	0x0000001000000002",
        meaning="Details of the fault in the line before.",
    ),
    LogMessage(
        kind="mmu-masters",
        topic=Topic.FIRMWARE,
        needles=("mmu-masters",),
        pattern=r"(?:(?<!\S)(?P<driver>\S{1,64}) (?P<device>\S{1,200}): |arm-smmu: )?deprecated "
        r"\"?mmu-masters\"? DT property in use; (?P<what>[\w ]{1,32}) support unavailable",
        harm=Harm.HARMFUL,
        sample='arm-smmu: deprecated "mmu-masters" DT property in use; SMMU support unavailable',
        meaning="The SMMU lists its masters in an old binding, which this kernel serves in part, "
        "or not at all.",
        cure="give each master iommus = <&smmu ID>; and take mmu-masters out",
        rule="legacy/mmu-masters",
        source=f"{_SMMU}, arm_smmu_device_dt_probe()",
    ),
    LogMessage(
        kind="mmu-masters-mixed",
        topic=Topic.FIRMWARE,
        needles=("mismatched DT properties",),
        pattern=DEVICE + r"not probing due to mismatched DT properties",
        harm=Harm.HARMFUL,
        sample="arm-smmu a.b: not probing due to mismatched DT properties",
        meaning="Some SMMUs have mmu-masters, others the generic binding; this one does not probe.",
        cure="describe the masters of all SMMUs with iommus",
        rule="legacy/mixed-iommu-bindings",
        source=f"{_SMMU}, arm_smmu_device_dt_probe()",
    ),
    LogMessage(
        kind="stream-range",
        topic=Topic.FIRMWARE,
        needles=("out of range for SMMU",),
        pattern=DEVICE + r"(?:stream ID|SMR mask) 0x[0-9a-f]{1,8} out of range for SMMU",
        harm=Harm.HARMFUL,
        sample="eth a.b: stream ID 0x10000 out of range for SMMU (0x7fff)",
        meaning="A stream ID, or its mask, is larger than the SMMU can take; the device runs "
        "untranslated, or its DMA is blocked.",
        cure="write the stream ID in iommus that the device has at this SMMU",
        rule="iommu/stream-id-range",
        source=f"{_SMMU}, arm_smmu_probe_device()",
    ),
    LogMessage(
        kind="stream-taken",
        topic=Topic.FIRMWARE,
        needles=("already in tree from dev",),
        pattern=DEVICE
        + r"stream (?P<number>\d{1,10}) already in tree from dev (?P<other>\S{1,200})",
        harm=Harm.HARMFUL,
        sample="nvme 0000:01:00.0: stream 256 already in tree from dev 0000:02:00.0",
        since="6.1",
        until="6.12",
        meaning="Two devices have one stream ID at an SMMUv3; the second one is refused.",
        cure="give each device its own stream ID",
        rule="iommu/shared-stream-id",
        source=f"{_SMMU_V3}, arm_smmu_insert_master()",
    ),
    LogMessage(
        kind="stream-alias",
        topic=Topic.FIRMWARE,
        needles=("Aliasing StreamID",),
        pattern=DEVICE
        + r"Aliasing StreamID (?P<stream>0x[0-9a-f]{1,8}) \(from (?P<other>[^)]{1,200})\)",
        harm=Harm.HARMFUL,
        sample="nvme 0000:02:00.0: Aliasing StreamID 0x100 (from 0000:01:00.0) unsupported, "
        "expect DMA to be broken",
        meaning="Two devices have one stream ID at an SMMUv3: what is mapped for one is not mapped "
        "for the other, whose DMA faults.",
        cure="give each device its own stream ID (iommus, iommu-map, or the ID mappings of the "
        "IORT)",
        rule="iommu/shared-stream-id",
        source=f"{_SMMU_V3}, arm_smmu_insert_master()",
        since="7.2",
    ),
    LogMessage(
        kind="rmrr-ineligible",
        topic=Topic.FIRMWARE,
        needles=("platform RMRR requirement",),
        pattern=DEVICE + r".{0,16}?Device is ineligible for IOMMU domain attach due to platform "
        r"RMRR",
        harm=Harm.HARMFUL,
        sample="vfio-pci 0000:04:00.1: DMAR: Device is ineligible for IOMMU domain attach due to "
        "platform RMRR requirement.  Contact your platform vendor.",
        meaning=_RESERVED,
        cure=_NO_GUEST,
        source="drivers/iommu/intel/iommu.c, intel_iommu_attach_device()",
        until="6.1",
    ),
    LogMessage(
        kind="direct-required",
        topic=Topic.FIRMWARE,
        needles=("1:1 IOMMU mapping",),
        pattern=DEVICE + r"Firmware has requested this device have a 1:1 IOMMU mapping",
        harm=Harm.HARMFUL,
        sample="vfio-pci 0000:04:00.1: Firmware has requested this device have a 1:1 IOMMU "
        "mapping, rejecting configuring the device without a 1:1 mapping.",
        meaning=_RESERVED,
        cure=_NO_GUEST,
        follows=("rmrr-ineligible",),
        source="drivers/iommu/iommu.c, __iommu_device_set_domain()",
        since="6.12",
    ),
    LogMessage(
        kind="dma-overflow",
        topic=Topic.FIRMWARE,
        needles=(" overflow (mask ",),
        pattern=DEVICE + r"(?:DMA|swiotlb) addr (?P<address>0x[0-9a-f]{1,16})\+\d{1,20} overflow "
        r"\(mask (?P<mask>[0-9a-f]{1,16}), bus limit (?P<limit>[0-9a-f]{1,16})\)",
        harm=Harm.HARMFUL,
        sample="xhci-hcd PNP0D10:00: DMA addr 0x00000000a3930000+65536 overflow "
        "(mask ffffffffffffffff, bus limit 7fffffff).",
        meaning="A buffer of the device lies above what it can reach: above the mask of its "
        "driver, or above the limit of its bus (dma-ranges of a devicetree; _DMA, or the memory "
        "address limit of the IORT), which is 0 if there is none.",
        cure="correct the limit if the device reaches more (dtlink lint on the tables: "
        "iort/address-limit); if it is true, boot with swiotlb=force, which gives the kernel "
        "memory below it to copy through",
        source="kernel/dma/direct.h, dma_direct_map_phys(); kernel/dma/swiotlb.c, swiotlb_map()",
    ),
    LogMessage(
        kind="no-map-entry",
        topic=Topic.FAULT,
        needles=("translation for id",),
        pattern=r"OF: (?P<node>/\S{0,511}): no (?P<map>\S{1,32}) translation for id "
        r"(?P<id>0x[0-9a-f]{1,8}) on",
        harm=Harm.DEPENDS,
        sample="OF: /pcie@1: no iommu-map translation for id 0x8 on (null)",
        meaning="A function is in no row of its host's map: it is served without (harmless for the "
        "IOMMU itself).",
        rule="iommu/bus-uncovered",
        source="drivers/of/base.c, of_map_id()",
    ),
    LogMessage(
        kind="iommu-group",
        topic=Topic.PROBE,
        needles=("to iommu group",),
        pattern=DEVICE + r"Adding to iommu group \d{1,9}",
        harm=Harm.HARMLESS,
        sample="nvme 0000:00:03.0: Adding to iommu group 1",
        meaning="An IOMMU translates for a device.",
        source="drivers/iommu/iommu.c, iommu_init_device()",
    ),
)
