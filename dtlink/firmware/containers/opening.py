"""Open a file: what is in it, down to the devicetrees, and the inputs that it means.

All of it is bounded: the bytes of a file, what they unpack to, the number of members, the depth.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from dtlink.firmware.containers import archives, blobs
from dtlink.firmware.containers.formats import CONTAINERS
from dtlink.firmware.containers.model import Contents, Entry, Part, Problem, What
from dtlink.firmware.containers.others import described, unknown
from dtlink.firmware.containers.wanted import in_archive, is_read_whole
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt import MAGIC
from dtlink.firmware.packing import (
    ByteSource,
    Compression,
    SizeLimit,
    SizeLimitError,
    compression_of,
    plain,
    unpack,
)
from dtlink.typed import BinaryIO

#: Bytes that a file may have, and all that it unpacks to.
MAX_FILE = 1 << 30
MAX_UNPACKED = 512 << 20
#: What a small file may unpack to: flash images, which are mostly empty, and many times more than
#: a file with something in it.
_SURE, _RATIO = 64 << 20, 100
#: Containers in containers, and members of all of them.
MAX_DEPTH = 8
MAX_ENTRIES = 20_000
#: Bytes that a text does not have.
_CONTROLS = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
#: Bytes at the start of a file that decide what it is.
_LOOK = 64 << 10
#: So much of compressed data is unpacked for that, more where the first block is larger: bzip2's
#: has up to 900 KB, that of lz4's legacy frame 8 MiB (doc/lz4_Frame_format.md, Legacy frame).
_PACKED_HEADS = (64 << 10, 1 << 20, 9 << 20)


def open_file(file: BinaryIO, *, search: bool = False) -> Entry:
    """What is in a file. ``search``: look for devicetrees anywhere in it.

    Raises :class:`InputError` for a container that is damaged, for what is not a format that dtlink
    reads, and beyond the bounds.
    """
    size = os.fstat(file.fileno()).st_size
    opening = _Opening(search=search, packed=size)
    head = file.read(archives.HEAD)
    if compression_of(head) or archives.is_tar(head):
        source = ByteSource.of_file(file, SizeLimit(MAX_FILE), head)
        return opening.source("", source, "devicetree", 0)
    file.seek(0)
    # No more than its size: Python would allocate what it is asked for.
    data = file.read(min(size, MAX_FILE) + 1)
    return opening.data("", data, "devicetree", 0)


def open_data(data: bytes, *, search: bool = False) -> Entry:
    """As :func:`open_file`, of the bytes of a file."""
    return _Opening(search=search, packed=len(data)).data("", data, "devicetree", 0)


class _Opening:
    """One file, and what may still be unpacked and found in it; ``packed`` is its size."""

    def __init__(self, *, search: bool, packed: int) -> None:
        self._search = search
        self._unpacked = SizeLimit(min(_SURE + (_RATIO * packed >> 20 << 20), MAX_UNPACKED))
        self._kept = SizeLimit(MAX_UNPACKED)
        self._entries = 0

    def part(self, part: Part, depth: int) -> Entry:
        """A member; what is wrong with it is kept, so that the others are still read."""
        self._entries += 1
        if self._entries > MAX_ENTRIES:
            raise SizeLimitError(f"more than {MAX_ENTRIES:,} members")
        size = len(part.data) if part.size is None else part.size
        listed = Entry(
            name=part.name,
            form=part.kind or "data",
            offset=part.offset,
            about=part.about,
            problems=part.problems,
            size=size,
            make=part.make,
        )
        if part.make is not None:
            return listed
        if part.what == "other" and not self._search:
            return listed
        try:
            what: What = "maybe" if part.what == "other" else part.what
            found = self.data(part.name, part.data, what, depth)
        except SizeLimitError:
            raise
        except InputError as error:
            return replace(listed, form=part.kind or "damaged", error=error)
        return replace(
            found,
            form=found.form or listed.form,
            offset=part.offset,
            about={**part.about, **found.about},
            problems=(*part.problems, *found.problems),
            size=size,
        )

    def data(self, name: str, data: bytes, what: What, depth: int) -> Entry:
        """What bytes in memory hold."""
        head = data[: archives.HEAD]
        if compression_of(head) or archives.is_tar(head):
            return self.source(name, ByteSource.of_bytes(data), what, depth)
        self._check_depth(depth)
        return self._bytes(name, data, what, depth)

    def _check_depth(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise InputError(f"containers in containers, deeper than {MAX_DEPTH} levels")

    def source(self, name: str, source: ByteSource, what: What, depth: int) -> Entry:
        """What a source holds: unpacked, if it is compressed."""
        self._check_depth(depth)
        head = source.peek(archives.HEAD)
        compression = compression_of(head)
        if compression:
            return self._compressed(name, source, compression, what, depth)
        if archives.is_tar(head):
            return self._container(
                name, "tar archive", archives.read_tar(source, in_archive, self._kept), depth
            )
        return self._bytes(name, source.read(MAX_FILE + 1), what, depth)

    def _compressed(
        self, name: str, source: ByteSource, compression: Compression, what: What, depth: int
    ) -> Entry:
        head = _begin(compression, source)
        if is_read_whole(head) or self._search:
            inner = plain(source, self._unpacked)
            found = self.source(name, inner, what, depth + 1)
        else:
            # A kernel is not unpacked into memory: what counts is whether trees follow it.
            for _ in unpack(compression, source, self._unpacked):
                pass
            start = source.offset
            found = self._after_kernel(name, head, source.read(MAX_FILE + 1), start, what, depth)
        return replace(found, packing=(compression.name, *found.packing))

    def _after_kernel(
        self, name: str, head: bytes, rest: bytes, start: int, what: What, depth: int
    ) -> Entry:
        after = blobs.chain(rest, 0)
        if after.parts:
            trees = [
                part._replace(name=f"dtb[{number}]", offset=(part.offset or 0) + start)
                for number, part in enumerate(after.parts)
            ]
            moved = [Problem(text, (at or 0) + start) for text, at in after.problems]
            return self._container(
                name, "kernel image", Contents(trees, problems=tuple(moved)), depth
            )
        if what == "devicetree":
            raise InputError(unknown(head))
        return Entry(name=name)

    def _bytes(self, name: str, data: bytes, what: What, depth: int) -> Entry:
        if len(data) > MAX_FILE:
            raise SizeLimitError(f"more than {SizeLimit(MAX_FILE)}")
        for container in CONTAINERS:
            if container.matches(data):
                return self._container(name, container.name, container.read(data), depth)
        if archives.is_zip(data):
            return self._container(
                name, "zip archive", archives.read_zip(data, in_archive, self._kept), depth
            )
        if form := _form(data):
            return Entry(name=name, form=form, data=data, size=len(data))
        found = self._searched(data) if self._search else blobs.appended(data)
        if found and found.parts:
            return self._container(name, "file with devicetrees in it", found, depth)
        if what == "devicetree":
            raise InputError(unknown(data[:_LOOK], sum(1 for _ in blobs.blobs(data))), offset=0)
        return Entry(name=name)

    def _searched(self, data: bytes) -> Contents:
        from dtlink.firmware.containers.search import search

        return search(data, self._unpacked)

    def _container(self, name: str, form: str, contents: Contents, depth: int) -> Entry:
        names = _unique([part.name for part in contents.parts])
        parts = (
            part._replace(name=unique) for part, unique in zip(contents.parts, names, strict=True)
        )
        entries = tuple(self.part(each, depth + 1) for each in parts)
        return Entry(
            name=name,
            form=form,
            about=contents.about,
            notes=contents.notes,
            passed=contents.passed,
            problems=contents.problems,
            entries=entries,
        )


def _form(data: bytes) -> str:
    """What data are that are read as one input, by their first bytes; empty for what is not."""
    from dtlink.firmware.acpi import raw

    if data[:4] == MAGIC:
        return "devicetree"
    if described(data[:_LOOK]):
        return ""
    if raw.is_table(data[: archives.HEAD]):
        return "ACPI table"
    return "text" if data and not _CONTROLS.search(data, 0, _LOOK) else ""


def _begin(compression: Compression, source: ByteSource) -> bytes:
    """The first bytes that compressed data unpack to; none if they are damaged."""
    for size in _PACKED_HEADS:
        some = source.peek(size)
        try:
            return unpack(compression, ByteSource.of_bytes(some), SizeLimit(MAX_UNPACKED)).peek(
                archives.HEAD
            )
        except InputError:
            if len(some) < size:
                break
    return b""


def _unique(names: Sequence[str]) -> list[str]:
    """The names, each once: another of the same name gets a number."""
    seen: dict[str, int] = {}
    taken = set(names)
    found = []
    for name in names:
        number = seen.get(name, -1) + 1
        unique = name
        while number and (unique := f"{name}[{number}]") in taken:
            number += 1
        seen[name] = number
        taken.add(unique)
        found.append(unique)
    return found


def leaves(entry: Entry, above: str = "") -> Iterator[tuple[str, Entry]]:
    """The inputs that an entry means, by name, in file order."""
    name = "!".join(filter(None, (above, entry.name)))
    if entry.is_input:
        yield name, entry
    yield from chain.from_iterable(leaves(each, name) for each in entry.entries)
