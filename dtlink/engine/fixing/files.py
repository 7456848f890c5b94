"""The files that fixes change, in memory: as they were, and as they are when a round begins."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from dtlink.firmware.storage import DISK, Disk
from dtlink.firmware.text_edits import EditedDisk, by_file, decoded, edited, encoded
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.engine.fixing.proposals import Proposal

#: The largest file that is changed, in bytes.
LARGEST = 4 << 20


class UnusableError(Exception):
    """A file that can't be changed; the message says why."""


class ChangedFiles:
    """The files that proposals change, without and with what was accepted."""

    def __init__(self) -> None:
        self._original: dict[str, str] = {}
        self._base: dict[str, str] = {}
        """The files as they are when a round begins, as far as they have changed."""
        self._began = time.time_ns()

    def text(self, path: str) -> str:
        """A file as it is when the round begins.

        Raises :class:`UnusableError` for one that can't be changed.
        """
        if path not in self._base:
            if not os.access(path, os.W_OK):
                shown = "standard input" if path == "-" else path
                raise UnusableError(f"{shown} can't be written")
            data = DISK.read(path, LARGEST)
            if isinstance(data, str):
                raise UnusableError(f"{path} {data}")
            if self._is_new(Path(path).stat()):
                # Edits count the characters of the file as it was linted.
                raise UnusableError(f"{path} has changed while it was linted")
            self._original[path] = self._base[path] = decoded(data)
        return self._base[path]

    def _is_new(self, found: os.stat_result) -> bool:
        """Whether a file was written, or put in its place, since the start."""
        now = time.time_ns()
        return any(self._began < each < now for each in (found.st_mtime_ns, found.st_ctime_ns))

    def keep(self, batch: Sequence[Proposal]) -> None:
        """Begin a new round, with these changes made."""
        self._base |= self._texts(batch)

    def disk(self, batch: Sequence[Proposal]) -> Disk:
        """What files are read from: those of the round, with these changes made."""
        texts = {**self._base, **self._texts(batch)}
        changed = {path: encoded(text) for path, text in texts.items() if self._differs(path, text)}
        return EditedDisk(changed) if changed else DISK

    def contents(self) -> Mapping[str, tuple[bytes, bytes]]:
        """What changed files had, and have."""
        return {
            path: (encoded(self._original[path]), encoded(text))
            for path, text in self._base.items()
            if self._differs(path, text)
        }

    def _differs(self, path: str, text: str) -> bool:
        return text != self._original[path]

    def _texts(self, batch: Sequence[Proposal]) -> dict[str, str]:
        """The files that proposals change, with the changes made."""
        files = by_file(edit for each in batch for edit in each.edits)
        return {path: edited(self.text(path), edits) for path, edits in files.items()}
