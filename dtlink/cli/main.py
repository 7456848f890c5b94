"""The command line: one module per command, imported when it is the one asked for."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from dtlink.cli.groups import CheckedGroup
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

#: Each command's module in this package, and what it is for. The help needs no more to be read.
COMMANDS = {
    "lint": "Find faults in the dependencies that devicetrees and ACPI tables declare.",
    "links": "List supplier-consumer links, one per property entry.",
    "devlink": "Predict what the kernel's fw_devlink does with a devicetree.",
    "cycles": "List the dependency cycles, and how to break them.",
    "order": "Show the order in which devices can probe, in waves.",
    "why": "Show what a node waits for, down to the roots.",
    "graph": "Draw what devices wait for: a page for a browser, or a graph for another tool.",
    "iommu": "Show which IOMMU a device has, its IDs there, and what keeps it from a guest.",
    "iort": "Trace a requester ID through tables, entry by entry (iommu says more).",
    "drivers": "Show which driver each device has in one kernel.",
    "modules": "List the modules that devices need before they can probe, in load order.",
    "log": "Explain a boot log: which devices waited for what, and why.",
    "kernel": "Make an index of a kernel's source.",
    "diff": "Report changes between two builds, or between a devicetree and ACPI tables.",
    "history": "Show findings over many builds, from saved reports.",
    "preprocess": "Print devicetree source as it was read, with the place of each line.",
    "lsp": "Run the language server, for an editor to start.",
    "inspect": "Show what is in a file: an image, an archive, a devicetree.",
    "config": "Show the effective configuration for a path.",
    "explain": "Explain a rule.",
    "rules": "List the rules.",
    "report-bug": "Pack what is needed to reproduce a wrong finding, nothing private.",
    "completion": "Print a shell completion script.",
}


def _unknown(word: str, rest: Sequence[str] = ()) -> str:
    """What to say of a word that is not a command: a file is probably to be linted."""
    from difflib import get_close_matches
    from pathlib import Path

    from dtlink.escaping import shell
    from dtlink.firmware.read import SUFFIXES

    told = f"No such command {word!r}."
    if near := get_close_matches(word.lower(), COMMANDS, n=2):
        return f"{told} Did you mean {' or '.join(map(repr, near))}?"
    if command := next((each for each in rest if each in COMMANDS), ""):
        return f"{told} The command comes first: dtlink {command} {shell.file(word)}"
    is_file = word.endswith(SUFFIXES) or (word and Path(word).exists())
    return f"{told} To lint it: dtlink lint {shell.file(word)}" if is_file else told


class _Commands(CheckedGroup):
    """A group that imports a command only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        # What lint does is in a module without click (dtlink.cli.plain).
        module = "lint_command" if name == "lint" else name
        command = getattr(import_module(f"dtlink.cli.{module}"), name)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first word; what is none is answered with what may be meant."""
        word = args[0]
        if word not in COMMANDS and not ctx.resilient_parsing and not word.startswith("-"):
            ctx.fail(_unknown(word, args[1:]))
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the program's own options; those of a command that precede it are answered."""
        words = [*args]
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            command = next((each for each in words if each in COMMANDS), "")
            if not command:
                raise
            told = f"{error.format_message()} Options of a command follow it: dtlink {command}"
            ctx.fail(f"{told} {error.option_name}")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands and options; click would import every command for a line of its help."""
        from dtlink.cli.completion import complete_commands

        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*complete_commands(COMMANDS, incomplete), *options]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


# \b keeps click from filling the lines that follow it.
_HELP = """Check the dependencies that firmware describes.

dtlink reads devicetree blobs (.dtb, .dtbo), devicetree source (.dts, .dtso) and ACPI tables (IORT,
VIOT, DMAR, IVRS, RIMT: raw, acpidump text, iasl listings, or a folder of one machine's), extracts
every supplier-consumer link, and reports broken references, suppliers that can never probe, cycles,
legacy bindings and faulty IOMMU maps. Each finding shows the symptom to expect at boot and suggests
a fix.

\b
Exit status: 0  nothing at or above --fail-on (default: error)
             1  findings
             2  wrong usage, an input that cannot be read (the others are
                still done), or nothing to check
             3  a fault of dtlink itself
"""


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001
    """Print the version and leave."""
    del param
    if not value or ctx.resilient_parsing:
        return
    from dtlink.views.version import VersionView

    click.echo(str(VersionView.of()))
    ctx.exit()


@click.group(cls=_Commands, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version, and what dtlink found installed.",
)
def cli() -> None:
    """Hold the commands."""
    if sys.stderr.isatty():
        from dtlink.cli.progress import show_steps

        show_steps()
