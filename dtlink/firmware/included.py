"""The files that devicetree source includes: which may be read, and how much of them.

A source is untrusted: what it includes may be a device that never ends, a pipe that never begins,
or a file that has nothing to do with it, whose content would be printed as a model.
"""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import IO, Any

from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError


class IncludedFile(io.BytesIO):
    """The content of an included file, with the name that messages use."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


class IncludedFiles:
    """Reads what one source includes, up to ``fdt.MAX_SIZE`` bytes together."""

    def __init__(self, source: str) -> None:
        self._folder = Path(os.path.realpath(source)).parent
        self._top = _top(self._folder)
        self._left = fdt.MAX_SIZE

    def open(self, name: str, folder: Path, mode: str, **kwargs: Any) -> IO[Any]:
        """A file, by its name in a file of that folder; ``mode`` is as of Python's ``open``.

        Raises :class:`InputError` if it cannot or may not be read.
        """
        if name == "-":
            raise InputError("standard input cannot be included")
        try:
            file = IncludedFile(self._read(name, folder / name), str(folder / name))
        except FileNotFoundError as error:
            raise InputError(f"'{name}' could not be found") from error
        except (OSError, ValueError) as error:
            raise InputError(f"could not read '{name}': {error}") from error
        return file if "b" in mode else io.TextIOWrapper(file, **kwargs)

    def _read(self, name: str, path: Path) -> bytes:
        there = path.stat()
        if stat.S_ISDIR(there.st_mode):
            raise InputError(f"'{name}' is a directory")
        if not stat.S_ISREG(there.st_mode):
            raise InputError(f"'{name}' is not a regular file")
        if not self._is_inside(Path(os.path.realpath(path))):
            raise InputError(f"'{name}' is outside the tree of the source")
        # No more than its size: files of /proc have none, and some of them never end.
        with path.open("rb") as file:
            data = file.read(min(there.st_size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise InputError(f"included files have more than {fdt.MAX_SIZE} bytes together")
        return data

    def _is_inside(self, path: Path) -> bool:
        """Below the repository of the source; elsewhere, with a folder in common but the root."""
        if self._top:
            return path.is_relative_to(self._top)
        common = os.path.commonpath((path, self._folder))
        return common != path.anchor or path.parent == self._folder


def _top(folder: Path) -> Path | None:
    """The outermost folder of a source that is a repository: a submodule includes from there."""
    tops = [each for each in (folder, *folder.parents) if (each / ".git").exists()]
    return tops[-1] if tops else None
