"""Read an input of any known format, detected by its first bytes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.source.options import NO_OPTIONS, SourceOptions
from dtlink.firmware.storage import DISK, Disk
from dtlink.firmware.tree import Tree

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.inputs import Input

    #: A path, or the bytes of a file.
    Source = str | os.PathLike[str] | bytes

#: Suffixes of devicetree files that are read when a folder is given.
SUFFIXES = (".dtb", ".dtbo", ".dts")
#: Suffixes of files that may contain ACPI tables; their first bytes decide.
TABLE_SUFFIXES = (
    *(".aml", ".bin", ".dat", ".10"),
    *(".dsl", ".txt", ".log", ".out", ".acpidump"),
)
STDIN = "-"


def read(source: Source, name: str = "", sources: SourceOptions = NO_OPTIONS) -> Tree | Machine:
    """Read a devicetree, or the ACPI tables of a machine.

    ``source`` is a path (of a file, or of a folder of tables), ``-`` for standard input, or bytes,
    for which ``name`` is used in messages; ``sources`` is for devicetree source. Raises
    :class:`InputError`, with the path in it, for what cannot be read.
    """
    from pathlib import Path

    path = _path(source, name)
    if not isinstance(source, bytes) and path != STDIN and Path(source).is_dir():
        from dtlink.firmware.acpi.read import read_folder

        return read_folder(str(source))
    data = source if isinstance(source, bytes) else load(os.fspath(source))
    try:
        return decode(data, path, sources)
    except InputError as error:
        error.path = error.path or path
        raise


def read_tree(source: Source, name: str = "") -> Tree:
    """Read a devicetree, as :func:`read`. Raises :class:`InputError` for ACPI tables."""
    firmware = read(source, name)
    if not isinstance(firmware, Tree):
        raise InputError("expected a devicetree, found ACPI tables", path=_path(source, name))
    return firmware


def read_tables(source: Source, name: str = "") -> Machine:
    """Read ACPI tables, as :func:`read`. Raises :class:`InputError` for a devicetree."""
    firmware = read(source, name)
    if isinstance(firmware, Tree):
        raise InputError("expected ACPI tables, found a devicetree", path=_path(source, name))
    return firmware


def _path(source: Source, name: str) -> str:
    return name or ("input" if isinstance(source, bytes) else os.fspath(source))


def load_input(named: Input) -> bytes:
    """The bytes of an input: of a file, or of a member of a container.

    Raises :class:`InputError` if it cannot be read.
    """
    data = load(named.path)
    if named.member:
        from dtlink.firmware.containers import member_of

        return member_of(data, named.member)
    return data


def load(path: str) -> bytes:
    """Return a file's bytes (``-``: standard input), at most one more than ``fdt.MAX_SIZE``.

    Raises :class:`InputError` if it cannot be opened or read.
    """
    try:
        if path == STDIN:
            return sys.stdin.buffer.read(fdt.MAX_SIZE + 1)
        with open(path, "rb") as file:
            # Read one byte more than the file size, not up to the limit, for which Python would
            # allocate memory. Files without a size (/proc, pipes) are read up to the limit.
            size = os.fstat(file.fileno()).st_size
            return file.read((min(size, fdt.MAX_SIZE) or fdt.MAX_SIZE) + 1)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error


def decode(
    data: bytes, path: str, sources: SourceOptions = NO_OPTIONS, storage: Disk = DISK
) -> Tree | Machine:
    """Decode a file's bytes; ``path`` distinguishes DTS from a blob with a damaged magic.

    ``storage`` has the files that a source includes.

    Raises :class:`InputError` without the path.
    """
    if data[:4] == fdt.MAGIC:
        return fdt.read(data)
    if path.endswith(".dts") or b"/dts-v1/" in data[:65536]:
        return _decode_source(data, path, sources, storage)
    from dtlink.firmware.acpi import read as tables

    if tables.is_tables(data):
        return tables.decode(data, path)
    if not data:
        raise InputError("an empty file", offset=0)
    raise InputError(f"not a DTB, DTS or ACPI table (begins with {_begin(data)})", offset=0)


def _begin(data: bytes) -> str:
    """The first bytes: as text if they are printable, else in hexadecimal."""
    text = data[:4].decode("latin-1")
    return f'"{text}"' if text.isascii() and text.isprintable() else data[:4].hex(" ")


def _decode_source(data: bytes, path: str, sources: SourceOptions, storage: Disk) -> Tree:
    from dtlink.firmware import dts

    if len(data) > dts.MAX_SIZE:
        raise InputError(f"the source has more than {dts.MAX_SIZE} bytes", offset=dts.MAX_SIZE)
    if path != STDIN and storage.is_file(path):
        return dts.read_file(path, sources=sources, storage=storage)
    return dts.read_text(data.decode("utf-8", "surrogateescape"), path, sources=sources)
