"""What the kernel reports of itself: release, command line, machine, PCI hosts; its stages."""

from __future__ import annotations

from dtlink.facts.loglines.row import DEVICE, Harm, LogMessage, Topic

HEADER_LINES = (
    LogMessage(
        kind="release",
        topic=Topic.SYSTEM,
        needles=("Linux version",),
        pattern=r"Linux version (?P<release>\S+)",
        harm=Harm.HARMLESS,
        meaning="The first line of a log: the release of the kernel.",
        source="init/version.c, linux_banner",
        sample="Linux version 6.12.0 (builder@host) (gcc 14.2.0) #1 SMP",
    ),
    LogMessage(
        kind="command-line",
        topic=Topic.SYSTEM,
        needles=("command line:",),
        pattern=r"Kernel command line: (?P<line>.*)",
        harm=Harm.HARMLESS,
        meaning="The command line that the kernel was started with.",
        source="init/main.c, start_kernel(), print_kernel_cmdline()",
        forms=("Kernel command line: ",),
        sample="Kernel command line: console=ttyAMA0 root=/dev/vda1 rw",
    ),
    LogMessage(
        kind="model",
        topic=Topic.SYSTEM,
        needles=("Machine model:",),
        pattern=r"Machine model: (?P<model>.*)",
        harm=Harm.HARMLESS,
        meaning="The model property of the devicetree's root node.",
        source="arch/arm64/kernel/setup.c, setup_machine_fdt()",
        sample="Machine model: Vendor Board",
    ),
    LogMessage(
        kind="pci-host",
        topic=Topic.SYSTEM,
        needles=("PCI host bridge to bus",),
        pattern=DEVICE + r"PCI host bridge to bus (?P<segment>[0-9a-f]{4,8}):(?P<bus>[0-9a-f]{2})",
        harm=Harm.HARMLESS,
        meaning="A host bridge, and the segment and number of its root bus.",
        source="drivers/pci/probe.c, pci_register_host_bridge()",
        sample="pci-host-generic 4010000000.pcie: PCI host bridge to bus 0000:00",
    ),
)

#: How far the boot came.
STAGE_LINES = (
    LogMessage(
        kind="init-runs",
        topic=Topic.SYSTEM,
        needles=("as init process",),
        pattern=r"\bRun \S{1,200} as init process",
        harm=Harm.HARMLESS,
        meaning="The kernel starts init: /init of the initramfs, or that of the root filesystem.",
        source="init/main.c, run_init_process()",
        sample="Run /init as init process",
    ),
    LogMessage(
        kind="root-mounted",
        topic=Topic.SYSTEM,
        needles=("Mounted root (", "mounted filesystem", "Switching root", "Mounting V"),
        pattern=r"VFS: Mounted root \(|: mounted filesystem |\bSwitching root\b"
        r"|XFS \(\S{1,64}\): Mounting V",
        harm=Harm.HARMLESS,
        meaning="A filesystem of a disk is mounted: modules that the initramfs lacks can be loaded "
        "from now on.",
        source="init/do_mounts.c, do_mount_root(); fs/ext4/super.c, ext4_fill_super(); "
        "fs/xfs/xfs_log.c, xfs_log_mount(); systemd, src/core/main.c",
        sample="VFS: Mounted root (ext4 filesystem) readonly on device 179:2.",
    ),
)

#: Whether VT-d is described, and whether it is on.
VTD_LINES = (
    LogMessage(
        kind="vtd-units",
        topic=Topic.SYSTEM,
        needles=("DRHD base: ",),
        pattern=r"DMAR: DRHD base: (?P<address>0x[0-9a-f]{1,16}) flags: 0x",
        harm=Harm.HARMLESS,
        meaning="The DMAR has a VT-d unit.",
        source="drivers/iommu/intel/dmar.c, dmar_table_print_dmar_entry()",
        sample="DMAR: DRHD base: 0x000000fed90000 flags: 0x0",
    ),
    LogMessage(
        kind="vtd-on",
        topic=Topic.SYSTEM,
        needles=("Virtualization Technology for Directed I/O",),
        pattern=r"DMAR: Intel\(R\) Virtualization Technology for Directed I/O",
        harm=Harm.HARMLESS,
        meaning="The kernel translates DMA with VT-d.",
        source="drivers/iommu/intel/iommu.c, intel_iommu_init()",
        sample="DMAR: Intel(R) Virtualization Technology for Directed I/O",
    ),
)

#: A regulator that has its supply: what registered it is bound.
SUPPLIED_LINE = LogMessage(
    kind="supplied",
    topic=Topic.SYSTEM,
    needles=(": supplied by ",),
    pattern=r"(?<!\S)(?P<regulator>\S{1,64}): supplied by (?P<supply>\S{1,64})",
    harm=Harm.HARMLESS,
    meaning="A regulator is registered, and its supply is there.",
    source="drivers/regulator/core.c, set_supply()",
    sample="vcc1v8_s3: supplied by vcc_1v8",
)
