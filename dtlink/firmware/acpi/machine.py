"""The tables of one machine, and the nodes in them that need or serve each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from dtlink.firmware.acpi.layout import Struct
from dtlink.firmware.acpi.registry import DESCRIBING, REGISTRY
from dtlink.firmware.acpi.table import TableHeader, cut
from dtlink.firmware.errors import InputError
from dtlink.typed import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from dtlink.firmware.acpi.dmar import Dmar
    from dtlink.firmware.acpi.iort import Iort
    from dtlink.firmware.acpi.ivrs import Ivrs
    from dtlink.firmware.acpi.madt import Madt
    from dtlink.firmware.acpi.mcfg import Mcfg
    from dtlink.firmware.acpi.rimt import Rimt
    from dtlink.firmware.acpi.srat import Srat
    from dtlink.firmware.acpi.viot import Viot

#: Bytes of a table that is read: an MADT of 4,096 processors has a third of it.
MAX_READ = 1 << 20
#: Programs, which are never run here; of these a machine may have several.
CODE = ("DSDT", "SSDT", "PSDT", "OSDT")

Header = TypeVar("Header", bound=TableHeader)


class Root(Struct):
    """Number 0 among the nodes of a machine: the machine itself."""

    WORD = "machine"


class Machine:
    """The tables of one machine.

    ``nodes`` are numbered for the graph of links: 0 is the machine, and its parent and everyone's.
    """

    def __init__(self, tables: Mapping[str, TableHeader], *, form: str = "acpi") -> None:
        self.tables = tables
        self.form = form
        self.skipped: Sequence[str] = ()
        """Signatures of the tables that were recognised and not read, each once."""
        self.repeated: Sequence[str] = ()
        """What is said of tables that Linux passes over, since it takes the first of a kind."""
        self.refused: Sequence[InputError] = ()
        """What is wrong with files of a folder that the machine was read without."""
        self.files: Mapping[str, str] = {}
        """The file of each table, where they came from several."""
        self.code: Mapping[str, bytes] = {}
        """The DSDT and what adds to it, under any names, where another table names devices."""

    @classmethod
    def of(cls, blobs: Mapping[str, bytes], *, form: str = "acpi") -> Machine:
        """A machine from the bytes of its tables, by signature. Raises :class:`InputError`."""
        given = _tables("blobs", blobs)
        return cls({word: header(data) for word, data in given.items()}, form=form)

    def with_tables(self, changed: Mapping[str, bytes]) -> Machine:
        """The machine with the bytes of some tables replaced."""
        given = _tables("changed", changed)
        tables = {word: header(data, self.tables[word].source) for word, data in given.items()}
        machine = Machine({**self.tables, **tables}, form=self.form)
        machine.skipped, machine.repeated, machine.refused = (
            self.skipped,
            self.repeated,
            self.refused,
        )
        machine.files, machine.code = self.files, self.code
        return machine

    def __repr__(self) -> str:
        return f"<Machine {', '.join(sorted(self.tables))}: {len(self)} nodes>"

    @cached_property
    def device_paths(self) -> frozenset[str] | None:
        """The full paths of the devices in the namespace; ``None`` if they are not known.

        Asking runs ``iasl``, if there is one, on the tables in :attr:`code`; see
        :func:`dtlink.firmware.acpi.namespace.device_paths`.
        """
        if not self.code:
            return None
        from dtlink.firmware.acpi.namespace import device_paths

        return device_paths(self.code)

    @property
    def lacks_device_paths(self) -> bool:
        """Whether :attr:`device_paths` was asked for, and could not be found in the DSDT."""
        return bool(self.code) and vars(self).get("device_paths", self) is None

    def table(self, kind: type[Header]) -> Header | None:
        """The table that a class reads."""
        table = self.tables.get(kind.TABLE)
        return table if isinstance(table, kind) else None

    @cached_property
    def iort(self) -> Iort | None:
        """The IORT."""
        from dtlink.firmware.acpi.iort import Iort

        return self.table(Iort)

    @cached_property
    def viot(self) -> Viot | None:
        """The VIOT."""
        from dtlink.firmware.acpi.viot import Viot

        return self.table(Viot)

    @cached_property
    def dmar(self) -> Dmar | None:
        """The DMAR."""
        from dtlink.firmware.acpi.dmar import Dmar

        return self.table(Dmar)

    @cached_property
    def ivrs(self) -> Ivrs | None:
        """The IVRS."""
        from dtlink.firmware.acpi.ivrs import Ivrs

        return self.table(Ivrs)

    @cached_property
    def rimt(self) -> Rimt | None:
        """The RIMT."""
        from dtlink.firmware.acpi.rimt import Rimt

        return self.table(Rimt)

    @cached_property
    def madt(self) -> Madt | None:
        """The MADT, whose signature is APIC."""
        from dtlink.firmware.acpi.madt import Madt

        return self.table(Madt)

    @cached_property
    def mcfg(self) -> Mcfg | None:
        """The MCFG."""
        from dtlink.firmware.acpi.mcfg import Mcfg

        return self.table(Mcfg)

    @cached_property
    def srat(self) -> Srat | None:
        """The SRAT."""
        from dtlink.firmware.acpi.srat import Srat

        return self.table(Srat)

    @cached_property
    def nodes(self) -> Sequence[Struct]:
        """The machine, then the nodes of the tables that say who serves whom."""
        found: list[Struct] = [Root(b"", 0, 0)]
        for row in DESCRIBING:
            table = self.tables.get(row.signature)
            found += table.structures if table else ()
        for number, node in enumerate(found):
            node.index = number
        return found

    @property
    def oem(self) -> str:
        """Who made the tables, as their headers say."""
        table = next(iter(self.tables.values()), None)
        return f"{table.oem_id} {table.oem_table_id}".strip() if table else ""

    # What the graph asks of any firmware.

    def __len__(self) -> int:
        return len(self.nodes) - 1

    def __getitem__(self, index: int) -> Struct:
        return self.nodes[index]

    @cached_property
    def parents(self) -> Sequence[int]:
        """The parent of each device is the machine: the tables describe no buses between."""
        return [-1, *[0] * len(self)]

    @property
    def disabled(self) -> frozenset[int]:
        """Tables disable nothing."""
        return frozenset()

    def find(self, name: str) -> Struct | None:
        """A node by its path, its name, its offset (``0x48``), or what identifies it."""
        if not isinstance(name, str):
            raise TypeError(f"name: a string is needed, not {type(name).__name__}")
        wanted = name.casefold()
        for node in self.nodes[1:]:
            names = (node.path, node.name, f"{node.start:#x}", node.identity)
            if wanted in (each.casefold() for each in names):
                return node
        near = [node for node in self.nodes[1:] if wanted in node.path.casefold()]
        return near[0] if len(near) == 1 else None


def _tables(name: str, given: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Tables by signature. Raises :class:`TypeError` for an argument that is something else."""
    from dtlink import arguments

    needed = "a mapping of signatures to the bytes of tables"
    for word, data in arguments.mapping(name, given, needed).items():
        arguments.text(name, word, needed)
        arguments.instance(name, data, bytes, needed)
    return given


def header(data: bytes, source: str = "", base: int = 0) -> TableHeader:
    """A table by the class that reads it; one that nothing here reads as its header alone.

    ``base`` is where the table begins in its file. Raises :class:`InputError` for what is no whole
    table.
    """
    whole, trailing = cut(data, base)
    signature = whole[:4].decode("latin-1")
    if signature not in REGISTRY:
        return TableHeader(whole, trailing, source)
    if len(whole) > MAX_READ:
        raise InputError(f"a {signature} of {len(whole)} bytes: no more than {MAX_READ} are read")
    return REGISTRY[signature].load()(whole, trailing, source)
