"""A report in the place of what it is about would destroy it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from dtlink.cli.usage import usage_error


class Outputs:
    """The files that are written, as far as there are such now."""

    def __init__(self, outputs: Iterable[str | None]) -> None:
        found = ((_file(each), each) for each in outputs if each is not None)
        self._files = {file: each for file, each in found if file}

    def refuse(self, path: str) -> None:
        """Raise :class:`click.UsageError` if an input is one of them, by whatever name."""
        if self._files and (file := _file(path)) in self._files:
            output = self._files[file]
            raise usage_error(f"{output} is an input: name another file for the report")


def refuse_inputs(output: str | None, paths: Iterable[str]) -> None:
    """Raise :class:`click.UsageError` if a file that is to be written is an input."""
    outputs = Outputs([output])
    for each in paths:
        outputs.refuse(each)


def _file(path: str) -> tuple[int, int] | None:
    """What tells a file from others, whatever its name; ``None`` for pipes, devices and folders."""
    import stat

    try:
        there = os.stat(path)  # noqa: PTH116 - paths stay as the user wrote them
    except (OSError, ValueError):
        return None
    return (there.st_dev, there.st_ino) if stat.S_ISREG(there.st_mode) else None
