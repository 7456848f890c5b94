"""A report in the place of what it is about would destroy it.

The files that a command is to write are watched before it reads anything (:mod:`dtlink.reading`):
whatever it opens then, by whatever path or link, is compared with them, and nothing is written if
one was read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from dtlink import reading
from dtlink.cli.usage import usage_error
from dtlink.firmware.read import INCLUDED, SUFFIXES
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

#: Endings of files that commands read besides their inputs: no report has them.
_READ = (*SUFFIXES, *INCLUDED, ".aml", ".toml", ".config")


def file_of(output: str | None) -> str | None:
    """The file that an output is; ``None``: standard output, which is called ``-`` too."""
    return output if output not in ("", "-") else None


def watch(outputs: Iterable[str | None], *, also: bool = False) -> None:
    """Watch the files that the command writes; ``also``: and those that are watched already.

    Raises :class:`click.UsageError` for two that are one file, and for one in no folder: to find
    that out at the end would lose the work of the run.
    """
    named = [each for each in outputs if each]
    for each in named:
        if not os.path.isdir(os.path.dirname(each) or os.curdir):  # noqa: PTH112, PTH120 - text
            raise usage_error(f"{each}: No such file or directory")
    try:
        reading.watch(named, also=also)
    except reading.OutputsMeetError as error:
        raise usage_error(str(error)) from error


def watched_output(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Watch the file of an option, as click calls it; ``None``: the result is printed."""
    del ctx, param
    file = file_of(value)
    watch([file])
    return file


def check_apart(path: str, what: str) -> None:
    """Raise :class:`click.UsageError` if a file that is read and written is another output.

    ``what`` it is: a baseline, for example.
    """
    if known := reading.output_at(path):
        raise usage_error(f"{known} is the {what}: name another file for the report")


def refuse_overwritten() -> None:
    """Raise :class:`click.UsageError` if a file that is to be written was read."""
    if name := reading.overwritten():
        raise _error(name)


def refuse_names(outputs: Iterable[str | None]) -> None:
    """Raise :class:`click.UsageError` for a file that is there, by a name that no report has."""
    for each in filter(None, outputs):
        if reading.identity_of(each) and (each.endswith(_READ) or _is_table(each)):
            raise _error(each)


def refuse_inputs(output: str | None, paths: Iterable[str], *, makes_source: bool = False) -> None:
    """Raise :class:`click.UsageError` if a file that is to be written is an input.

    ``makes_source``: the command prints source, so that a name of firmware is no mistake.
    """
    if output is None:
        return
    if not makes_source:
        refuse_names([output])
    for each in paths:
        reading.note_path(each)
    refuse_overwritten()


def refuse_same(output: str, paths: Iterable[str]) -> None:
    """Raise :class:`click.UsageError` for a file that is one of those that are named."""
    identity = reading.identity_of(output)
    if identity and any(reading.identity_of(each) == identity for each in paths):
        raise _error(output)


def _error(output: str) -> Exception:
    return usage_error(f"{output} is an input, or may be one: name another file for the report")


def _is_table(path: str) -> bool:
    """Whether a file is an ACPI table: its header has its size."""
    if not path.endswith(".dat"):
        return False
    with suppress(OSError), open(path, "rb", opener=reading.looked_at) as file:
        size = os.fstat(file.fileno()).st_size
        return size > 0 and int.from_bytes(file.read(8)[4:], "little") == size
    return False
