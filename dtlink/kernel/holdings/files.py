"""Reading the files of a kernel, within bounds."""

# Paths are text here: there may be thousands, and pathlib is slow.
# ruff: noqa: PTH116, PTH208

from __future__ import annotations

import os
import stat

from dtlink.firmware.errors import InputError

#: No text that belongs to a kernel comes near this size.
MAX_SIZE = 64 << 20


def read_bytes(path: str, limit: int = MAX_SIZE) -> bytes:
    """A file's bytes. Raises :class:`InputError` if it can't be read, or is too large."""
    try:
        with open(path, "rb") as file:
            # What has no size (/proc, a pipe) is read up to the limit; what has one is not asked
            # for more than that, as Python would find memory for it.
            size = os.fstat(file.fileno()).st_size
            data = file.read((min(size, limit) or limit) + 1)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error
    if len(data) > limit:
        raise InputError(f"more than {limit} bytes", offset=limit, path=path)
    return data


def read_text(path: str) -> str:
    """A text's characters, byte by byte: what is not ASCII stands for itself. As read_bytes()."""
    return read_bytes(path).decode("latin-1")


def is_file(path: str) -> bool:
    """Whether there is a regular file, which can be opened without waiting for anyone."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def names_in(folder: str) -> list[str]:
    """The names in a folder, sorted; none if it is no folder."""
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError):
        return []


def module_name(path: str) -> str:
    """The name of a module by its file: ``kernel/fs/nls/nls-foo.ko.xz`` is ``nls_foo``.

    (kmod, libkmod-util.c, path_to_modname(): up to the first dot, ``-`` is ``_``)
    """
    return path.rpartition("/")[2].partition(".")[0].replace("-", "_")
