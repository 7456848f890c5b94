"""The command line: one module per command, imported when it is the one asked for."""

from __future__ import annotations

from importlib import import_module

import click

from dtlink.version import __version__

#: Each command's module in this package, and what it is for. The help needs no more to be read.
COMMANDS = {
    "lint": "Find faults in the dependencies that devicetrees and ACPI tables declare.",
    "links": "List the supplier-consumer links.",
    "devlink": "Predict what the kernel's fw_devlink does with a devicetree.",
    "cycles": "List the dependency cycles, and how to break them.",
    "order": "Show in which order devices can probe, in waves.",
    "why": "Show what a node waits for, down to the roots.",
    "iort": "Show what becomes of one requester's ID: at which SMMU, at which ITS.",
    "drivers": "Show which driver each device has in one kernel.",
    "modules": "List the modules that devices need before they can probe, in load order.",
    "log": "Explain a boot log: who waited for whom, and why.",
    "kernel": "Make an index of a kernel's source.",
    "diff": "Compare a devicetree with the ACPI tables of the same machine.",
    "explain": "Explain a rule.",
    "rules": "List the rules.",
}


class _Commands(click.Group):
    """A group that imports a command only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"dtlink.cli.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


# \b keeps click from filling the lines that follow it.
_HELP = """Lint the dependencies that firmware declares.

dtlink reads devicetree blobs (.dtb, .dtbo), plain devicetree source (.dts) and ACPI tables (IORT,
VIOT, DMAR, IVRS, RIMT: raw, acpidump text, iasl listings, or a folder of one machine's), extracts
every supplier-consumer link, and reports broken references, suppliers that can't come, cycles,
legacy bindings and faulty IOMMU maps: with what the board will show, and what to write instead.

\b
Exit status: 0  nothing at or above --fail-on (default: error)
             1  findings
             2  wrong usage, or an input that can't be read (the others are
                still done)
             3  a fault of dtlink itself
"""


@click.group(cls=_Commands, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dtlink")
def cli() -> None:
    """Lint."""
