"""Changed tables for Linux to take instead of the firmware's.

With ``CONFIG_ACPI_TABLE_UPGRADE`` the kernel looks for ``kernel/firmware/acpi/*`` in an
uncompressed cpio at the beginning of the initramfs, and takes a table if signature, OEM ID and OEM
table ID are those of the firmware's and its OEM revision is higher (drivers/acpi/tables.c,
acpi_table_upgrade() and acpi_table_initrd_override(); Documentation/admin-guide/acpi/
initrd_table_override.rst). It takes tables of the signatures that it knows only, and none when
locked down (security_locked_down(LOCKDOWN_ACPI_TABLES)), as with Secure Boot.
"""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

FOLDER: Final = "kernel/firmware/acpi"
_CHECKSUM, _REVISION = 9, slice(24, 28)
_LARGEST = 0xFFFFFFFF
_FILE, _FOLDER = 0o100644, 0o040755
_TRAILER = "TRAILER!!!"
#: The tables among those that dtlink reads that no kernel takes from there: they are not in
#: table_sigs[] of drivers/acpi/tables.c, from Linux 5.10 to 7.2 ("ACPI OVERRIDE: Unknown
#: signature").
NOT_TAKEN: Final = frozenset(("RIMT", "VIOT"))


def with_next_revision(table: bytes) -> bytes:
    """A table with the next OEM revision and a right checksum.

    Raises :class:`ValueError` for the highest revision: nothing replaces such a table.
    """
    revision = int.from_bytes(table[_REVISION], "little")
    if revision == _LARGEST:
        raise ValueError("its OEM revision is the highest there is: Linux replaces no such table")
    data = bytearray(table)
    data[_REVISION] = (revision + 1).to_bytes(4, "little")
    data[_CHECKSUM] = 0
    data[_CHECKSUM] = -sum(data) & 0xFF
    return bytes(data)


def override_image(tables: Mapping[str, bytes]) -> bytes:
    """The cpio (newc, uncompressed) that makes Linux take tables; it goes before the initramfs.

    Raises :class:`ValueError` for tables that Linux does not replace.
    """
    for word in sorted(NOT_TAKEN.intersection(tables)):
        raise ValueError(f"Linux replaces no {word} from an initramfs; use --tables-out")
    parts = FOLDER.split("/")
    folders = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    members = [_entry(name, _FOLDER, b"", number) for number, name in enumerate(folders, 1)]
    for number, (word, data) in enumerate(sorted(tables.items()), len(members) + 1):
        name = f"{FOLDER}/{word.lower()}.aml"
        members.append(_entry(name, _FILE, with_next_revision(data), number))
    image = b"".join((*members, _entry(_TRAILER, 0, b"", 0)))
    return image + bytes(-len(image) % 512)


def _entry(name: str, mode: int, data: bytes, number: int) -> bytes:
    """A member (Documentation/driver-api/early-userspace/buffer-format.rst)."""
    links = 2 if mode == _FOLDER else 1
    fields = (number, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return _padded(head) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
