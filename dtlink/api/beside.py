"""New files beside those whose place they take: a reader never sees a part of one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: The mode of a file that is there already, without the bits that would make it another user's.
_MODE = 0o777
#: The mode of a new file, from which the system takes what the user's mask has.
_NEW = 0o666
#: What there is not on every system. A file that is made exclusively is none that is there, nor
#: the target of a link that is.
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def beside(target: Path) -> Iterator[tuple[Path, int]]:
    """A new file in the folder of another, and its descriptor, which whoever takes it closes.

    It has a name that cannot be foreseen, and the mode and owner of the other, as far as this user
    may set them. It is removed if it has its name when the block ends, however it ends.
    """
    new = target.with_name(f".dtlink-{os.urandom(8).hex()}.part")
    is_mine = True
    try:
        try:
            number = os.open(new, _FLAGS, _NEW)
        except FileExistsError:
            is_mine = False
            raise
        _liken(number, target)
        yield new, number
    finally:
        if is_mine:
            new.unlink(missing_ok=True)


def _liken(number: int, target: Path) -> None:
    """Give an open file the owner and the mode of another, if that is there."""
    try:
        there = target.stat()
    except OSError:
        return
    if hasattr(os, "fchown"):
        with suppress(OSError):
            os.fchown(number, there.st_uid, there.st_gid)
    with suppress(OSError):
        os.fchmod(number, there.st_mode & _MODE)


def is_special(path: Path) -> bool:
    """Whether it is a pipe or a device: a file in its place is not what the user means."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


def into(path: str, flags: int) -> int:
    """Open a pipe or a device to be written, as ``opener`` of :func:`open`: neither made nor cut.

    Raises :class:`OSError` for what is a file by now.
    """
    number = os.open(path, flags & ~(os.O_CREAT | os.O_TRUNC))
    if stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise FileExistsError(f"{path}: a file has taken the place of a pipe or a device")
    return number
