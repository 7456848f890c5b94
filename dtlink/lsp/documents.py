"""The files that are open in an editor, in the place of those on the disk."""

from __future__ import annotations

from itertools import count

from dtlink.firmware.storage import DISK, Disk
from dtlink.firmware.text_edits import decoded
from dtlink.lsp.positions import TextLines

#: Upper bound on a file that is read for its lines, in bytes, and on those that are kept.
_SIZE = 16 << 20
_KEPT = 24


class OpenFiles(Disk):
    """The disk with the contents of open files replaced; nothing is written.

    It is one object for as long as the server runs: what is kept of a file is replaced when the
    file changes, and not kept beside it.
    """

    is_disk = False

    def __init__(self) -> None:
        self.encoding = "utf-16"
        self._held: dict[str, tuple[int, bytes]] = {}
        self._numbers = count()
        self._lines: dict[str, tuple[object, TextLines]] = {}

    def put(self, path: str, text: str) -> None:
        """Open a file, or change it."""
        # A lone surrogate, which JSON can have, is no character of a file.
        data = text.encode("utf-8", "replace")
        self._held[DISK.real(path)] = next(self._numbers), data

    def drop(self, path: str) -> None:
        """Close a file."""
        self._held.pop(DISK.real(path), None)

    def has(self, path: str) -> bool:
        """Whether a file is open."""
        return DISK.real(path) in self._held

    def keeper(self, path: str) -> Disk:
        """The disk, for all files but those that are open."""
        return self if DISK.real(path) in self._held else DISK

    def state(self, path: str) -> object:
        """As the disk's."""
        found = self._held.get(DISK.real(path))
        return super().state(path) if found is None else ("open", found[0])

    def read(self, path: str, most: int) -> bytes | str:
        """The bytes of a file as the editor has it."""
        found = self._held.get(DISK.real(path))
        if found is None:
            return super().read(path, most)
        data = found[1]
        return data if len(data) <= most else f"is too large: {len(data)} bytes"

    def lines(self, path: str) -> TextLines:
        """The text of a file with its lines; an empty one for what can't be read."""
        state = self.state(path)
        known = self._lines.pop(path, None)
        if known is None or known[0] != state:
            data = self.read(path, _SIZE)
            text = "" if isinstance(data, str) else decoded(data)
            known = state, TextLines(text, self.encoding)
        self._lines[path] = known
        while len(self._lines) > _KEPT:
            self._lines.pop(next(iter(self._lines)))
        return known[1]
