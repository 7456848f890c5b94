"""Whether a file is the one that it was: by what the system says of it, or by its content."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from functools import lru_cache

from dtlink import reading

#: Upper bound on a file whose content is compared, in bytes: no larger one is read for a result.
MAX_SIZE = 64 << 20

#: What is the same for a file that was not written: size, times of the last write and of the last
#: change of the file's own entry, its number and its device.
Stamp = list[int]

#: How often files were to be looked at anew.
_looks = [0]

#: Nanoseconds in which a file may be written twice with the same times: those of FAT have steps of
#: two seconds.
_STEP = 3_000_000_000


def look_anew() -> None:
    """From now on, compare what was read of files with what they are: a run, or a question, begins.

    Within one, a file that is named once for many inputs is looked at once.
    """
    _looks[0] += 1


def look(path: str) -> int:
    """Another number when what a path names is to be looked at anew; a pipe is read once only."""
    return _looks[0] if path != "-" and (os.path.isfile(path) or os.path.isdir(path)) else 0  # noqa: PTH112, PTH113


def last_look() -> int:
    """Another number when all that was read is to be compared anew."""
    return _looks[0]


def stamp_of(path: str, *, empty: bool = False) -> Stamp | None:
    """The stamp of a regular file; ``None`` if there is none, or if it would mean nothing.

    The content of files in ``/proc`` and ``/sys`` changes while their times stay as they are. Nor
    have other files a stamp whose content is made when they are read: their size is 0, as that of a
    file that is ``empty``, where that is allowed.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - once for each input
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode) or found.st_dev in _made_up():
        return None
    if not found.st_size and not empty:
        return None
    reading.note(found.st_dev, found.st_ino)
    return [
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
        found.st_ino,
        found.st_dev,
    ]


def is_settled(stamp: Stamp, now: int | None = None) -> bool:
    """Whether a file that is written from now on, when the stamp was taken, gets another one."""
    now = time.time_ns() if now is None else now
    return max(stamp[1], stamp[2]) < now - _STEP


def content_of(path: str, size: int) -> str:
    """The hash of a file's bytes if it has so many; empty if it cannot be read, or is too large."""
    if size > MAX_SIZE:
        return ""
    from dtlink.digests import sha256

    try:
        with open(path, "rb", opener=reading.regular) as file:
            data = file.read(size + 1)
    except (OSError, ValueError):
        return ""
    return sha256(data) if len(data) == size else ""


@lru_cache(maxsize=1)
def _made_up() -> frozenset[int]:
    """The devices of files that the kernel makes when they are read."""
    found = set()
    for path in ("/proc", "/sys"):
        with suppress(OSError):
            found.add(os.stat(path).st_dev)  # noqa: PTH116
    return frozenset(found)
