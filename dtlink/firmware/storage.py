"""Where files are read from: the disk here; a commit of git in :mod:`dtlink.firmware.git.tree`."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.stamps import is_settled, stamp_of
from dtlink.typed import Any, SupportsIndex

#: The size and the hash of a file's bytes.
Content = tuple[int, str]


class Disk:
    """The files on the disk."""

    is_disk = True
    """Whether its files are those of the disk, and no others."""
    notes = False
    """Whether it notes what it is asked: no answer may be kept from one input to the next."""

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        """In another process the disk is the one that is there: code asks whether it is."""
        return "DISK" if type(self) is Disk else super().__reduce_ex__(protocol)

    def start(self) -> None:
        """An input begins, for a storage that notes what it is asked."""

    def asked(self) -> Sequence[Sequence[Any]]:
        """What was asked since, for one that notes it."""
        return ()

    def exists(self, path: str) -> bool:
        """Whether there is anything at a path; a symbolic link counts wherever it points."""
        return os.path.lexists(path)

    def is_file(self, path: str) -> bool:
        """Whether a path is a regular file's, symbolic links followed."""
        return os.path.isfile(path)

    def is_folder(self, path: str) -> bool:
        """Whether a path is a folder's, symbolic links followed."""
        return os.path.isdir(path)

    def is_link(self, path: str) -> bool:
        """Whether a path is a symbolic link's."""
        return os.path.islink(path)

    def is_repository(self, folder: str) -> bool:
        """Whether a folder is the top of a git repository."""
        return os.path.exists(f"{folder}/.git")

    def real(self, path: str) -> str:
        """The absolute path, symbolic links followed."""
        return os.path.realpath(path)

    def keeper(self, path: str) -> Disk:
        """The storage whose files are the same at a path, however often it is made."""
        del path
        return self

    def state(self, path: str) -> object:
        """A value that changes when the file is written; ``None`` if there is none.

        That of a file that may be written again with the same stamp is like no other.
        """
        stamp = stamp_of(path, empty=True)
        if stamp is None:
            return None
        return tuple(stamp) if is_settled(stamp) else object()

    def content(self, path: str) -> Content | None:
        """What was last read at a path, for a storage that notes it; else ``None``."""
        del path
        return None

    def uses(self, path: str, content: Content | None) -> None:
        """What the file at a path had when it was read, for a storage that notes it."""

    def read(self, path: str, most: int) -> bytes | str:
        """The bytes of a regular file of at most this size; else why not, to follow its name."""
        try:
            there = os.stat(path)
            if not stat.S_ISREG(there.st_mode):
                return "is not a regular file"
            if there.st_size > most:
                return f"is too large: {there.st_size} bytes, the limit is {most}"
            with open(path, "rb", opener=reading.regular) as file:
                # No more than its size: files of /proc have none, and some of them never end.
                return file.read(there.st_size)
        except (OSError, ValueError) as error:
            return f"can't be read: {getattr(error, 'strerror', None) or error}"

    def begin(self, path: str, most: int) -> bytes:
        """The first ``most`` bytes of a file, to see what it is. Raises :class:`OSError`.

        A file that turns out to be an input has to be noted as read (:func:`reading.note_path`).
        """
        with open(path, "rb", opener=reading.looked_at) as file:
            # Asked for a byte more than there is, not for the most there may be; see read.load().
            size = os.fstat(file.fileno()).st_size
            return file.read(min(size + 1, most) if size else most)

    def files_in(self, folder: str) -> list[str]:
        """The names of the files in a folder. Raises :class:`OSError`."""
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if _is(entry.is_file)]

    def folders_in(self, folder: str) -> list[str]:
        """The names of the folders in a folder, sorted. Raises :class:`OSError`."""
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if _is(entry.is_dir))

    def absence(self, path: str) -> str:
        """What to add to the message that there is no such file, if anything."""
        del path
        return ""


def refuse_root(path: str) -> None:
    """Raise :class:`InputError` for the root of the file system: to search all of it takes minutes.

    No copy of a machine's folder is there, and what a search would find was not meant.
    """
    try:
        is_root = os.path.samestat(os.stat(path), os.stat("/"))
    except (OSError, ValueError):
        return
    if is_root:
        message = "the whole file system is not searched; name the folder or the file that is meant"
        raise InputError(message, path=path)


def _is(kind: Callable[[], bool]) -> bool:
    try:
        return kind()
    except OSError:  # a link to itself
        return False


DISK = Disk()
