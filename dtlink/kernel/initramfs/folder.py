"""An unpacked initramfs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.storage import refuse_root
from dtlink.kernel.initramfs.members import (
    FILE,
    FOLDER,
    LINK,
    OTHER,
    Member,
    MemberCollector,
    wanted,
)
from dtlink.kernel.initramfs.model import Initramfs

_MAX_TEXT = 1 << 20

#: The folders that ``unmkinitramfs`` makes for the parts of an image.
_PART = re.compile(r"(?:main|early\d*)/")
#: One of these is in every initramfs.
_NEEDED = ("init", "lib/modules", "usr/lib/modules")
_NONE = "no unpacked initramfs: neither init nor lib/modules/VERSION is in it"


def read_folder(top: str) -> Initramfs:
    """Read a folder; links are not followed. Raises InputError, and OSError as the system does."""
    refuse_root(top)
    in_parts = os.path.isdir(os.path.join(top, "main"))  # noqa: PTH112, PTH118 - as the user wrote it
    if not (in_parts or any(os.path.lexists(f"{top}/{each}") for each in _NEEDED)):
        raise InputError(_NONE)
    found = MemberCollector()
    for name, entry in _walk(top):
        path = _PART.sub("", name, count=1) if in_parts and _PART.match(name) else name
        kind = _kind(entry)
        text = _text(entry) if kind == FILE and wanted(path) else b""
        found.add(Member(path, kind, text))
    if not (found.has_init or found.modules):
        raise InputError(_NONE)
    return found.result("folder", complete=True)


def _walk(top: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    folders = [""]
    while folders:
        folder = folders.pop()
        with os.scandir(os.path.join(top, folder)) as entries:  # noqa: PTH118
            for entry in entries:
                name = f"{folder}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{name}/")
                yield name, entry


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return LINK
    if entry.is_dir(follow_symlinks=False):
        return FOLDER
    return FILE if entry.is_file(follow_symlinks=False) else OTHER


def _text(entry: os.DirEntry[str]) -> bytes:
    with open(entry.path, "rb", opener=reading.regular) as file:
        text = file.read(_MAX_TEXT + 1)
    if len(text) > _MAX_TEXT:
        raise InputError(f"{entry.name} has more than {_MAX_TEXT} bytes: no list of modules")
    return text
