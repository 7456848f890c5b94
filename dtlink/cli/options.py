"""The options that commands share, and messages on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dtlink.board.settings import Settings
from dtlink.cli.completion import (
    complete_files,
    complete_kernels,
    complete_nodes,
    complete_rules,
)
from dtlink.cli.given import keep
from dtlink.cli.messages import say
from dtlink.cli.param import ParamType
from dtlink.cli.sources import MacroParam
from dtlink.facts.errors import OptionError
from dtlink.facts.kernels import DEFAULT, KNOWN, LATEST, KernelVersion
from dtlink.firmware.choice import MAX_BOARDS

if TYPE_CHECKING:
    from dtlink.cli.source_faults import SourceFaultLines
    from dtlink.facts.cmdline import CommandLine
    from dtlink.report.model import InputFault, InputReport, Refused

Command = TypeVar("Command", bound=Callable[..., Any])

#: Suffix for messages about internal errors.
_BUG = " (a bug of dtlink: please report it)"


class KernelVersionParam(ParamType[KernelVersion]):
    """A kernel version such as 6.12, 6.12.117 or latest."""

    name = "VERSION"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> KernelVersion:
        """The version, or a usage error."""
        if isinstance(value, tuple):
            return KernelVersion.of(value)
        try:
            version = KernelVersion.parse(str(value))
        except OptionError as error:
            self.fail(str(error), param, ctx)
        if version > LATEST:
            self.fail(f"{value}: the newest kernel known is {LATEST} (latest)", param, ctx)
        if version < KNOWN[0] and not (ctx and ctx.resilient_parsing):
            note = f"no supplier bindings are known before {KNOWN[0]}"
            say(f"dtlink: kernel {value}: {note}, so this kernel follows no link")
        return version


class KernelCommandLine(ParamType["CommandLine"]):
    """A kernel command line."""

    name = "STRING"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> CommandLine:
        """The parameters that matter, or a usage error that names what is allowed."""
        from dtlink.facts.cmdline import CommandLine

        try:
            return value if isinstance(value, CommandLine) else CommandLine.parse(value)
        except OptionError as error:
            self.fail(str(error), param, ctx)


def options(*names: str) -> Callable[[Command], Command]:
    """Decorate a command with the shared options of these names."""

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            command = _OPTIONS[name](command)
        return command

    return decorate


def _both(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
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
    "kernel": click.option(
        "--kernel",
        metavar="PATH",
        shell_complete=complete_files,
        default="",
        help="Kernel to check against: /lib/modules/VERSION, unpacked package, build tree, .config "
        "or 'running'.",
    ),
    "initramfs": click.option(
        "--initramfs",
        metavar="FILE",
        shell_complete=complete_files,
        default="",
        help="Its initramfs: an image, the output of lsinitramfs or lsinitrd, or a modules.load.",
    ),
    "kernel_index": click.option(
        "--kernel-index",
        metavar="FILE",
        shell_complete=complete_files,
        default="",
        help="Index of the kernel's source ('dtlink kernel index'). "
        "[default: the nearest one shipped]",
    ),
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
        type=click.FloatRange(min=0),
        help="Seconds from the initramfs's last driver registration to the first module of the "
        "root filesystem. [default: not known]",
    ),
    "against": click.option(
        "--against",
        type=KernelVersionParam(),
        shell_complete=complete_kernels,
        help="Also report what changes relative to this kernel version.",
    ),
    "select": click.option(
        "--select",
        multiple=True,
        metavar="RULE|FAMILY",
        shell_complete=complete_rules,
        help="Run only these rules ('all': every rule; 'default': those on by default).",
    ),
    "ignore": click.option(
        "--ignore",
        multiple=True,
        metavar="RULE|FAMILY",
        shell_complete=complete_rules,
        help="Do not run these rules.",
    ),
    "sources": _both(
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
    "inputs": _both(
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
            type=click.IntRange(min=0),
            default=MAX_BOARDS,
            show_default=True,
            metavar="N",
            expose_value=False,
            callback=keep,
            help="How many boards to read at most that include the named files (0: all).",
        ),
    ),
    "config": _both(
        click.option(
            "--config", "file", metavar="FILE", help="Configuration file for every input."
        ),
        click.option("--no-config", "isolated", is_flag=True, help="Ignore configuration files."),
    ),
    "jobs": click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=0),
        default=0,
        help="Number of processes. [default: one per processor if there are many inputs]",
    ),
    "color": click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Colours in text. [default: auto: on a terminal, unless NO_COLOR is set]",
    ),
}


#: Fewer inputs than this are done before a progress bar would be read.
_PROGRESS = 100

NO_INPUTS = (
    "no inputs: no devicetree (.dtb, .dtbo, .dts, .dtso), no image that holds one and no ACPI "
    "table was found"
)


def complain(inputs: Iterable[InputReport], nothing: str = "") -> None:
    """Print errors, notes and rules that raised on standard error; ``nothing`` without inputs."""
    complaints = Complaints(0)
    for item in inputs:
        complaints.add(item)
    complaints.end(nothing)


class Complaints:
    """What is printed of inputs on standard error: at once, or after the progress bar."""

    def __init__(self, total: int) -> None:
        self._sources: SourceFaultLines | None = None
        self._is_held = _shows_progress(total)
        self._held: list[str] = []
        self._number = 0

    def add(self, item: InputReport) -> None:
        """Print what there is of one input."""
        self._number += 1
        if item.error is not None:
            bug = _BUG if item.error.bug else ""
            self._error(item.name, item.error, bug)
        for refused in item.refused:
            self._error(refused.path, refused)
        self._say(f"dtlink: {item.name}: {note}" for note in item.notes)
        self._say(
            f"dtlink: {item.name}: rule {fault.rule} failed: {fault.error}{_BUG}"
            for fault in item.faults
        )

    def _error(self, name: str, fault: InputFault | Refused, bug: str = "") -> None:
        if not fault.faults:
            at = "" if fault.offset is None else f", byte {fault.offset:#x}"
            self._say([f"dtlink: {name}{at}: {fault.message}{bug}"])
            return
        if self._sources is None:
            from dtlink.cli.source_faults import SourceFaultLines

            self._sources = SourceFaultLines()
        self._say(self._sources.of(name, fault.faults))

    def end(self, nothing: str = "") -> None:
        """Print what is known at the end of the run; ``nothing`` if there were no inputs."""
        say(*self._held)
        if self._sources is not None:
            say(*self._sources.rest())
        if not self._number and nothing:
            say(f"dtlink: {nothing}")

    def _say(self, lines: Iterable[str]) -> None:
        if self._is_held:
            self._held += lines
        else:
            say(*lines)


def progress(
    reports: Iterable[InputReport], total: int, label: str = "linting"
) -> Iterator[InputReport]:
    """The reports, with a progress bar on a terminal."""
    if not _shows_progress(total):
        yield from reports
        return
    with click.progressbar(reports, length=total, label=label, file=sys.stderr) as bar:
        yield from bar


def collect(
    reports: Iterable[InputReport], total: int, label: str = "linting"
) -> list[InputReport]:
    """All reports, with a progress bar on a terminal."""
    return list(progress(reports, total, label))


def _shows_progress(total: int) -> bool:
    return total >= _PROGRESS and sys.stderr.isatty()


def board_settings(**values: Any) -> Settings:
    """The settings of a board, by the names of its options.

    Raises :class:`click.UsageError` for an initramfs or an index without a kernel.
    """
    settings = Settings(**values)
    if not settings.kernel and (settings.initramfs or settings.kernel_index):
        raise click.UsageError("--initramfs and --kernel-index need --kernel")
    return settings


def need_kernel(settings: Settings) -> None:
    """Raise :class:`click.UsageError` if no kernel is named."""
    if not settings.kernel:
        raise click.UsageError("--kernel is needed: /lib/modules/VERSION, a build tree, 'running'")


def words(values: Sequence[str]) -> tuple[str, ...]:
    """The words of an option that may be repeated, and may hold several with commas between."""
    return tuple(word for value in values for word in value.split(",") if word)
