"""Folders that hold the tables of one machine, a file each: /sys/firmware/acpi/tables, and copies.

Only the folder itself is looked at, none below it. What belongs together is known by the files'
first bytes and their names; two different tables of a signature of which a machine has one are the
tables of several machines, and then each file is an input by itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from dtlink import reading
from dtlink.firmware.acpi import acpidump, listing, raw, textdump
from dtlink.firmware.acpi.blocks import FIRST_COUNTS, UNIQUE, RawTable, machine_of
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.acpi.registry import REGISTRY
from dtlink.firmware.acpi.table import MAX_SIZE
from dtlink.firmware.errors import InputError
from dtlink.firmware.storage import DISK, Disk
from dtlink.records import NamedTuple
from dtlink.wording import and_more

FORM = "acpi-folder"
#: A folder with more candidates is none of one machine.
MAX_FILES = 1024
#: Bytes that are read of all members together.
MAX_TOTAL = 64 << 20
#: Bytes that decide what a file is: a text may begin with something else.
HEAD = 4096

TABLES = (".aml", ".bin", ".dat", ".10")
LISTINGS = (".dsl",)
TEXTS = (".txt", ".log", ".out", ".acpidump")
#: How Linux names the files in /sys/firmware/acpi/tables: SSDT1, DSDT (drivers/acpi/sysfs.c).
_SYSFS = re.compile(r"[A-Z0-9_!$@]{4}[0-9]{0,3}")
#: What the system keeps beside its tables: what they point to, and what was loaded later.
_SYSFS_FOLDERS = ("data", "dynamic")


class FolderTables(NamedTuple):
    """What a folder holds: the files that make one machine, and those that are inputs alone."""

    folder: str
    members: tuple[str, ...]
    alone: tuple[str, ...]


class _File(NamedTuple):
    """A file with something of ACPI in it. ``signature`` is empty where it may have several."""

    path: str
    kind: str
    signature: str

    @property
    def stem(self) -> str:
        return os.path.splitext(self.path)[0].casefold()  # noqa: PTH122 - as in the engine


def machine_folders(top: str) -> Iterator[FolderTables]:
    """Every folder from a top downwards that has tables, sorted; no links are followed."""
    for folder, below, _ in os.walk(top):
        below.sort()
        found = look(folder)
        if found.members:
            below[:] = [name for name in below if name not in _SYSFS_FOLDERS]
        if found.members or found.alone:
            yield found


def look(folder: str, storage: Disk = DISK) -> FolderTables:
    """What one folder holds. A table without another beside it is an input by itself."""
    files = list(_files(folder, storage))
    texts = tuple(each.path for each in files if each.kind == "text")
    members = _members(files)
    if len(members) > MAX_FILES or len(members) < 2 or _conflict(members, storage):
        useful = (each.path for each in members if each.signature in REGISTRY)
        return FolderTables(folder, (), tuple(sorted((*texts, *useful))))
    if not any(each.signature in REGISTRY for each in members):
        return FolderTables(folder, (), tuple(sorted(texts)))
    return FolderTables(folder, tuple(each.path for each in members), tuple(sorted(texts)))


def read_folder(folder: str, storage: Disk = DISK) -> Machine:
    """The machine whose tables are in a folder.

    What is wrong with one file is in :attr:`Machine.refused`, and the others are read. Raises
    :class:`InputError` if the folder has no tables, those of several machines, or none that can be
    read.
    """
    files = list(_files(folder, storage))
    members = _members(files)
    if not members:
        raise InputError(
            "a folder without ACPI tables; for a devicetree name its file", path=folder
        )
    if len(members) > MAX_FILES:
        raise InputError(f"a folder with more than {MAX_FILES} tables", path=folder)
    refused: list[InputError] = []
    blocks = list(_sound_blocks(members, refused, storage))
    # Where a table has come to harm, perhaps its listing has not.
    harmed = {os.path.splitext(error.path)[0].casefold() for error in refused}  # noqa: PTH122
    listings = (each for each in files if each.kind == "listing" and each not in members)
    blocks += _sound_blocks((each for each in listings if each.stem in harmed), refused, storage)
    if not blocks:
        raise _all_refused(refused)
    machine = machine_of(blocks, FORM)
    machine.refused = tuple(refused)
    return machine


def _all_refused(refused: list[InputError]) -> InputError:
    first = refused[0]
    more = f" ({and_more(len(refused) - 1, 'file')})" if len(refused) > 1 else ""
    return InputError(f"{first.message}{more}", offset=first.offset, path=first.path)


def _sound_blocks(
    members: Iterable[_File], refused: list[InputError], storage: Disk
) -> Iterator[RawTable]:
    """The tables of the members, as far as they can be read."""
    room = MAX_TOTAL
    for each in members:
        try:
            data = _read_within(each.path, room, storage)
            room -= len(data)
            blocks = list(_blocks(each, data))
            machine_of(blocks, FORM)
        except InputError as error:
            error.path = each.path
            refused.append(error)
        else:
            yield from blocks


def _blocks(file: _File, data: bytes) -> Iterator[RawTable]:
    """The tables of one file."""
    if file.kind == "listing":
        return (block._replace(file=file.path) for block in listing.blocks(data))
    if file.kind == "dump":
        return (block._replace(file=file.path) for block in textdump.blocks(data))
    return raw.blocks(data, file.path)


def _members(files: list[_File]) -> list[_File]:
    """The files that a machine is read from, one a table: no listing beside the table itself."""
    raws = [each for each in files if each.kind == "table"]
    have = {each.stem for each in raws}
    listed = [each for each in files if each.kind in ("listing", "dump") and each.stem not in have]
    return sorted(raws + listed)


def _conflict(members: Iterable[_File], storage: Disk) -> bool:
    """Whether two have different tables of which a machine has one.

    Several of a kind of which Linux takes the first are of one machine if the system named them.
    """
    first: dict[str, _File] = {}
    for each in members:
        earlier = first.setdefault(each.signature, each) if each.signature in UNIQUE else each
        numbered = each.signature in FIRST_COUNTS and _is_numbered(each) and _is_numbered(earlier)
        if (
            earlier is not each
            and not numbered
            and _bytes(earlier, storage) != _bytes(each, storage)
        ):
            return True
    return False


def _is_numbered(file: _File) -> bool:
    """Whether a file has the name that Linux, or acpixtract, gives to one of several: MCFG1."""
    stem = os.path.splitext(os.path.basename(file.path))[0].upper()  # noqa: PTH119, PTH122
    return _SYSFS.fullmatch(stem) is not None and stem.startswith(file.signature)


def _bytes(file: _File, storage: Disk) -> bytes:
    """A member's table; one that can't be read is like no other."""
    try:
        return next(_blocks(file, _read(file.path, MAX_SIZE, storage))).table
    except (InputError, StopIteration):
        return file.path.encode("utf-8", "surrogateescape")


def _files(folder: str, storage: Disk) -> Iterator[_File]:
    """The files with something of ACPI in them, by name."""
    try:
        names = sorted(name for name in storage.files_in(folder) if _may_be(name))
    except OSError as error:
        raise InputError(error.strerror or str(error), path=folder) from error
    for name in names:
        path = os.path.join(folder, name)  # noqa: PTH118 - as in the engine
        try:
            found = _sniff(path, name, _read(path, HEAD, storage), storage)
        except InputError:
            # The system's own are for root's eyes only; that is reported, not passed over.
            found = None
        if found := found or _by_name(path, name):
            yield found


def _by_name(path: str, name: str) -> _File | None:
    """A file that is named for a table, but is not one, or can't be read: an error to report."""
    stem, suffix = os.path.splitext(name.upper())  # noqa: PTH122
    named = stem[:4] in UNIQUE and _SYSFS.fullmatch(stem) and suffix.lower() in ("", *TABLES)
    return _File(path, "table", stem[:4]) if named else None


def _may_be(name: str) -> bool:
    known = name.lower().endswith((*TABLES, *LISTINGS, *TEXTS))
    return known or _SYSFS.fullmatch(name.upper()) is not None


def _sniff(path: str, name: str, head: bytes, storage: Disk) -> _File | None:
    if raw.is_table(head):
        return _File(path, "table", head[:4].decode("latin-1"))
    if name.lower().endswith(TABLES):
        return None
    if acpidump.is_acpidump(head):
        return _File(path, "text", "")
    if listing.is_listing(head):
        return _sniff_listing(path, name, storage)
    if signature := textdump.signature(head):
        return _File(path, "dump", signature)
    return None


def _sniff_listing(path: str, name: str, storage: Disk) -> _File | None:
    """Of programs (a DSDT's listing) nothing is read; other texts may speak of iasl, too."""
    data = _read(path, MAX_TOTAL, storage)
    signatures = listing.signatures(data)
    if len(signatures) == 1:
        return _File(path, "listing", signatures[0])
    if signatures or (name.lower().endswith(LISTINGS) and listing.is_of_table(data[:HEAD])):
        return _File(path, "text", "")
    return None


def _read_within(path: str, room: int, storage: Disk) -> bytes:
    reading.note_path(path)
    data = _read(path, min(MAX_SIZE, room), storage)
    if len(data) > room:
        raise InputError(f"more than {MAX_TOTAL} bytes of tables in the folder", path=path)
    return data


def _read(path: str, limit: int, storage: Disk) -> bytes:
    """A file's first bytes, one more than the limit at most."""
    try:
        return storage.begin(path, limit + 1)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error
