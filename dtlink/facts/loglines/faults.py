"""Accesses and interrupts that IOMMUs of x86 refused, and IOMMUs that do not respond.

Rows for :mod:`dtlink.facts.loglines`.
"""

from __future__ import annotations

from dtlink.facts.loglines.row import Harm, LogMessage, Topic

_SMMU = "drivers/iommu/arm/arm-smmu/arm-smmu.c"
_SMMU_V3 = "drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c"
_VTD = "drivers/iommu/intel/dmar.c"
_AMD = "drivers/iommu/amd/iommu.c"

#: A PCI function; before 6.x VT-d and AMD's driver left the segment out, and VT-d's wrote 0x before
#: each number in some versions after 5.12.
_FUNCTION = r"(?:[0-9a-f]{4,8}:)?(?:0x)?[0-9a-f]{2}:(?:0x)?[0-9a-f]{2}\.[0-9a-f]"
_DRIVERS_FAULT = (
    "while it boots, this is mostly a device (a display) that the boot loader left running: "
    "describe its buffer in /reserved-memory with iommu-addresses; later it is the fault of the "
    "master's driver, or of a master whose iommus names another IOMMU or ID than it has"
)
#: A fault reason: two decimal digits in Linux 5.10, hexadecimal with 0x in 6.1.
_REASON = "0x[0-9a-f]{1,4}|[0-9]{1,4}"
_DEVICE_IOMMU = r"(?<!\S)(?P<driver>\S{1,64}) (?P<iommu>\S{1,200}): "

#: What an event of an AMD IOMMU is (AMD I/O Virtualization Technology, 48882, 2.5).
AMD_EVENTS = {
    "IO_PAGE_FAULT": "an access to an address that is not mapped, or not for this kind of access",
    "ILLEGAL_DEV_TABLE_ENTRY": "the device's entry of the device table is invalid",
    "INVALID_DEVICE_REQUEST": "a request that the device may not make",
    "INVALID_PPR_REQUEST": "a page request that the device may not make",
    "DEV_TAB_HARDWARE_ERROR": "the device table could not be read",
    "PAGE_TAB_HARDWARE_ERROR": "a page table could not be read",
    "IOTLB_INV_TIMEOUT": "the device did not answer an ATS invalidation",
    "RMP_HW_ERROR": "the reverse map of SEV-SNP could not be read",
    "RMP_PAGE_FAULT": "an access that the reverse map of SEV-SNP forbids",
    "COMMAND_HARDWARE_ERROR": "the IOMMU could not read its commands",
    "ILLEGAL_COMMAND_ERROR": "the IOMMU met an invalid command",
}
#: Fault reasons of VT-d (Intel VT-d specification, fault reason encodings). Those from 0x30 on are
#: of scalable mode.
VTD_REASONS = {
    0x01: "the root table has no entry for its bus",
    0x02: "the context table has no entry for it: no domain is attached",
    0x03: "its context entry is invalid",
    0x04: "the address is beyond what the unit can translate",
    0x05: "a write to an address that is not mapped for writing",
    0x06: "a read of an address that is not mapped for reading",
    0x07: "a page table that points to an invalid address",
    0x08: "the address of the root table is invalid",
    0x09: "the root table points to an invalid context table",
    0x0A: "a root entry with reserved bits set",
    0x0B: "a context entry with reserved bits set",
    0x0C: "a page table entry with reserved bits set",
    0x0D: "a request for a translation that its context entry forbids",
    0x20: "an interrupt request with reserved bits set",
    0x21: "an interrupt index beyond the table",
    0x22: "an interrupt index whose entry is not present",
    0x23: "the table of interrupts could not be read",
    0x24: "an interrupt entry with reserved bits set",
    0x25: "an interrupt request in the format without remapping",
    0x26: "an interrupt request with another source ID than its entry has",
    0x30: "the address of the root table is invalid",
    0x38: "the root entry could not be read",
    0x39: "the root table has no entry for its bus",
    0x40: "the context entry could not be read",
    0x41: "the context table has no entry for it: no domain is attached",
    0x43: "its context entry is invalid",
    0x45: "a request with a PASID, which its context entry does not allow",
    0x46: "a PASID larger than its context entry allows",
    0x47: "a page request, which its context entry does not allow",
    0x51: "its PASID directory has no entry for it",
    0x59: "its PASID table has no entry for it: no domain is attached",
    0x5B: "its PASID table entry is invalid",
    0x71: "the address is not mapped (first-level page table)",
    0x79: "the address is not mapped for this kind of access (second-level page table)",
    0x80: "the address is not canonical",
    0x83: "the address is beyond what the unit can translate",
    0x84: "a page table leads to an address beyond what the unit can translate",
    0x85: "a write to an address that is not mapped for writing",
    0x86: "a read of an address that is not mapped for reading",
    0x87: "a write to the range of interrupts that is not an interrupt request",
}

_DMA_CURE = (
    "at boot this is mostly DMA that the firmware left running (USB handover, graphics, a storage "
    "controller): it has to describe the memory ({table}) or stop the device; later it is a "
    "driver's fault"
)

FAULT_LINES = (
    LogMessage(
        kind="amd-event",
        topic=Topic.FAULT,
        needles=(
            *("Event logged [", "FAULT device=", "REQUEST device=", "ENTRY device="),
            *("ERROR device=", "TIMEOUT device="),
        ),
        # Kernels before 4.18 print the event in a line of its own, after "AMD-Vi: Event logged [".
        pattern=rf"(?:(?:(?<!\S)\S{{1,64}} (?P<requester>{_FUNCTION}): )?AMD-Vi: Event logged "
        rf"\[|^(?=\w{{1,32}} device=))(?P<event>{'|'.join(AMD_EVENTS)})"
        rf"(?: device=(?P<old_requester>{_FUNCTION}))?",
        harm=Harm.HARMFUL,
        sample="AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:04:00.3 domain=0x0000 "
        "address=0xffdefa80 flags=0x0050]",
        forms=(
            "AMD-Vi: Event logged [IO_PAGE_FAULT device=04:00.3 domain=0x0000",
            "nvme 0000:04:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0000 address=0x1",
        ),
        meaning="An AMD IOMMU refused a device's access, or could not translate it.",
        cure=_DMA_CURE.replace("{table}", "an IVMD block of the IVRS"),
        source=f"{_AMD}, iommu_print_event(), amd_iommu_report_page_fault()",
    ),
    LogMessage(
        kind="vtd-fault",
        topic=Topic.FAULT,
        needles=("] Request device [",),
        pattern=rf"DMAR: \[DMA [^\]]{{1,40}}\] Request device \[(?P<requester>{_FUNCTION})\]"
        r".{0,40}? fault addr (?:0x)?(?P<address>[0-9a-f]{1,16}) "
        rf"\[fault reason (?P<reason>{_REASON})\]",
        harm=Harm.HARMFUL,
        sample="DMAR: [DMA Write NO_PASID] Request device [0000:03:00.0] fault addr 0xbf450000 "
        "[fault reason 0x05] PTE Write access is not set",
        forms=("DMAR: [DMA Read] Request device [00:02.0] PASID 0 fault addr 9 [fault reason 06]",),
        meaning="A VT-d unit refused a device's DMA.",
        cure=_DMA_CURE.replace("{table}", "an RMRR of the DMAR"),
        source=f"{_VTD}, dmar_fault_do_one()",
    ),
    LogMessage(
        kind="vtd-interrupt",
        topic=Topic.FAULT,
        needles=("[INTR-REMAP]",),
        pattern=rf"\[INTR-REMAP\] Request device \[(?P<requester>{_FUNCTION})\] fault index "
        rf"(?:0x)?(?P<index>[0-9a-f]{{1,16}}) \[fault reason (?P<reason>{_REASON})\]",
        harm=Harm.HARMFUL,
        sample="DMAR: [INTR-REMAP] Request device [0000:01:05.0] fault index 0x2f "
        "[fault reason 0x26] Blocked an interrupt request due to source-id verification failure",
        meaning="A VT-d unit blocked an interrupt.",
        cure="a wrong source ID: the device sends with the requester ID of a bridge or of another "
        "function (look for a quirk for it), or the DMAR has a wrong scope for the I/O APIC or "
        "HPET (dmar/ioapic); an entry that is not present: the device kept interrupts from before "
        "the kernel started",
        source=f"{_VTD}, dmar_fault_do_one()",
    ),
    LogMessage(
        kind="vtd-fault-detail",
        topic=Topic.FAULT,
        needles=("handling fault status reg",),
        pattern=r"DRHD: handling fault status reg [0-9a-f]{1,8}",
        harm=Harm.HARMLESS,
        sample="DMAR: DRHD: handling fault status reg 3",
        meaning="The faults of a VT-d unit follow.",
        source=f"{_VTD}, dmar_fault()",
    ),
    LogMessage(
        kind="page-fault",
        topic=Topic.FAULT,
        needles=("Page fault ", "Unhandled fault: status", "fault type=0x"),
        pattern=_DEVICE_IOMMU + r"(?:Page fault (?:at|for) (?P<address>0x[0-9a-f]{1,16})"
        r"|Unhandled fault: status 0x[0-9a-f]{1,8} iova (?P<old_address>0x[0-9a-f]{1,16})"
        r"|fault type=0x[0-9a-f]{1,8} iova=0x[0-9a-f]{1,16} pa=)",
        harm=Harm.HARMFUL,
        sample="rk_iommu ff8f3f00.iommu: Page fault at 0x0000000000000000 of type read",
        forms=(
            "sun50i-iommu 30f0000.iommu: Page fault for 0x00000000ff8ac000 (master 1, dir wr)",
            "ipmmu-vmsa fe951000.iommu: Unhandled fault: status 0x00002105 iova 0xff000000",
            "mtk-iommu 10205000.iommu: fault type=0x280 iova=0x1fe00000 pa=0x0 ",
        ),
        meaning="A device that this IOMMU translates for used an address that is not mapped.",
        cure=_DRIVERS_FAULT,
        source="drivers/iommu/rockchip-iommu.c, rk_iommu_irq(); drivers/iommu/sun50i-iommu.c, "
        "sun50i_iommu_report_fault(); drivers/iommu/ipmmu-vmsa.c, ipmmu_domain_irq(); "
        "drivers/iommu/mtk_iommu.c, mtk_iommu_isr(); drivers/iommu/mtk_iommu_v1.c",
    ),
    LogMessage(
        kind="stream-fault",
        topic=Topic.FAULT,
        needles=("translation fault: status:", "devid: 0x"),
        pattern=_DEVICE_IOMMU
        + r"(?:translation fault: status:0x[0-9a-f]{1,8} stream:\d{1,5} code:\S{1,16} "
        r"\((?P<why>[^)]{1,40})\)|Fault \d{1,5} devid: (?P<stream>0x[0-9a-f]{1,8}) )",
        harm=Harm.HARMFUL,
        sample="riscv-iommu-pci 0000:00:01.0: Fault 13 devid: 0x18 iotval: ffd0 iotval2: 0",
        forms=(
            "apple-dart a.iommu: translation fault: status:0x1 stream:0 code:0x10 (READ FAULT) at",
        ),
        meaning="An access that the IOMMU could not translate.",
        cure=_DRIVERS_FAULT,
        since="6.1",
        source="drivers/iommu/riscv/iommu.c, riscv_iommu_fault(); drivers/iommu/apple-dart.c, "
        "apple_dart_t8020_irq()",
    ),
    LogMessage(
        kind="endpoint-fault",
        topic=Topic.FAULT,
        needles=(" fault from EP ",),
        pattern=r"(?<!\S)(?P<driver>virtio_iommu) (?P<iommu>\S{1,64}): \w{1,16} fault from EP "
        r"(?P<endpoint>\d{1,10})",
        harm=Harm.HARMFUL,
        sample="virtio_iommu virtio0: page fault from EP 16 at 0x8000 [R]",
        meaning="A virtio-iommu refused an access of an endpoint.",
        cure="an endpoint without a domain (unknown, domain): no driver has attached it, or the "
        "device ran before its driver; give the host its iommu-map, or the VIOT the endpoint",
        source="drivers/iommu/virtio-iommu.c, viommu_fault_handler()",
    ),
    LogMessage(
        kind="amd-completion",
        topic=Topic.FAULT,
        needles=("Completion-Wait loop timed out",),
        pattern=r"(?P<iommu>AMD-Vi): (?:IOMMU \S{1,16}: )?Completion-Wait loop timed out",
        harm=Harm.HARMFUL,
        sample="AMD-Vi: Completion-Wait loop timed out",
        forms=("AMD-Vi: IOMMU 0000:00:00.2: Completion-Wait loop timed out",),
        meaning="An AMD IOMMU no longer completes commands.",
        cure="mostly a device that is off or hung and does not answer an ATS invalidation (see the "
        "IOTLB_INV_TIMEOUT lines), or a firmware error: update the firmware; pci=noats shows "
        "which",
        source=f"{_AMD}, wait_on_sem()",
    ),
    LogMessage(
        kind="smmu-stuck",
        topic=Topic.FAULT,
        needles=("SMMU may be deadlocked", "CMD_SYNC timeout", "CMDQ timeout"),
        pattern=_DEVICE_IOMMU
        + r"(?:TLB sync timed out -- SMMU may be deadlocked|CMD_SYNC timeout|CMDQ timeout)",
        harm=Harm.HARMFUL,
        sample="arm-smmu 1.iommu: TLB sync timed out -- SMMU may be deadlocked",
        meaning="An SMMU no longer completes commands.",
        cure="see whether the clocks and power domains of the SMMU, or of a master with ATS or "
        "stalled transactions, are on",
        source=f"{_SMMU}, __arm_smmu_tlb_sync(); {_SMMU_V3}, arm_smmu_cmdq_issue_cmdlist()",
    ),
    LogMessage(
        kind="smmu-error",
        topic=Topic.FAULT,
        needles=("unexpected global error", "Service Failure Mode", "CMDQ error"),
        pattern=_DEVICE_IOMMU
        + r"(?:unexpected global error reported|device has entered Service Failure Mode"
        r"|CMDQ error \(cons 0x)",
        harm=Harm.HARMFUL,
        sample="arm-smmu-v3 1.iommu: unexpected global error reported (0x00000001), this could "
        "be serious",
        meaning="An SMMUv3 reported an error of its own.",
        cure="see the lines after it; an aborted MSI write means that its interrupts do not reach "
        "the ITS (iort/no-its-mapping, msi-parent)",
        source=f"{_SMMU_V3}, arm_smmu_gerror_handler(), arm_smmu_cmdq_skip_err()",
    ),
    LogMessage(
        kind="smmu-events-lost",
        topic=Topic.FAULT,
        needles=("overflow detected -- ", "events may have been lost", "MSI write aborted"),
        pattern=r"(?:EVTQ|PRIQ) overflow detected -- (?:events|requests) lost"
        r"|(?:EVTQ|PRIQ) write aborted -- events may have been lost"
        r"|(?:CMDQ|EVTQ|PRIQ|GERROR) MSI write aborted",
        harm=Harm.HARMLESS,
        sample="arm-smmu-v3 1.iommu: EVTQ overflow detected -- events lost",
        meaning="More faults came than are in the log.",
        source=f"{_SMMU_V3}, arm_smmu_evtq_thread(), arm_smmu_gerror_handler()",
    ),
)
