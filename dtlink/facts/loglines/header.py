"""What the kernel reports of itself at its start: its release, command line and machine."""

from __future__ import annotations

from dtlink.facts.loglines.row import Harm, LogMessage, Topic

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
        source="init/main.c, start_kernel()",
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
)
