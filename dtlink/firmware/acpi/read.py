"""Reading ACPI tables of any form: the first bytes of a file decide which."""

from __future__ import annotations

from dtlink.firmware.acpi import acpidump, listing, raw, textdump
from dtlink.firmware.acpi.folder import FolderTables, look, machine_folders, read_folder
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.errors import InputError

__all__ = ["FolderTables", "decode", "is_tables", "look", "machine_folders", "read_folder"]

#: Bytes that a text may have before its first table, for it to be known by.
HEAD = 65536


def is_tables(data: bytes) -> bool:
    """Whether a file holds tables, by its first bytes (HEAD of them are looked at, at most).

    A table, a text of acpidump, a listing of iasl, or a dump by hexdump, xxd or od; devicetrees and
    other texts are none.
    """
    head = data[:HEAD]
    return (
        raw.is_table(head)
        or acpidump.is_acpidump(head)
        or listing.is_listing(head)
        or textdump.is_dump(head)
    )


def decode(data: bytes, path: str = "") -> Machine:
    """The machine whose tables a file has, in whatever form.

    Raises :class:`InputError`, with the path in it and the byte offset in the file, for what can't
    be read, and for a file with the tables of several machines.
    """
    try:
        return _decode(data)
    except InputError as error:
        error.path = error.path or path
        raise


def _decode(data: bytes) -> Machine:
    head = data[:HEAD]
    if raw.is_table(head):
        return raw.decode(data)
    if acpidump.is_acpidump(head):
        return acpidump.decode(data)
    if listing.is_listing(head):
        return listing.decode(data)
    if textdump.is_dump(head):
        return textdump.decode(data)
    raise InputError(f"no ACPI table, acpidump text or iasl listing: {data[:4]!r}", offset=0)
