"""From the tables of one file, or of several, to a machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from dtlink.firmware.acpi.machine import CODE, Machine, header
from dtlink.firmware.acpi.registry import REGISTRY
from dtlink.firmware.acpi.table import TableHeader
from dtlink.firmware.errors import InputError

#: A machine has one each of these; of SSDT, PSDT, OEMx and the like it may have many. (Of two
#: MADTs, which occur, Linux takes the first alone, unless acpi_apic_instance= says otherwise.)
UNIQUE = frozenset((*REGISTRY, "DSDT"))
#: No machine comes near it: those with an SSDT for every processor have some hundreds.
MAX_TABLES = 4096
#: The tables that name devices by their paths.
_NAMING = frozenset(row.signature for row in REGISTRY.values() if row.device_paths)


class RawTable(NamedTuple):
    """One table, and where it is from: a byte offset in a file (``""``: the input itself)."""

    signature: str
    data: bytes
    """Its bytes, perhaps with more after them."""
    offset: int = 0
    """Where an error is reported; the file's byte offset."""
    file: str = ""
    binary: bool = True
    """Whether the table itself stands there, so that an offset within it can be told."""

    @property
    def table(self) -> bytes:
        """Its bytes alone, if its header tells the truth."""
        return self.data[: int.from_bytes(self.data[4:8], "little")]


def machine_of(blocks: Iterable[RawTable], form: str) -> Machine:
    """The machine that has these tables.

    Raises :class:`InputError` for two different tables of a signature of which a machine has one,
    and for a damaged header.
    """
    tables: dict[str, TableHeader] = {}
    code: dict[str, bytes] = {}
    kept = list(_without_duplicates(blocks))
    for block in kept:
        if block.signature in REGISTRY:
            tables[block.signature] = _header(block)
        elif block.signature in CODE:
            code[f"{block.signature}{len(code)}"] = block.table
    machine = Machine(tables, form=form)
    machine.skipped = tuple(
        dict.fromkeys(each.signature for each in kept if each.signature not in REGISTRY)
    )
    machine.files = {
        each.signature: each.file for each in kept if each.file and each.signature in tables
    }
    machine.code = code if _NAMING & tables.keys() else {}
    return machine


def _without_duplicates(blocks: Iterable[RawTable]) -> Iterable[RawTable]:
    first: dict[str, RawTable] = {}
    for number, block in enumerate(blocks):
        if number == MAX_TABLES:
            raise InputError(f"more than {MAX_TABLES} tables", offset=block.offset)
        earlier = first.setdefault(block.signature, block) if block.signature in UNIQUE else block
        if earlier is block:
            yield block
        elif earlier.table != block.table:
            raise InputError(_several(earlier, block), offset=block.offset)


def _several(earlier: RawTable, later: RawTable) -> str:
    """Two tables that one machine can't both have."""
    places = [
        f"in {block.file}" if block.file else f"at byte {block.offset:#x}"
        for block in (earlier, later)
    ]
    return (
        f"two different {later.signature} tables, {places[0]} and {places[1]}: these are several "
        "machines; give the tables of each apart"
    )


def _header(block: RawTable) -> TableHeader:
    """A table. An error in text is reported at the line where the table begins."""
    try:
        return header(block.data, block.file, block.offset if block.binary else 0)
    except InputError as error:
        if not block.binary:
            error.offset = block.offset
        error.path = error.path or block.file
        raise
