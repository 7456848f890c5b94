"""Tar and zip archives: which of their files are inputs."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, cast

from dtlink.firmware.containers.fields import plain
from dtlink.firmware.containers.model import Contents, Part, What
from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import ByteSource, SizeLimit, SizeLimitError
from dtlink.wording import counted

ZIP = b"PK\x03\x04"
_USTAR, _USTAR_AT = b"ustar", 257
#: Files of an archive that are looked at, and the first bytes that are.
_MAX_FILES = 200_000
HEAD = 600
_ENCRYPTED = 1

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
    file = cast("IO[bytes]", source)  # of which tarfile needs read() alone
    with _damage("tar"), tarfile.open(fileobj=file, mode="r|") as archive:
        for number, member in enumerate(archive):
            _count(number)
            content = archive.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            head = content.read(HEAD)
            if what := wanted(member.name, head):
                found.append(_part(member.name, what, head, content, room))
            else:
                passed.note(member.name)
    return Contents(found, notes=passed.notes())


def read_zip(data: bytes, wanted: Wanted, room: SizeLimit) -> Contents:
    """The files of a zip that are wanted. Raises :class:`InputError`."""
    found: list[Part] = []
    passed = _Passed()
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
                else:
                    passed.note(member.filename)
    return Contents(found, notes=passed.notes())


def _part(name: str, what: What, head: bytes, content: IO[bytes], room: SizeLimit) -> Part:
    data = head + content.read(room.limit - room.used + 1)
    room.used += len(data)
    if room.used > room.limit:
        raise SizeLimitError(f"the archive has more than {room} of devicetrees and images")
    return Part(plain(name.removeprefix("./")), data, what=what, size=len(data))


def _count(number: int) -> None:
    if number >= _MAX_FILES:
        raise InputError(f"an archive of more than {_MAX_FILES:,} files")


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
        raise InputError(f"a damaged {kind} archive: {error}") from error
