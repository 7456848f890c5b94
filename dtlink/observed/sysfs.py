"""Reading what a board reports: a copy of its /sys as a folder or an archive, or a text list.

All of it is data from elsewhere: sizes and counts are bounded, symbolic links are read and not
followed, and an archive is read in one pass, never unpacked.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import ByteSource, SizeLimit, plain
from dtlink.firmware.storage import refuse_root
from dtlink.observed.observation import (
    DEFERRED,
    LINK_ATTRIBUTES,
    LINKS,
    WAITING,
    Observation,
    ReportCollector,
)
from dtlink.typed import IO, Protocol, cast

STDIN = "-"

#: Bytes of one input after decompression, of a log in it, of an attribute; files and folders.
_MAX_BYTES = 256 << 20
_MAX_TEXT = 32 << 20
_MAX_ATTRIBUTE = 4096
_MAX_DEFERRED = 1 << 20
_MAX_FILES = 1_000_000
_MAX_LINE = 4096

_ATTRIBUTES = LINK_ATTRIBUTES | {WAITING, DEFERRED}
#: Parts of a whole /sys that are large and not about devices.
_SKIPPED = frozenset(("fs", "module", "firmware", "bus", "block", "kernel/tracing"))

_USTAR_AT = 257
#: What the libraries raise for archives that are not whole.
_DAMAGE = (tarfile.TarError, EOFError, ValueError, RecursionError)
_HEAD = 512

_CONTROLS = re.compile(r"[\0-\x08\x0b-\x1f\x7f-\x9f]")

#: ``grep -H`` and ``ls -l`` as the text list has them.
_NAMES = "|".join(sorted(_ATTRIBUTES))
_ATTRIBUTE_LINE = re.compile(rf"^(\S*/(?:{_NAMES})):(.*)$")
_LINK_LINE = re.compile(rf"(\S+/(?:{'|'.join(sorted(LINKS))})) -> (\S+)$")


def read(path: str) -> Observation:
    """Read what a board reports: a folder, a tar (plain, gz, xz), a text list, a kernel log.

    ``-`` is standard input. Raises :class:`InputError`, with the path in it, for what cannot be
    read, and for what has nothing about device links.
    """
    collector = ReportCollector()
    try:
        _read(path, collector)
    except InputError as error:
        raise InputError(error.message, offset=error.offset, path=path) from error
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error
    except _DAMAGE as error:
        raise InputError(f"a damaged archive: {error}", path=path) from error
    if collector.found.is_empty:
        message = "nothing of device links, devices or the kernel's log in it"
        raise InputError(message, path=path)
    return collector.found


def _read(path: str, collector: ReportCollector) -> None:
    if path == STDIN:
        reading.note_stream(sys.stdin.buffer)
        _file(sys.stdin.buffer, "", collector)
    elif os.path.isdir(path):  # noqa: PTH112 - paths stay as the user wrote them
        _folder(path, collector)
    else:
        with open(path, "rb", opener=reading.named) as file:
            _file(file, path, collector)


def _file(file: IO[bytes], path: str, collector: ReportCollector) -> None:
    """An archive or a text, compressed or not, by its first bytes."""
    source = plain(ByteSource.of_file(file, SizeLimit(_MAX_BYTES)), SizeLimit(_MAX_BYTES))
    head = source.peek(_HEAD)
    if head[_USTAR_AT : _USTAR_AT + 5] == b"ustar":
        _archive(source, collector)
    elif b"\0" in head:
        raise InputError("neither a folder, a tar archive nor a text")
    elif os.path.basename(path) == DEFERRED:  # noqa: PTH119 - paths stay as the user wrote them
        collector.attribute(DEFERRED, _text(source, _MAX_DEFERRED))
    else:
        _lines(_text(source, _MAX_TEXT), collector)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _archive(source: ByteSource, collector: ReportCollector) -> None:
    """A tar, member by member. Names are only parsed; hard links and devices are passed over."""
    file = cast("IO[bytes]", source)  # of which tarfile needs read() alone
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for number, member in enumerate(archive):
            _count(number)
            if member.issym():
                collector.link(_clean(member.name), _clean(member.linkname))
            elif member.isfile() and (limit := _limit(member.name)):
                content = archive.extractfile(member)
                if content is not None:
                    _entry(_clean(member.name), content, limit, collector)


def _folder(top: str, collector: ReportCollector) -> None:
    """A copy of /sys, or /sys itself. Links are read; only plain files are opened."""
    refuse_root(top)
    for number, path in enumerate(_walk(top)):
        _count(number)
        name = os.path.relpath(path, top)
        if os.path.islink(path):  # noqa: PTH114 - pathlib is slow for many
            collector.link(_clean(name), _clean(os.readlink(path)))  # noqa: PTH115
        elif (limit := _limit(name)) and stat.S_ISREG(os.lstat(path).st_mode):
            try:
                with open(path, "rb", opener=reading.regular) as file:
                    _entry(_clean(name), file, limit, collector)
            except PermissionError as error:
                raise InputError(f"{name}: {error.strerror}") from error


def _walk(top: str) -> Iterator[str]:
    """Everything below a folder but folders; links to folders are not entered."""
    for folder, below, names in os.walk(top):
        at = os.path.relpath(folder, top)
        for name in below:
            path = os.path.join(folder, name)  # noqa: PTH118
            if os.path.islink(path):  # noqa: PTH114
                yield path
        below[:] = [name for name in below if os.path.normpath(f"{at}/{name}") not in _SKIPPED]
        yield from (os.path.join(folder, name) for name in names)  # noqa: PTH118


def _count(number: int) -> None:
    if number >= _MAX_FILES:
        raise InputError(f"more than {_MAX_FILES:,} files")


def _limit(path: str) -> int:
    """How many bytes of a file are read: 0 if it is of no use."""
    name = PurePosixPath(path).name
    if name == DEFERRED:
        return _MAX_DEFERRED
    if name in _ATTRIBUTES:
        return _MAX_ATTRIBUTE
    return _MAX_TEXT if name.startswith("dmesg") or name.endswith((".log", ".txt")) else 0


def _entry(name: str, file: _Readable, limit: int, collector: ReportCollector) -> None:
    text = _text(file, limit)
    if limit == _MAX_TEXT:
        _lines(text, collector)
    else:
        collector.attribute(name, text)


def _text(file: _Readable, limit: int) -> str:
    """A text. Archivers pad attributes with zeros, since sysfs says that all have 4,096 bytes."""
    data = file.read(limit + 1)
    if len(data) > limit:
        raise InputError(f"a text of more than {limit:,} bytes")
    return _clean(data.decode("utf-8", "replace"))


def _clean(text: str) -> str:
    """Text without what a terminal would obey or could not show."""
    return _CONTROLS.sub("", text).encode("utf-8", "replace").decode("utf-8")


def _lines(text: str, collector: ReportCollector) -> None:
    """A text list or a log, or one after the other."""
    for line in text.split("\n"):
        row = line[:_MAX_LINE]
        if collector.line(row):
            continue
        if found := _ATTRIBUTE_LINE.match(row):
            collector.attribute(found[1], found[2])
        elif found := _LINK_LINE.search(row):
            collector.link(found[1], found[2])
