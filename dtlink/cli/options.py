"""The options that commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import click

from dtlink.board.settings import Settings
from dtlink.cli.clicked import clicked
from dtlink.cli.completion import (
    complete_files,
    complete_formats,
    complete_kernels,
    complete_nodes,
    complete_rules,
)
from dtlink.cli.given import keep
from dtlink.cli.messages import say
from dtlink.cli.overwriting import watched_output
from dtlink.cli.param import ParamType, Seconds, WholeNumber
from dtlink.cli.plain_options import PLAIN, format_option
from dtlink.cli.sources import MacroParam
from dtlink.facts.errors import OptionError
from dtlink.facts.kernels import DEFAULT, KernelVersion, modelled
from dtlink.firmware.choice import MAX_BOARDS
from dtlink.firmware.errors import InputError
from dtlink.report.formats import FORMATS
from dtlink.typed import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dtlink.facts.cmdline import CommandLine

Command = TypeVar("Command", bound=Callable[..., Any])


class KernelVersionParam(ParamType[KernelVersion]):
    """A kernel version such as 6.12, 6.12.117 or latest."""

    name = "VERSION"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> KernelVersion:
        """The version, or a usage error."""
        try:
            return modelled(value if isinstance(value, tuple) else str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class KernelCommandLine(ParamType["CommandLine"]):
    """A kernel command line."""

    name = "STRING"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> CommandLine:
        """The parameters that matter, or a usage error that names what is allowed."""
        from dtlink.facts.cmdline import CommandLine, mistyped

        if isinstance(value, CommandLine):
            return value
        for name, near in mistyped(value):
            say(f"dtlink: --cmdline: {name} has no effect; did you mean {near}?")
        try:
            return CommandLine.parse(value)
        except OptionError as error:
            self.fail(str(error), param, ctx)


def options(*names: str) -> Callable[[Command], Command]:
    """Decorate a command with the shared options of these names."""

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            command = _OPTIONS[name](command)
        return command

    return decorate


def plain(*names: str) -> Callable[[Command], Command]:
    """Decorate a command with these of the options that are read without click, too."""
    return both(*(clicked(PLAIN[name]) for name in names))


def formats(*names: str) -> Callable[[Command], Command]:
    """Decorate a command with the options about formats: of these, or of all."""
    row = format_option(names) if names else PLAIN["format"]
    of_format = clicked(row, shell_complete=complete_formats(names or tuple(FORMATS)))
    return both(of_format, clicked(PLAIN["output"], type=click.Path(dir_okay=False)))


def both(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several options that come together."""

    def decorate(command: Any) -> Any:
        for each in reversed(decorators):
            command = each(command)
        return command

    return decorate


_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "paths": click.argument(
        "paths", nargs=-1, required=True, metavar="PATH...", shell_complete=complete_files
    ),
    "paths_or_none": click.argument(
        "paths", nargs=-1, metavar="[PATH...]", shell_complete=complete_files
    ),
    "path": click.argument("path", metavar="PATH", shell_complete=complete_files),
    "format": click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Output format.",
    ),
    "output": click.option(
        "-o",
        "--output",
        type=click.Path(dir_okay=False),
        callback=watched_output,
        is_eager=True,  # before an option is read whose value is a file
        help="Write the result to FILE instead of stdout.",
        metavar="FILE",
    ),
    "kernel_version": click.option(
        "--kernel-version",
        type=KernelVersionParam(),
        shell_complete=complete_kernels,
        default=str(DEFAULT),
        show_default=True,
        help="Kernel version whose fw_devlink behaviour to model.",
    ),
    "kernel_version_or_own": click.option(
        "--kernel-version",
        type=KernelVersionParam(),
        shell_complete=complete_kernels,
        help="Kernel version whose fw_devlink behaviour to model. "
        f"[default: that of --kernel, else {DEFAULT}]",
    ),
    "cmdline": click.option(
        "--cmdline",
        metavar="STRING",
        type=KernelCommandLine(),
        help="Kernel command line. [default: bootargs of /chosen]",
    ),
    "kernel": clicked(PLAIN["kernel"], shell_complete=complete_files),
    "initramfs": clicked(PLAIN["initramfs"], shell_complete=complete_files),
    "kernel_index": clicked(PLAIN["kernel_index"], shell_complete=complete_files),
    "lspci": click.option(
        "--lspci",
        metavar="PATH",
        shell_complete=complete_files,
        default="",
        help="PCI functions that exist: the output of 'lspci -vvnn' by root, or /sys/bus/pci.",
    ),
    "iomem": click.option(
        "--iomem",
        metavar="FILE",
        shell_complete=complete_files,
        default="",
        help="Memory map: /proc/iomem as root reads it, or a kernel's log.",
    ),
    "root": click.option(
        "--root",
        metavar="NODE",
        shell_complete=complete_nodes,
        default="",
        help="Node that has the root file system. [default: by root= of the command line]",
    ),
    "root_after": click.option(
        "--root-after",
        metavar="SECONDS",
        type=Seconds(min=0),
        help="Seconds from the initramfs's last driver registration to the first module of the "
        "root filesystem. [default: not known]",
    ),
    "against": click.option(
        "--against",
        type=KernelVersionParam(),
        shell_complete=complete_kernels,
        help="Also report what changes relative to this kernel version.",
    ),
    "select": clicked(PLAIN["select"], shell_complete=complete_rules),
    "ignore": clicked(PLAIN["ignore"], shell_complete=complete_rules),
    "sources": both(
        click.option(
            "-I",
            "--include",
            multiple=True,
            metavar="DIR",
            shell_complete=complete_files,
            help="Folder in which devicetree source looks for included files first.",
        ),
        click.option(
            "-D",
            "--define",
            multiple=True,
            type=MacroParam(),
            help="Macro of devicetree source: NAME, which is 1, or NAME=TEXT.",
        ),
        click.option(
            "--allow-include",
            multiple=True,
            metavar="DIR",
            shell_complete=complete_files,
            help="Folder outside the source's tree that devicetree source may include from.",
        ),
    ),
    "overlay": click.option(
        "--overlay",
        multiple=True,
        metavar="FILE",
        shell_complete=complete_files,
        help="Overlay to apply to devicetrees, a blob or source; several in the order given.",
    ),
    "search": click.option(
        "--search",
        is_flag=True,
        help="Look for devicetrees anywhere in the files named, such as an initramfs or a firmware "
        "image.",
    ),
    "inputs": both(
        click.option(
            "--exclude",
            multiple=True,
            metavar="PATTERN",
            expose_value=False,
            callback=keep,
            help="Files and folders to leave out of folders, as in .gitignore.",
        ),
        click.option(
            "--force-exclude/--no-force-exclude",
            expose_value=False,
            callback=keep,
            help="Leave out excluded files that are named, too.",
        ),
        click.option(
            "--respect-gitignore/--no-respect-gitignore",
            default=True,
            expose_value=False,
            callback=keep,
            help="Leave sources that git ignores out of folders (blobs and tables are read).",
        ),
        click.option(
            "--max-boards",
            type=WholeNumber(min=0),
            default=MAX_BOARDS,
            show_default=True,
            metavar="N",
            expose_value=False,
            callback=keep,
            help="How many boards to read at most that include the named files (0: all).",
        ),
    ),
    "config": both(clicked(PLAIN["file"]), clicked(PLAIN["isolated"])),
    "jobs": clicked(PLAIN["jobs"]),
    "color": clicked(PLAIN["color"]),
}


def board_settings(**values: Any) -> Settings:
    """The settings of a board, by the names of its options.

    Raises :class:`click.UsageError` for an initramfs or an index without a kernel. Ends the program
    for what is named and can't be had: once, however many inputs there are.
    """
    settings = Settings(**values)
    if not settings.kernel and (settings.initramfs or settings.kernel_index):
        raise click.UsageError("--initramfs and --kernel-index need --kernel")
    if settings.files:
        _check(settings)
    return settings


def _check(settings: Settings) -> None:
    from dtlink.config.named import check_named, missing_folders

    try:
        check_named([settings])
    except InputError as error:
        say(f"dtlink: {error}")
        sys.exit(2)
    for each in missing_folders([settings]):  # assumptions are notes of the inputs
        say(f"dtlink: {each}")


def need_kernel(settings: Settings) -> None:
    """Raise :class:`click.UsageError` if no kernel is named."""
    if not settings.kernel:
        raise click.UsageError("--kernel is needed: /lib/modules/VERSION, a build tree, 'running'")


def words(values: Sequence[str]) -> tuple[str, ...]:
    """The words of an option that may be repeated, and may hold several with commas between."""
    return tuple(word for value in values for word in value.split(",") if word)
