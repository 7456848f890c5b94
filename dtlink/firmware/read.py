"""Reading an input of any known form: the first bytes tell which."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.tree import Tree

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine

#: File names that are looked for in folders.
SUFFIXES = (".dtb", ".dtbo", ".dts")
#: Endings of files that may hold ACPI tables; their first bytes decide.
TABLE_SUFFIXES = (
    *(".aml", ".bin", ".dat", ".10"),
    *(".dsl", ".txt", ".log", ".out", ".acpidump"),
)
STDIN = "-"


def read(source: str | Path | bytes, name: str = "") -> Tree:
    """Read a devicetree from a path, from ``-`` (standard input) or from bytes.

    Raises :class:`InputError`, with the path in it, for what can't be read.
    """
    firmware = _read(source, name)
    if not isinstance(firmware, Tree):
        path = name or ("input" if isinstance(source, bytes) else str(source))
        raise InputError("ACPI tables, where a devicetree is needed", path=path)
    return firmware


def read_tables(source: str | Path | bytes, name: str = "") -> Machine:
    """Read the ACPI tables of a machine from a file, a folder, ``-`` or bytes.

    Raises :class:`InputError`, with the path in it, for what can't be read.
    """
    path = name or ("input" if isinstance(source, bytes) else str(source))
    if not isinstance(source, bytes) and Path(source).is_dir():
        from dtlink.firmware.acpi.read import read_folder

        return read_folder(str(source))
    firmware = _read(source, name)
    if isinstance(firmware, Tree):
        raise InputError("a devicetree, where ACPI tables are needed", path=path)
    return firmware


def _read(source: str | Path | bytes, name: str) -> Tree | Machine:
    path = name or ("input" if isinstance(source, bytes) else str(source))
    data = source if isinstance(source, bytes) else load(str(source))
    try:
        return decode(data, path)
    except InputError as error:
        error.path = error.path or path
        raise


def load(path: str) -> bytes:
    """A file's bytes (``-``: standard input), of which no reader takes more than MAX_SIZE.

    Raises :class:`InputError` if it can't be opened or read.
    """
    try:
        if path == STDIN:
            return sys.stdin.buffer.read(fdt.MAX_SIZE + 1)
        with open(path, "rb") as file:
            # Asked for a byte more than there is, not for the most there may be: Python would
            # find memory for that. What has no size (/proc, a pipe) is read up to the limit.
            size = os.fstat(file.fileno()).st_size
            return file.read((min(size, fdt.MAX_SIZE) or fdt.MAX_SIZE) + 1)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error


def decode(data: bytes, path: str) -> Tree | Machine:
    """What a file's bytes say; ``path`` tells source from a blob that lost its magic."""
    if data[:4] == fdt.MAGIC:
        return fdt.read(data)
    if path.endswith(".dts") or b"/dts-v1/" in data[:65536]:
        return _decode_source(data, path)
    from dtlink.firmware.acpi import read as tables

    if tables.is_tables(data):
        return tables.decode(data, path)
    what = f"neither a devicetree (blob or source) nor ACPI tables: {data[:4]!r}"
    raise InputError(what if data else "an empty file", offset=0)


def _decode_source(data: bytes, path: str) -> Tree:
    from dtlink.firmware import dts

    if len(data) > dts.MAX_SIZE:
        raise InputError(f"more than {dts.MAX_SIZE} bytes of source", offset=dts.MAX_SIZE)
    if path != STDIN and Path(path).is_file():
        return dts.read_file(path)
    try:
        return dts.read_text(data.decode("utf-8"), path)
    except UnicodeDecodeError as error:
        raise InputError("source that is not UTF-8", offset=error.start) from error
