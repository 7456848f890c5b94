"""What was asked of the disk for one input, and whether the disk still says the same.

A source is made of files that it names, found in folders that are there or not: each question is
kept with its answer. A new file that would be found first changes an answer as much as a file that
is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from zlib import crc32

from dtlink.digests import sha256
from dtlink.firmware.storage import DISK, Content, Disk
from dtlink.stamps import Stamp, content_of, is_settled, stamp_of
from dtlink.typed import Any, SupportsIndex

#: A question, its path and the answer. That of a file has three parts: its stamp, if that may be
#: believed, its size and the hash of its content.
Row = Sequence[Any]

_FILE = "file"


def _names(list_names: Callable[[str], Iterable[str]]) -> Callable[[str], int | None]:
    """What stands for the names in a folder."""

    def names(path: str) -> int | None:
        try:
            found = "\0".join(sorted(list_names(path)))
        except OSError:
            return None
        return crc32(found.encode(errors="surrogatepass"))

    return names


_QUESTIONS: dict[str, Callable[[str], Any]] = {
    "exists": DISK.exists,
    "is_file": DISK.is_file,
    "is_folder": DISK.is_folder,
    "is_link": DISK.is_link,
    "is_repository": DISK.is_repository,
    "real": DISK.real,
    "files_in": _names(DISK.files_in),
    "folders_in": _names(DISK.folders_in),
}


class AskedDisk(Disk):
    """The disk, which notes what it is asked for one input after the other."""

    notes = True

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], None] = {}
        self._rows: dict[tuple[str, str], Row] = {}
        self._stamps: dict[str, tuple[Stamp, bool] | None] = {}
        self._contents: dict[str, Content] = {}

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        """In another process it is the one that is there."""
        return "ASKED"

    def forget(self) -> None:
        """Ask anew: a run begins."""
        for each in (self._asked, self._rows, self._stamps, self._contents):
            each.clear()

    def start(self) -> None:
        """Note what is asked from now on: an input begins."""
        self._asked.clear()

    def asked(self) -> Sequence[Row]:
        """What was asked since; empty for nothing, and for what cannot be compared later."""
        rows = [self._rows.get(each) or self._hashed(*each) for each in self._asked]
        found = [each for each in rows if each is not None]
        return found if len(found) == len(rows) else ()

    def _hashed(self, kind: str, path: str) -> Row | None:
        """The row of a file: its stamp is older than what was read, whose hash it has."""
        noted = self._stamps.get(path) if kind == _FILE else None
        content = self._contents.get(path)
        if noted is None or content is None:
            return None
        stamp, is_believed = noted
        row = self._rows[kind, path] = kind, path, stamp if is_believed else None, *content
        return row

    def _note(self, kind: str, path: str, answer: Any) -> Any:
        key = kind, path
        self._asked[key] = None
        known = self._rows.get(key)
        if known is None or known[2] != answer:
            self._rows[key] = kind, path, answer
        return answer

    def _note_file(self, path: str) -> None:
        key = _FILE, path
        self._asked[key] = None
        stamp, noted = stamp_of(path, empty=True), self._stamps.get(path)
        if stamp is None or noted is None or noted[0] != stamp:
            self._rows.pop(key, None)
            self._stamps[path] = None if stamp is None else (stamp, is_settled(stamp))

    def exists(self, path: str) -> bool:
        """As the disk."""
        return bool(self._note("exists", path, super().exists(path)))

    def is_file(self, path: str) -> bool:
        """As the disk."""
        return bool(self._note("is_file", path, super().is_file(path)))

    def is_folder(self, path: str) -> bool:
        """As the disk."""
        return bool(self._note("is_folder", path, super().is_folder(path)))

    def is_link(self, path: str) -> bool:
        """As the disk."""
        return bool(self._note("is_link", path, super().is_link(path)))

    def is_repository(self, folder: str) -> bool:
        """As the disk."""
        return bool(self._note("is_repository", folder, super().is_repository(folder)))

    def real(self, path: str) -> str:
        """As the disk, which is asked once in a run: each source asks for the folders of all."""
        known = self._rows.get(("real", path))
        return str(self._note("real", path, super().real(path) if known is None else known[2]))

    def keeper(self, path: str) -> Disk:
        """The disk: it has the same files."""
        del path
        return DISK

    def state(self, path: str) -> object:
        """As the disk."""
        self._note_file(path)
        return super().state(path)

    def content(self, path: str) -> Content | None:
        """What was last read at a path."""
        return self._contents.get(path)

    def uses(self, path: str, content: Content | None) -> None:
        """What a file had when it was read; ``None``: that is not known."""
        if self._contents.get(path) != content:
            self._rows.pop((_FILE, path), None)
        if content is None:
            self._contents.pop(path, None)
        else:
            self._contents[path] = content

    def read(self, path: str, most: int) -> bytes | str:
        """As the disk."""
        self._note_file(path)
        found = super().read(path, most)
        self.uses(path, None if isinstance(found, str) else _content(found))
        return found

    def begin(self, path: str, most: int) -> bytes:
        """As the disk."""
        self._note_file(path)
        found = super().begin(path, most)
        self.uses(path, _content(found) if len(found) < most else None)
        return found

    def files_in(self, folder: str) -> list[str]:
        """As the disk."""
        self._note("files_in", folder, _QUESTIONS["files_in"](folder))
        return super().files_in(folder)

    def folders_in(self, folder: str) -> list[str]:
        """As the disk."""
        self._note("folders_in", folder, _QUESTIONS["folders_in"](folder))
        return super().folders_in(folder)


def _content(data: bytes) -> Content:
    return len(data), sha256(data)


#: That of this process.
ASKED = AskedDisk()


class DiskNow:
    """What the disk says now, asked once in a run."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._answers: dict[tuple[str, str], Any] = {}

    def holds(self, row: Row) -> Row | None:
        """The row, with the present stamp of a file, if the disk says the same."""
        kind, path, *answer = row
        if kind != _FILE:
            return row if self._answer(kind, path, _QUESTIONS[kind]) == answer[0] else None
        stamp, size, content = answer
        there = self._answer(_FILE, path, lambda each: stamp_of(each, empty=True))
        if there is None or there == stamp:
            return row if there else None
        if there[0] != size or self._content(path, size) != content:
            return None
        return [kind, path, there, size, content] if is_settled(there, self._now) else row

    def _content(self, path: str, size: int) -> str:
        return str(self._answer("content", path, lambda each: content_of(each, size)))

    def _answer(self, kind: str, path: str, ask: Callable[[str], Any]) -> Any:
        key = kind, path
        if key not in self._answers:
            self._answers[key] = ask(path)
        return self._answers[key]
