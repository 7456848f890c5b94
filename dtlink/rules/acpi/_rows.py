"""What is known of each table for the checks that hold for every table: the form of the rows.

A table's rows are in the module here that is named as its reader (``_iort.py``): what Linux does
with a fault, with the source, beside the fields that it is about. A table without such a module is
checked all the same; its findings then say what holds for any reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from dtlink.firmware.acpi.layout import Struct
from dtlink.firmware.acpi.registry import DESCRIBING, RegisteredTable
from dtlink.firmware.acpi.table import FrameFault, FrameFaultKind, TableHeader
from dtlink.rules.aliases import alias_for

if TYPE_CHECKING:
    from dtlink.board.tables import TablesBoard
    from dtlink.rules.model import Severity

CaseT = TypeVar("CaseT")

#: How many structures a message names, and how many a finding lists.
NAMED = 3
MOST_RELATED = 32


class Effect(NamedTuple, Generic[CaseT]):
    """What comes of a fault, in the cases in which ``when`` holds: the first row that fits."""

    text: str | Callable[[CaseT], str]
    """Empty where another rule reports the case."""
    when: Callable[[CaseT], bool] | None = None
    severity: Severity | None = None
    """The rule's if it is not given."""
    source: str = ""
    """Where Linux does so: file and function."""

    def of(self, case: CaseT) -> str:
        """The text for a case."""
        return self.text if isinstance(self.text, str) else self.text(case)


def effect_of(rows: Iterable[Effect[CaseT]], case: CaseT, default: Effect[CaseT]) -> Effect[CaseT]:
    """The first row that fits a case."""
    return next((row for row in rows if row.when is None or row.when(case)), default)


class FrameRows(NamedTuple):
    """For ``acpi/frame``."""

    effects: tuple[Effect[FrameFault], ...] = ()
    names_field: bool = True
    """Whether findings name the field. (Fingerprints of some tables were made without it.)"""
    at_holder: bool = False
    """Whether a structure that can't be read is reported at its holder."""
    together: bool = False
    """Whether faults of one kind make one finding."""


class ReservedBits(NamedTuple):
    """Reserved bits that are set in a field."""

    where: Struct
    field: str
    bits: int


class ReservedRows(NamedTuple):
    """For ``acpi/reserved-bits``."""

    effects: tuple[Effect[ReservedBits], ...] = ()
    together: bool = False
    """Whether all fields of a table make one finding."""


class UnknownRows(NamedTuple):
    """For ``acpi/unknown-type``."""

    effects: tuple[Effect[Sequence[Struct]], ...] = ()
    kinds: tuple[type[Struct], ...] = (Struct,)
    """The classes that stand in for structures of unknown types."""
    among: Callable[[Any], Iterable[Struct]] = attrgetter("structures")
    """The structures of a table that are looked at."""
    key: Callable[[Struct], object] = attrgetter("type")
    """Structures with one key make one finding."""
    worst: Callable[[Struct], bool] | None = None
    """Structures of a group at which it is reported, before others."""
    known: str = ""
    """The types that are known, in words."""
    names_field: bool = True


class TableRows(NamedTuple):
    """All that the checks know of one table."""

    frame: FrameRows = FrameRows()
    reserved: ReservedRows = ReservedRows()
    unknown: UnknownRows = UnknownRows()


class CheckedTable(NamedTuple):
    """One table of a machine, with what the checks know of it."""

    row: RegisteredTable
    table: TableHeader
    rows: TableRows

    def alias(self, rule_id: str) -> str:
        """What a check is called for the table."""
        return alias_for(rule_id, self.row.signature)


@lru_cache(maxsize=16)
def rows_of(module: str) -> TableRows:
    """The rows of the table that a module reads."""
    name = f"{__package__}._{module}"
    if find_spec(name) is None:
        return TableRows()
    rows: TableRows = import_module(name).ROWS
    return rows


def checked_tables(board: TablesBoard) -> Iterator[CheckedTable]:
    """The tables of a machine that describe suppliers and consumers."""
    for row in DESCRIBING:
        table = board.machine.tables.get(row.signature)
        if table is not None:
            yield CheckedTable(row, table, rows_of(row.module))


def fault(
    *kinds: FrameFaultKind,
    what: str = "",
    on: type[Struct] | tuple[type[Struct], ...] = Struct,
    when: Callable[[FrameFault], bool] | None = None,
) -> Callable[[FrameFault], bool]:
    """Make a condition on faults: of these kinds, of this noun, at these structures."""

    def holds(case: FrameFault) -> bool:
        fits = (not kinds or case.kind in kinds) and (not what or case.what == what)
        return fits and isinstance(case.where, on) and (when is None or when(case))

    return holds


def table_of(where: Struct) -> Struct:
    """The table that a structure is in."""
    while where.owner is not None:
        where = where.owner
    return where


def place(where: Struct) -> str:
    """A structure as messages name it: an entry by its owner."""
    if where.MEMBER and where.owner is not None:
        return f"{where.MEMBER}[{where.entry}] of {where.owner.name}"
    return "the header" if isinstance(where, TableHeader) else where.name


def listed(words: Sequence[str], shown: int = NAMED) -> str:
    """The first few words, and how many more there are."""
    more = len(words) - shown
    return ", ".join(words[:shown]) + (f" and {more} more" if more > 0 else "")


def alike(count: int) -> str:
    """How many more places have the same fault."""
    return f" (and {count - 1} more)" if count > 1 else ""
