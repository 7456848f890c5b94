"""A report in the place of what it is about would destroy it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from dtlink.cli.usage import usage_error
from dtlink.firmware.read import INCLUDED, SUFFIXES

#: Endings of files that commands read besides their inputs: no report has them.
_READ = (*SUFFIXES, *INCLUDED, ".aml", ".toml", ".config")


class Outputs:
    """The files that are written, as far as there are such now."""

    def __init__(self, outputs: Iterable[str | None], *, makes_source: bool = False) -> None:
        """Raise :class:`click.UsageError` for one that is firmware or a configuration."""
        found = ((_file(each), each) for each in outputs if each is not None)
        self._files = {file: each for file, each in found if file}
        for each in () if makes_source else self._files.values():
            if each.endswith(_READ) or _is_table(each):
                raise _error(each)

    def refuse(self, path: str) -> None:
        """Raise :class:`click.UsageError` if an input is one of them, by whatever name."""
        if self._files and (file := _file(path)) in self._files:
            raise _error(self._files[file])


def refuse_inputs(output: str | None, paths: Iterable[str], *, makes_source: bool = False) -> None:
    """Raise :class:`click.UsageError` if a file that is to be written is an input.

    ``makes_source``: the command prints source, so that a name of firmware is no mistake.
    """
    outputs = Outputs([output], makes_source=makes_source)
    for each in paths:
        outputs.refuse(each)


def _error(output: str) -> Exception:
    return usage_error(f"{output} is an input, or may be one: name another file for the report")


def _is_table(path: str) -> bool:
    """Whether a file is an ACPI table: its header has its size."""
    if not path.endswith(".dat"):
        return False
    with suppress(OSError), open(path, "rb") as file:
        return int.from_bytes(file.read(8)[4:], "little") == os.fstat(file.fileno()).st_size
    return False


def _file(path: str) -> tuple[int, int] | None:
    """What tells a file from others, whatever its name; ``None`` for pipes, devices and folders."""
    import stat

    try:
        there = os.stat(path)  # noqa: PTH116 - paths stay as the user wrote them
    except (OSError, ValueError):
        return None
    return (there.st_dev, there.st_ino) if stat.S_ISREG(there.st_mode) else None
