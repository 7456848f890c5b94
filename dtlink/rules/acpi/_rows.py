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

from dtlink.enums import Enum
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.layout import Struct
from dtlink.firmware.acpi.registry import DESCRIBING, RegisteredTable
from dtlink.firmware.acpi.table import FrameFault, TableHeader
from dtlink.records import NamedTuple
from dtlink.rules.acpi._effects import Effect
from dtlink.rules.aliases import alias_for
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.board.tables import TablesBoard


class FrameRows(NamedTuple):
    """For ``acpi/frame``."""

    effects: tuple[Effect[FrameFault], ...] = ()
    names_field: bool = True
    """Whether findings name the field. (Fingerprints of some tables were made without it.)"""
    at_holder: bool = False
    """Whether a structure that cannot be read is reported at its holder."""
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


class OffsetReference(NamedTuple):
    """A field that refers to another structure by offset."""

    where: Struct
    field: str
    target: Struct | None
    """``None``: no structure begins there."""
    version: KernelVersion

    @property
    def holder(self) -> Struct:
        """The structure that has the field, or the array that it is in."""
        where = self.where
        return where.owner if where.MEMBER and where.owner else where

    @property
    def value(self) -> int:
        """The offset."""
        number: int = getattr(self.where, self.field)
        return number


class ReferenceRows(NamedTuple):
    """For ``acpi/dangling-reference`` and ``acpi/illegal-target``."""

    dangling: tuple[Effect[OffsetReference], ...] = ()
    illegal: tuple[Effect[OffsetReference], ...] = ()
    legal: Callable[[OffsetReference], tuple[str, ...]] | None = None
    """The words of the kinds that may be referred to, where the field alone does not say it."""
    ignored: Callable[[OffsetReference], bool] | None = None
    """References that are not looked at."""
    not_judged: Callable[[OffsetReference], bool] | None = None
    """References that may lead to any kind."""
    spared: Callable[[Any, KernelVersion], frozenset[int]] | None = None
    """Offsets of the entries of a table that another rule reports, whatever their target."""
    needs_target: bool = False
    """Whether a table without any legal target is another rule's to report."""
    names_target: bool = True
    """Whether findings name the target. (Fingerprints of some tables were made without it.)"""


class DescribedRows(NamedTuple):
    """For ``acpi/nothing-described``: a table without suppliers."""

    suppliers: tuple[type[Struct], ...]
    noun: str
    effect: Effect[TableHeader]
    fix: str
    consumers: Callable[[Any], Sequence[Struct]] | None = None
    """The consumers, without which no supplier is needed; ``None``: always one is."""
    frame_matters: bool = True
    """Whether a fault of the frame may hide a supplier."""


class RangeRows(NamedTuple):
    """For ``acpi/reversed-range``: two fields that are the ends of a range."""

    first: str
    last: str
    among: Callable[[Any], Iterable[Struct]]
    show: Callable[[Struct, int], str]
    effect: Effect[Struct]
    field: str | None = None
    """The field that findings name."""
    together: Callable[[Struct], object] | None = None
    """Ranges with one key make one finding, which lists the key's structure."""


class SegmentRows(NamedTuple):
    """For ``acpi/unknown-segment``: structures that name a PCI segment."""

    among: Callable[[Any], Sequence[Struct]]
    effects: tuple[Effect[Struct], ...]
    together: bool = False
    """Whether all of them make one finding."""
    likely: bool = False
    """Whether there may be the segment without an entry in the MCFG."""


class NameFault(Enum):
    """What is wrong with a path."""

    UNTERMINATED = "unterminated"
    LUCKY = "lucky"
    """It ends only because the byte after it is 0."""
    NOT_A_PATH = "not a path"
    UNUSABLE = "unusable"
    """No path can be meant by it."""
    UNKNOWN = "unknown"
    """The namespace has no such device."""
    UNPADDED = "unpadded"
    """A segment of it has fewer than four characters."""


class NamedDevice(NamedTuple):
    """A structure whose path is wrong."""

    where: Struct
    fault: NameFault


class NameRows(NamedTuple):
    """For ``acpi/device-name``: structures that refer to a device by its path."""

    among: Callable[[Any], Iterable[Struct]]
    effects: tuple[Effect[NamedDevice], ...]
    likely: bool = False
    """Whether a device that the namespace does not have may come later."""


class UniqueRows(NamedTuple):
    """For ``acpi/duplicate``: a key that no two structures may share."""

    alias: str
    among: Callable[[Any], Iterable[Struct]]
    key: Callable[[Any], object]
    """``None`` for a structure that has no key."""
    noun: str
    """What the key is, in messages."""
    effects: tuple[Effect[tuple[Any, Any]], ...]
    """For the first structure of a key, and a later one."""
    fix: Callable[[Any, Any], str]
    field: str | None = None
    """The field that findings name."""
    same: Callable[[Any, Any], bool] | None = None
    """Whether a later structure says the same as the first, so that nothing comes of it."""
    unused: Callable[[Any], int | None] | None = None
    """A value that no other structure has, where any will do; it gives ``None`` if it has none."""
    per: str = "structure"
    """What makes a finding: each later ``structure``, each ``key``, or the ``table``."""


class TableRows(NamedTuple):
    """All that the checks know of one table."""

    frame: FrameRows = FrameRows()
    reserved: ReservedRows = ReservedRows()
    unknown: UnknownRows = UnknownRows()
    references: ReferenceRows = ReferenceRows()
    described: DescribedRows | None = None
    ranges: tuple[RangeRows, ...] = ()
    segments: tuple[SegmentRows, ...] = ()
    names: NameRows | None = None
    unique: tuple[UniqueRows, ...] = ()


class CheckedTable(NamedTuple):
    """One table of a machine, with what the checks know of it."""

    row: RegisteredTable
    table: TableHeader
    rows: TableRows
    version: KernelVersion

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
            yield CheckedTable(row, table, rows_of(row.module), board.version)
