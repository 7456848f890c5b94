"""Reading the PCI functions of a machine, whichever form they have."""

from __future__ import annotations

import os
import sys
import tarfile
from functools import lru_cache

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import ByteSource, SizeLimit, plain
from dtlink.firmware.pci.functions import FunctionList
from dtlink.stamps import look
from dtlink.typed import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.pci.functions import Function

#: Bytes of an archive, and of a listing, after decompression.
_MAX_BYTES = 256 << 20
_MAX_TEXT = 32 << 20
_HEAD = 512
STDIN = "-"
_USTAR_AT = 257
#: What the libraries raise for archives that are not whole.
_DAMAGE = (tarfile.TarError, EOFError, ValueError, RecursionError)

#: What to give instead of an input without PCI functions.
EXPECTED = "the output of lspci -vvnn, or /sys/bus/pci, is needed"


def load(path: str) -> FunctionList:
    """:func:`read_functions`, once a run."""
    return _loaded(path, look(path))


@lru_cache(maxsize=8)
def _loaded(path: str, _: int) -> FunctionList:
    return read_functions(path)


def read_functions(path: str) -> FunctionList:
    """The functions in the output of ``lspci``, a copy of ``/sys/bus/pci``, or that itself.

    ``-`` is standard input.
    Raises :class:`InputError`, with the path in it, for what can't be read or has none.
    """
    try:
        found = _read(path)
    except InputError as error:
        raise InputError(error.message, offset=error.offset, path=path) from error
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error
    except _DAMAGE as error:
        raise InputError(f"a damaged archive: {error}", path=path) from error
    if not found:
        raise InputError(f"no PCI function in it: {EXPECTED}", path=path)
    return FunctionList(found, path)


def _read(path: str) -> dict[tuple[int, int], Function]:
    if os.path.isdir(path):  # noqa: PTH112 - paths stay as the user wrote them
        from dtlink.firmware.pci.sysfs import of_folder

        return of_folder(path)
    if path == STDIN:
        return _of_file(sys.stdin.buffer)
    with open(path, "rb", opener=reading.named) as file:
        return _of_file(file)


def _of_file(file: IO[bytes]) -> dict[tuple[int, int], Function]:
    """An archive or a text, compressed or not, by its first bytes."""
    source = plain(ByteSource.of_file(file, SizeLimit(_MAX_BYTES)), SizeLimit(_MAX_BYTES))
    head = source.peek(_HEAD)
    if head[_USTAR_AT : _USTAR_AT + 5] == b"ustar":
        from dtlink.firmware.pci.sysfs import of_archive

        return of_archive(source)
    if b"\0" in head:
        raise InputError(f"neither a folder, a tar archive nor a text: {EXPECTED}")
    data = source.read(_MAX_TEXT + 1)
    if len(data) > _MAX_TEXT:
        raise InputError(f"a text of more than {_MAX_TEXT >> 20} MiB")
    from dtlink.firmware.pci.lspci import functions_of

    return functions_of(data.decode("utf-8", "replace"))
