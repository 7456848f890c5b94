"""Files that are as they were read, and stay so while they are replaced.

Two runs that fix one file would each write what it was with their own fixes: the second would take
back those of the first. Whoever replaces files holds them, as far as programs ask (``flock``): the
other run waits a moment, and then finds that they have changed.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from dtlink import reading

#: Seconds to wait for another run, which holds files only while it puts them in their places.
_PATIENCE = 5.0
#: Seconds between two looks.
_STEP = 0.02


class ChangedError(OSError):
    """A file is not what it was when it was read."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EBUSY, "it has changed while it was linted", str(path))


@contextmanager
def unchanged(expected: Mapping[Path, bytes]) -> Iterator[None]:
    """Hold files that have these bytes. Raises :class:`ChangedError` for one that has not."""
    end = time.monotonic() + _PATIENCE
    with ExitStack() as held:
        # In one order in every run, so that none waits for the other.
        for path in sorted(expected, key=os.path.realpath):
            file = held.enter_context(open(path, "rb", opener=reading.looked_at))
            _hold(file, path, end)
            data = expected[path]
            if file.read(len(data) + 1) != data or not _is_at(path, file):
                raise ChangedError(path)
        yield


def _is_at(path: Path, file: BinaryIO) -> bool:
    """Whether a path is that of an open file: another may have taken its place meanwhile."""
    return os.path.samestat(path.stat(), os.fstat(file.fileno()))


def _hold(file: BinaryIO, path: Path, end: float) -> None:
    """Wait until no other run holds a file; where files can't be held, none does."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows
        return
    while True:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > end:
                raise OSError(errno.EBUSY, "another process holds it", str(path)) from error
            time.sleep(_STEP)
        except OSError:  # a file system without locks
            return
        else:
            return
