"""Write several files, each as a whole, or none of them."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp

#: The mode of a new file.
_NEW = 0o666
#: What would end the process between two files, or leave a part of one.
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class PartlyWrittenError(OSError):
    """Some files were written, and one could not be put in its place."""

    def __init__(self, cause: OSError, written: Sequence[str], left: Sequence[str]) -> None:
        there = f"written: {', '.join(written)}; not written: {', '.join(left)}"
        super().__init__(cause.errno, f"{cause.strerror}; {there}", cause.filename)


def replace(contents: Mapping[Path, bytes]) -> None:
    """Write files: all are written beside the old ones before the first takes its place.

    Mode and owner stay, as far as this user may set them; a link stays a link. Raises
    :class:`OSError` with the path in question, and then has written nothing, or
    :class:`PartlyWrittenError` if a file could be written but not put in its place.
    """
    with _no_signals():
        ready: dict[Path, Path] = {}
        try:
            for path, data in contents.items():
                target = path.resolve()
                with _about(path):
                    if not _is_special(target):
                        ready[target] = _beside(target, data)
            _put_in_place(contents, ready)
        finally:
            for new in ready.values():
                new.unlink(missing_ok=True)


def _put_in_place(contents: Mapping[Path, bytes], ready: Mapping[Path, Path]) -> None:
    written: list[str] = []
    for path, data in contents.items():
        target = path.resolve()
        try:
            with _about(path):
                if target in ready:
                    ready[target].replace(target)
                else:
                    target.write_bytes(data)
        except OSError as error:
            if not written:
                raise
            left = [str(each) for each in contents if str(each) not in written]
            raise PartlyWrittenError(error, written, left) from error
        written.append(str(path))


def _is_special(path: Path) -> bool:
    """Whether it is a pipe or a device: a file in its place is not what the user means."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return path.exists() and not path.is_file()


def _beside(path: Path, data: bytes) -> Path:
    handle, name = mkstemp(dir=path.parent, prefix=".dtlink-")
    new = Path(name)
    try:
        with open(handle, "wb") as file:
            file.write(data)
        there = path.stat() if path.exists() else None
        if there is not None and hasattr(os, "chown"):
            with suppress(OSError):
                os.chown(new, there.st_uid, there.st_gid)
        new.chmod(there.st_mode if there is not None else _NEW & ~_mask())
    except BaseException:
        new.unlink()
        raise
    return new


@contextmanager
def _about(path: Path) -> Iterator[None]:
    """The errors of the system, with the path that the user knows."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def _mask() -> int:
    """The bits that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def _no_signals() -> Iterator[None]:
    """What would end the process waits: a file that is half of a fix is none."""
    mask = getattr(signal, "pthread_sigmask", None)
    if mask is None:  # not on Windows
        yield
        return
    before = mask(signal.SIG_BLOCK, {getattr(signal, each) for each in _SIGNALS})
    try:
        yield
    finally:
        mask(signal.SIG_SETMASK, before)
