"""Tar and zip archives: which of their files are inputs."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dtlink.firmware.containers.fields import plain
from dtlink.firmware.containers.model import Contents, Part, What
from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import ByteSource, SizeLimit, SizeLimitError
from dtlink.firmware.property_files import (
    MAX_FILES,
    MAX_TOTAL,
    NOTE,
    blob_of,
    lost,
    lost_of_blob,
    roots,
)
from dtlink.typed import IO, cast
from dtlink.wording import counted

ZIP = b"PK\x03\x04"
_USTAR, _USTAR_AT = b"ustar", 257
#: Files of an archive that are looked at, and the first bytes that are.
_MAX_FILES = 200_000
HEAD = 600
_ENCRYPTED = 1
_MESSAGE = 100
#: A property of a devicetree is not larger.
_SMALL = 1 << 20

#: How a file is looked into, by its name and first bytes; ``None``: not at all.
Wanted = Callable[[str, bytes], What | None]


def is_tar(head: bytes) -> bool:
    """Whether data begin with a header of tar (POSIX ustar; GNU)."""
    return head[_USTAR_AT : _USTAR_AT + 5] == _USTAR


def is_zip(head: bytes) -> bool:
    """Whether data begin with a local file header of zip (APPNOTE, 4.3.7)."""
    return head.startswith(ZIP)


def read_tar(source: ByteSource, wanted: Wanted, room: SizeLimit) -> Contents:
    """The files of a tar that are wanted, read in one pass. Raises :class:`InputError`."""
    found: list[Part] = []
    passed = _Passed()
    small = _SmallFiles(shrinks=True)
    file = cast("IO[bytes]", source)  # of which tarfile needs read() alone
    with _damage("tar"), tarfile.open(fileobj=file, mode="r|") as archive:
        for number, member in enumerate(archive):
            _count(number)
            content = archive.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            head = content.read(HEAD)
            if what := wanted(member.name, head):
                part = _part(member.name, what, head, content, room)
                found.append(part._replace(problems=tuple(lost_of_blob(part.data))))
            elif small.takes(member.name, member.size):
                small.add(member.name, head + content.read(member.size - len(head)))
            else:
                passed.note(member.name)
    return small.with_trees(found, passed.notes())


def read_zip(data: bytes, wanted: Wanted, room: SizeLimit) -> Contents:
    """The files of a zip that are wanted. Raises :class:`InputError`."""
    found: list[Part] = []
    passed = _Passed()
    small = _SmallFiles(shrinks=False)
    with _damage("zip"), zipfile.ZipFile(io.BytesIO(data)) as archive:
        for number, member in enumerate(archive.infolist()):
            _count(number)
            if member.is_dir():
                continue
            if member.flag_bits & _ENCRYPTED:
                raise InputError(
                    f"{plain(member.filename)} is encrypted", offset=member.header_offset
                )
            with archive.open(member) as content:
                head = content.read(HEAD)
                if what := wanted(member.filename, head):
                    found.append(_part(member.filename, what, head, content, room))
                elif small.takes(member.filename, member.file_size):
                    small.add(member.filename, head + content.read(_SMALL))
                else:
                    passed.note(member.filename)
    return small.with_trees(found, passed.notes())


def _part(name: str, what: What, head: bytes, content: IO[bytes], room: SizeLimit) -> Part:
    data = head + content.read(room.limit - room.used + 1)
    room.used += len(data)
    if room.used > room.limit:
        raise SizeLimitError(f"the archive has more than {room} of devicetrees and images")
    return Part(plain(name.removeprefix("./")), data, what=what, size=len(data))


def _count(number: int) -> None:
    if number >= _MAX_FILES:
        raise InputError(f"an archive of more than {_MAX_FILES:,} files")


class _SmallFiles:
    """The small files of an archive, which may be the properties of a live devicetree.

    They are kept as long as they may be one: a devicetree has no source, and is of limited size.
    ``shrinks``: the tool that made the archive may have lost the end of such files.
    """

    def __init__(self, *, shrinks: bool) -> None:
        self._shrinks = shrinks
        self._files: dict[str, bytes] | None = {}
        self._total = 0

    def takes(self, name: str, size: int) -> bool:
        """Whether a file may be a property."""
        return self._files is not None and size <= _SMALL and not name.endswith((".dts", ".dtso"))

    def add(self, name: str, data: bytes) -> None:
        """Keep a file."""
        if self._files is None:
            return
        self._files[name.removeprefix("./").lstrip("/")] = data
        self._total += len(data)
        if self._total > MAX_TOTAL or len(self._files) > MAX_FILES:
            self._files = None

    def with_trees(self, found: list[Part], passed: tuple[str, ...]) -> Contents:
        """The members of the archive, with the live devicetrees in it."""
        folders: dict[str, set[str]] = {}
        for path in self._files or ():
            folder, _, name = path.rpartition("/")
            folders.setdefault(folder, set()).add(name)
        tops = roots(folders.items())
        parts = [self._tree(top) for top in tops]
        if tops:
            found = [part for part in found if not any(_is_in(part.name, top) for top in tops)]
        return Contents([*parts, *found], notes=(NOTE,) if tops else (), passed=passed)

    def _tree(self, top: str) -> Part:
        start = f"{top}/" if top else ""
        files = {
            path[len(start) :]: data
            for path, data in (self._files or {}).items()
            if path.startswith(start)
        }
        problems = tuple(lost(files)) if self._shrinks else ()
        return Part(plain(top), blob_of(files), kind="live devicetree", problems=problems)


def _is_in(name: str, top: str) -> bool:
    return not top or name.startswith(f"{top}/")


class _Passed:
    """Counts files that would be inputs in a folder, but cannot be in an archive."""

    def __init__(self) -> None:
        self._sources = 0

    def note(self, name: str) -> None:
        self._sources += name.endswith((".dts", ".dtso"))

    def notes(self) -> tuple[str, ...]:
        if not self._sources:
            return ()
        number = counted(self._sources, "source")
        return (f"{number} (.dts) passed over: unpack the archive, so that includes are found",)


@contextmanager
def _damage(kind: str) -> Iterator[None]:
    """Turn what the libraries raise for damaged archives into :class:`InputError`."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # zipfile and tarfile pass on whatever they stumble over
        # Some have the content of the archive in their message.
        raise InputError(f"a damaged {kind} archive: {plain(str(error))[:_MESSAGE]}") from error
