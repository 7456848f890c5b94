"""Interrupts that are not remapped, or not delivered (rows for :mod:`dtlink.facts.loglines`)."""

from __future__ import annotations

from dtlink.facts.loglines.row import Harm, LogMessage, Topic

_APIC = "arch/x86/kernel/apic/apic.c"
_VTD = "drivers/iommu/intel/irq_remapping.c"
_WARNING = "kernel/panic.c, __warn()"
_ITS = "drivers/irqchip/irq-gic-v3-its.c"

INTERRUPT_LINES = (
    LogMessage(
        kind="x2apic-no-remapping",
        topic=Topic.SYSTEM,
        needles=("IRQ remapping doesn't support X2APIC mode",),
        pattern=r"x2apic: IRQ remapping doesn't support X2APIC mode",
        harm=Harm.DEPENDS,
        sample="x2apic: IRQ remapping doesn't support X2APIC mode",
        meaning="Interrupts are not remapped, so that CPUs with an APIC ID above 254 are not used "
        "and guests get no devices.",
        cure="switch on VT-d or AMD-Vi in the firmware's setup (ACPI then has a DMAR or an IVRS), "
        "and CONFIG_IRQ_REMAP in the kernel",
        source=f"{_APIC}, try_to_enable_x2apic()",
    ),
    LogMessage(
        kind="x2apic-opt-out",
        topic=Topic.SYSTEM,
        needles=("x2apic opt out bit",),
        pattern=r"x2apic is disabled because BIOS sets x2apic opt out bit",
        harm=Harm.DEPENDS,
        sample="DMAR-IR: x2apic is disabled because BIOS sets x2apic opt out bit.",
        meaning="The DMAR has X2APIC_OPT_OUT set: CPUs with an APIC ID above 254 are not used.",
        cure="where that is not meant, clear bit 1 of the DMAR's flags (bit 2 is "
        "DMA_CTRL_PLATFORM_OPT_IN; dtlink links prints them), or boot with "
        "intremap=no_x2apic_optout",
        source=f"{_VTD}, intel_prepare_irq_remapping()",
    ),
    LogMessage(
        kind="ivrs-ga-log",
        topic=Topic.SYSTEM,
        needles=("enable_iommus_vapic", "iommu_ga_log_enable"),
        pattern=r"WARNING: (?=.{0,80}drivers/iommu/amd/init\.c:).{0,160}?"
        r"\b(?:enable_iommus_vapic|iommu_ga_log_enable)\+",
        harm=Harm.DEPENDS,
        sample="WARNING: CPU: 2 PID: 1 at drivers/iommu/amd/init.c:980 enable_iommus_vapic+0x1/0x3",
        forms=(
            "WARNING: drivers/iommu/amd/init.c:980 at enable_iommus_vapic+0x1/0x3, CPU#2: init/1",
        ),
        meaning="An AMD IOMMU says that it delivers interrupts to guests (GA, GAM), but its log "
        "for them does not start or stop: the kernel goes on without, and translates DMA.",
        cure="boot with amd_iommu_intr=legacy, which does not try it; the firmware has to set the "
        "IOMMU up, or to leave the feature out of its registers and the IVRS",
        source=f"{_WARNING}, of enable_iommus_vapic() and iommu_ga_log_enable() "
        "(drivers/iommu/amd/init.c)",
    ),
    LogMessage(
        kind="msi-no-domain",
        topic=Topic.FIRMWARE,
        needles=("pci_msi_setup_msi_irqs", "pci_msi_legacy_setup_msi_irqs"),
        pattern=r"WARNING: (?=.{0,80}drivers/pci/msi/).{0,160}?"
        r"\bpci_msi_(?:legacy_)?setup_msi_irqs\+",
        harm=Harm.HARMFUL,
        sample="WARNING: CPU: 0 PID: 8 at drivers/pci/msi/msi.h:121 pci_msi_setup_msi_irqs+0x2/0x4",
        forms=(
            "WARNING: drivers/pci/msi/msi.h:121 at pci_msi_setup_msi_irqs+0x2/0x4, CPU#0: k/0/8",
        ),
        meaning="A PCI device asked for MSIs and has no MSI controller.",
        subject="a PCI device",
        cure="on x86 with interrupt remapping: no unit of the DMAR covers the device "
        "(dmar/uncovered); on Arm: its host has no msi-map or msi-parent, or no mapping to an ITS "
        "in the IORT (iort/no-its-mapping); the call trace shows the driver of the device",
        source=f"{_WARNING}, of pci_msi_legacy_setup_msi_irqs() (drivers/pci/msi/msi.h)",
    ),
    LogMessage(
        kind="its-stuck",
        topic=Topic.FIRMWARE,
        needles=("ITS queue timeout", "ITS cmd "),
        pattern=r"ITS queue timeout \(|ITS cmd \w{1,40} failed",
        harm=Harm.HARMFUL,
        sample="ITS queue timeout (544 1)",
        forms=("ITS cmd its_build_mapd_cmd failed",),
        meaning="A GICv3 ITS does not execute its commands: no MSI is delivered.",
        subject="the ITS",
        cure="see whether the ITS can read its command queue: in a devicetree give the ITS "
        "dma-noncoherent where it does not snoop the caches; RK356x and RK3588 need the kernel's "
        "CONFIG_ROCKCHIP_ERRATUM_3568002 and _3588001; where there is no ITS, take it out of the "
        "MADT and the IORT, or out of the tree",
        source=f"{_ITS}, its_wait_for_range_completion(), BUILD_SINGLE_CMD_FUNC()",
    ),
)
