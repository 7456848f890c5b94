"""From the tables of one file, or of several, to a machine."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.firmware.acpi.machine import CODE, Machine, header
from dtlink.firmware.acpi.registry import REGISTRY
from dtlink.firmware.acpi.table import TableHeader
from dtlink.firmware.errors import InputError
from dtlink.records import NamedTuple

#: A machine has one each of these; of SSDT, PSDT, OEMx and the like it may have many.
UNIQUE = frozenset((*REGISTRY, "DSDT"))
#: Some machines have several of these all the same, and Linux takes the first alone
#: (drivers/acpi/tables.c, acpi_table_parse(); of MADTs acpi_apic_instance= may name another).
FIRST_COUNTS = frozenset(("APIC", "MCFG"))
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
    """Whether the table itself stands there, so that an offset within it can be reported."""

    @property
    def table(self) -> bytes:
        """Its bytes alone, if the length in its header is right."""
        return self.data[: int.from_bytes(self.data[4:8], "little")]


def machine_of(blocks: Iterable[RawTable], form: str) -> Machine:
    """The machine that has these tables.

    Raises :class:`InputError` for two different tables of a signature of which a machine has one,
    and for a damaged header.
    """
    tables: dict[str, TableHeader] = {}
    code: dict[str, bytes] = {}
    repeated: list[str] = []
    kept = list(_without_duplicates(blocks, repeated))
    for block in kept:
        if block.signature in REGISTRY:
            tables[block.signature] = _header(block)
        elif block.signature in CODE:
            code[f"{block.signature}{len(code)}"] = block.table
    machine = Machine(tables, form=form)
    machine.repeated = tuple(repeated)
    machine.skipped = tuple(
        dict.fromkeys(each.signature for each in kept if each.signature not in REGISTRY)
    )
    machine.files = {
        each.signature: each.file for each in kept if each.file and each.signature in tables
    }
    machine.code = code if _NAMING & tables.keys() else {}
    return machine


def _without_duplicates(blocks: Iterable[RawTable], repeated: list[str]) -> Iterable[RawTable]:
    """The tables that count; what is said of others goes to ``repeated``."""
    first: dict[str, RawTable] = {}
    later: RawTable | None = None
    for number, block in enumerate(blocks):
        if number == MAX_TABLES:
            raise InputError(f"more than {MAX_TABLES} tables", offset=block.offset)
        earlier = first.setdefault(block.signature, block) if block.signature in UNIQUE else block
        if earlier is block:
            yield block
        elif earlier.table != block.table:
            later = block
            if block.signature not in FIRST_COUNTS:
                raise InputError(_several(earlier, block), offset=block.offset)
            repeated.append(
                f"two different {block.signature} tables: Linux takes the first, {_place(earlier)};"
                f" the one {_place(block)} was not checked"
            )
    if later is not None and len(first) == 1:
        # No other table shows that these are of one machine.
        raise InputError(_several(first[later.signature], later), offset=later.offset)


def _several(earlier: RawTable, later: RawTable) -> str:
    """Two tables that one machine can't both have."""
    return (
        f"two different {later.signature} tables, {_place(earlier)} and {_place(later)}: these are "
        "several machines; give the tables of each apart"
    )


def _place(block: RawTable) -> str:
    return f"in {block.file}" if block.file else f"at byte {block.offset:#x}"


def _header(block: RawTable) -> TableHeader:
    """A table. An error in text is reported at the line where the table begins."""
    try:
        return header(block.data, block.file, block.offset if block.binary else 0)
    except InputError as error:
        if not block.binary:
            error.offset = block.offset
        error.path = error.path or block.file
        raise
