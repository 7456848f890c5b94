"""Opening files to be read: the one place, whatever the file is for.

What is at a path may have changed since the path was found: where a file was, a pipe may be by now,
which would be waited for forever. So files are opened without waiting, and looked at when they are
open. A pipe or a device is read only if it is what the user named.

What is opened is compared with the files that the run is about to write: a report in the place of
what it is about would destroy it, by whatever path or link the two are reached.

Use the functions as ``opener`` of :func:`open`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from dtlink.typed import IO, Any

#: Do not wait for the other end of a pipe, and do not become the process of a terminal.
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)

#: What opens a file for :func:`open`.
Opener = Callable[[str, int], int]

#: Bytes that are read at a time for a hash.
_BLOCK = 1 << 20

#: Pipes and devices that the user named as inputs.
_pipes: set[str] = set()
#: Paths of configurations, which need not be the user's own.
_configured: set[str] = set()
#: The files that are to be written, by their real paths: what the user calls them.
_places: dict[str, str] = {}
#: Those of them that are there, by device and number.
_watched: dict[tuple[int, int], str] = {}
#: Those of them that were opened to be read.
_overwritten: dict[str, None] = {}


class OutputsMeetError(ValueError):
    """Two outputs are one file; the message has its names."""


def regular(path: str, flags: int) -> int:
    """Open a regular file, or a pipe that was allowed. Raises :class:`OSError`."""
    return os.open(path, flags) if path in _pipes else _regular(path, flags, is_read=True)


def named(path: str, flags: int) -> int:
    """Open what the user named for one purpose: a pipe or a device too. Raises :class:`OSError`."""
    if path not in _configured and _is_special(path):
        return os.open(path, flags)
    return _regular(path, flags, is_read=True)


def looked_at(path: str, flags: int) -> int:
    """Open a regular file to see whether it is one to be read. Raises :class:`OSError`."""
    return os.open(path, flags) if path in _pipes else _regular(path, flags, is_read=False)


def _regular(path: str, flags: int, *, is_read: bool) -> int:
    number = os.open(path, flags | _AT_ONCE)
    try:
        found = os.fstat(number)
        _check(found.st_mode, path)
    except BaseException:
        os.close(number)
        raise
    if is_read and _watched:
        note(found.st_dev, found.st_ino)
    return number


def _check(mode: int, path: str) -> None:
    # What a folder can't be opened for, open() says.
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "not a regular file", path)


def allow(path: str) -> None:
    """Have a pipe or a device read as an input: the user named it, and no configuration."""
    if path not in _configured and _is_special(path):
        _pipes.add(path)


def refuse_special(path: str) -> None:
    """Have a path opened only if a regular file is there: a configuration names it."""
    _configured.add(path)


def _is_special(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - any text
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def watch(outputs: Iterable[str], *, also: bool = False) -> None:
    """Note which of the files that are there are opened from now on, by whatever path.

    ``also``: beside those that are watched already. Raises :class:`OutputsMeetError` for two
    outputs that are one file.
    """
    if not also:
        _places.clear()
        _watched.clear()
        _overwritten.clear()
    for each in outputs:
        check_apart(each)
        if _is_special(each):
            continue  # two that share a pipe or a terminal, as by 2>&1, do not replace each other
        _places[os.path.realpath(each)] = each
        if identity := identity_of(each):
            _watched[identity] = each


def check_apart(path: str) -> None:
    """Raise :class:`OutputsMeetError` for another output of the run that is the same file."""
    if known := output_at(path):
        raise OutputsMeetError(f"{known} and {path} are one file: name another")


def output_at(path: str) -> str:
    """The output of the run that is the file at a path; empty if none is."""
    identity = identity_of(path)
    known = _places.get(os.path.realpath(path)) or (_watched.get(identity) if identity else None)
    return known or ""


def identity_of(path: str) -> tuple[int, int] | None:
    """What tells a file from others by whatever name; ``None`` for pipes, devices and folders."""
    with suppress(OSError, ValueError):
        found = os.stat(path)  # noqa: PTH116 - any text
        if stat.S_ISREG(found.st_mode):
            return found.st_dev, found.st_ino
    return None


def watched() -> Mapping[tuple[int, int], str]:
    """The files that are watched."""
    return _watched


def adopt(watched: Mapping[tuple[int, int], str]) -> None:
    """Watch the files that another process of this machine watches."""
    if watched != _watched:
        _watched.clear()
        _watched.update(watched)


def note(device: int, number: int) -> None:
    """Take a file for read, if it is watched: by its content, or by a result that rests on it."""
    if name := _watched.get((device, number)):
        _overwritten[name] = None


def note_path(path: str) -> None:
    """As :func:`note`, of a file that another library reads."""
    if _watched and (identity := identity_of(path)):
        note(*identity)


def note_stream(stream: IO[Any]) -> None:
    """As :func:`note`, of a file that is open, such as standard input; others have no number."""
    with suppress(OSError, ValueError):
        found = os.fstat(stream.fileno())
        note(found.st_dev, found.st_ino)


def note_below(folder: str) -> None:
    """Take for read what is watched of a folder, which another program reads."""
    for top, _, names in os.walk(folder) if _watched else ():
        for name in names:
            note_path(f"{top}/{name}")


def note_output(name: str) -> None:
    """Take an output for read: another process has read it."""
    if name:
        _overwritten[name] = None


def overwritten() -> str:
    """An output that was read; empty if none was."""
    return next(iter(_overwritten), "")


def content(path: str, most: int) -> bytes:
    """The bytes of a file: no more than it has when it is opened, and one more than ``most``.

    Raises :class:`OSError`.
    """
    with open(path, "rb", opener=regular) as file:
        # Files of /proc and /sys have no size that means anything.
        return file.read(min(os.fstat(file.fileno()).st_size or most, most) + 1)


def digest(path: str) -> str:
    """The SHA-256 of the bytes that a regular file has when it is opened: it may be growing.

    Raises :class:`OSError`.
    """
    from dtlink.digests import sha256

    with open(path, "rb", opener=regular) as file:
        left = os.fstat(file.fileno()).st_size
        if left <= _BLOCK:
            return sha256(file.read(left))
        import hashlib

        made = hashlib.sha256()
        while left > 0 and (block := file.read(min(left, _BLOCK))):
            made.update(block)
            left -= len(block)
    return made.hexdigest()
