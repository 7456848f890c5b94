"""The contents of objects, from one git process that stays."""

from __future__ import annotations

import os
import weakref
from contextlib import suppress

from dtlink.firmware.git.command import at_most, start
from dtlink.typed import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.git.command import Process


class Blobs:
    """Reads the objects of a repository. Another process, after a fork, gets its own git."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._process: Process | None = None
        self._owner = 0

    def read(self, name: str, most: int) -> bytes | str:
        """The bytes of an object of at most this size; else why not, to follow a file's name.

        Raises :class:`GitError` if there is no git.
        """
        process = self._running()
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("started without pipes")
        found: bytes | str | None = None
        with at_most(process), suppress(OSError):  # it may have ended
            process.stdin.write(f"{name}\n".encode("ascii"))
            process.stdin.flush()
            found = _answer(process.stdout, most)
        if not isinstance(found, bytes):
            self.close()  # the process has ended, or still has to print the object
        if found is None:
            # Before 2.45, git ends where it would have to fetch an object of a partial clone.
            return "could not be read from git (of a partial clone, nothing is fetched)"
        return found

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            _end(process, self._owner)

    def _running(self) -> Process:
        if self._process is None or self._owner != os.getpid():
            self._process = start(self._top, "cat-file", "--batch")
            self._owner = os.getpid()
            weakref.finalize(self, _end, self._process, self._owner)
        return self._process


def _end(process: Process, owner: int) -> None:
    """End a process, unless this one is a fork of the one that started it."""
    if owner == os.getpid():
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):  # what was left to write
                if stream is not None:
                    stream.close()


def _answer(output: IO[bytes], most: int) -> bytes | str | None:
    """What ``cat-file --batch`` prints of one object; ``None``: not what it should."""
    head = output.readline(256).split()
    if len(head) != 3:
        missing = len(head) == 2 and head[1] == b"missing"
        return "is missing from this clone's objects" if missing else None
    size = int(head[2])
    if size > most:
        return f"is too large: {size} bytes"
    data = output.read(size + 1)
    return data[:-1] if len(data) == size + 1 else None
