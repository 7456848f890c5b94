"""Which dtlink makes the results: another one may find something else in the same input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from zlib import adler32, crc32

from dtlink import version
from dtlink.stamps import Stamp, stamp_of

#: The folder of the package.
_PACKAGE = os.path.dirname(os.path.abspath(version.__file__))  # noqa: PTH100, PTH120 - text
#: Path, size, and the times of the last write and the last change.
_File = tuple[str, int, int, int]
#: Nanoseconds by which the time of a file may be earlier than its writing.
_STEP = 50_000_000


def origin(package: str = _PACKAGE) -> str | None:
    """What is the same while the same code gives the answers; ``None``: that is not known.

    An installed package is known by the list of its files, which each installation writes; a
    checkout by the stamps of all its files. What was written after the start of this process is
    not what runs in it.
    """
    listed = stamp_of(f"{package}-{version.__version__}.dist-info/RECORD")
    try:
        files = sorted(_files(package)) if listed is None else [_record(listed)]
    except OSError:
        return None
    if not files or max(map(_time, files)) > version.LOADED - _STEP:
        return None
    # No one gains by two states of dtlink with one sum, and hashlib costs more to import.
    text = "\n".join(
        [f"{path} {size} {written} {changed}" for path, size, written, changed in files]
    )
    data = text.encode(errors="surrogatepass")
    return repr((version.__version__, sys.version, crc32(data), adler32(data)))


def _record(stamp: Stamp) -> _File:
    size, written, changed, *_ = stamp
    return "RECORD", size, written, changed


def _time(file: _File) -> int:
    _, _, written, changed = file
    return max(changed, written)


def _files(folder: str) -> Iterator[_File]:
    """The files of the package, each with its size and times."""
    with os.scandir(folder) as entries:
        for each in entries:
            if not each.is_dir():
                found = each.stat()
                yield each.path, found.st_size, found.st_mtime_ns, found.st_ctime_ns
            elif each.name != "__pycache__":
                yield from _files(each.path)
