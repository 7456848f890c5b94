"""Faults that can be seeded into real ACPI tables: one field of one structure is spoilt.

What needs more than a field (entries taken out, a second MADT, a namespace), and what no real table
has (single mappings, RIMT), the tests of the rules try.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import NamedTuple

from dtlink.firmware.acpi.dmar import Drhd
from dtlink.firmware.acpi.iort import RootComplex
from dtlink.firmware.acpi.ivrs import Ivhd
from dtlink.firmware.acpi.layout import Struct
from dtlink.firmware.acpi.machine import Machine
from dtlink.rules.model import Severity

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
#: Byte of a table's checksum (ACPI specification, 5.2.6).
_CHECKSUM = 9

Value = Callable[[Struct], int]
Choice = Callable[[Struct, Machine], bool]


class TableFault(NamedTuple):
    """A field, the structures in which it can be spoilt, and the rule that must find it."""

    rule: str
    name: str
    severity: Severity
    """At least so serious."""
    word: str
    """Of the structures that have the field."""
    field: str
    value: Value
    fits: Choice = lambda _struct, _machine: True
    tables: int = 8
    """On how many machines at least."""
    is_checked: bool = True
    """Whether the checksum is made right again."""

    @property
    def id(self) -> str:
        """The name in test reports."""
        return f"{self.rule}:{self.name.replace(' ', '-')}"

    def plant(self, machine: Machine, seed: str) -> tuple[Mapping[str, bytes], str] | None:
        """The tables with the fault, and the path of the structure; ``None``: it has no place."""
        held = [
            (word, each)
            for word, table in machine.tables.items()
            for each in (table, *_all(table.structures))
            if self.word == (word if each is table else each.WORD)
            if each.has(self.field) and self.fits(each, machine)
        ]
        if not held:
            return None
        word, struct = Random(seed).choice(held)  # noqa: S311 - repeatable is what it must be
        blobs = {name: bytes(table.data) for name, table in machine.tables.items()}
        spoilt = bytearray(blobs[word])
        field = type(struct).fields()[self.field]
        at = struct.start + field.offset
        raw = field.write(self.value(struct))
        if spoilt[at : at + len(raw)] == raw:
            return None
        spoilt[at : at + len(raw)] = raw
        if self.is_checked:
            spoilt[_CHECKSUM] = (spoilt[_CHECKSUM] - sum(spoilt)) & 0xFF
        place = struct.owner if struct.owner is not None and struct.WORD == "map" else struct
        return blobs | {word: bytes(spoilt)}, place.path


def _set(name: str, bits: int) -> Value:
    return lambda struct: getattr(struct, name) | bits


def _to(value: int) -> Value:
    return lambda _struct: value


def _all(structures: Iterable[Struct]) -> Iterator[Struct]:
    """Structures, and what they hold."""
    for each in structures:
        yield each
        yield from _all(each.members())


def _is_of_highest_type(struct: Struct, machine: Machine) -> bool:
    """Whether a block is of the type that Linux takes (drivers/iommu/amd/init.c)."""
    blocks = [each for each in machine.tables["IVRS"].structures if isinstance(each, Ivhd)]
    return isinstance(struct, Ivhd) and struct.type == max(each.type for each in blocks)


def _is_last_catch_all(struct: Struct, machine: Machine) -> bool:
    """Whether a unit has INCLUDE_PCI_ALL, and its segment other units."""
    if not isinstance(struct, Drhd):
        return False
    units = [each for each in machine.tables["DMAR"].structures if isinstance(each, Drhd)]
    return bool(struct.flags & 1) and sum(each.segment == struct.segment for each in units) > 1


TABLE_FAULTS: tuple[TableFault, ...] = (
    TableFault(
        *("acpi/checksum", "checksum off by one", WARNING, "IORT", "checksum"),
        lambda struct: (getattr(struct, "checksum", 0) + 1) & 0xFF,
        is_checked=False,
    ),
    TableFault(
        *("acpi/reserved-bits", "reserved bit of an ID mapping", INFO, "map", "flags"),
        _set("flags", 0x80),
    ),
    TableFault(
        *("acpi/dangling-reference", "output between two nodes", ERROR, "map", "output"),
        lambda struct: getattr(struct, "output", 0) + 2,
    ),
    TableFault(
        *("iort/ats-attribute", "PRI without ATS", INFO, "root-complex", "ats", _to(2)),
        fits=lambda struct, _: isinstance(struct, RootComplex) and not struct.ats,
    ),
    TableFault(
        *("iort/memory-attributes", "coherent without a coherent path", INFO, "root-complex"),
        *("memory_flags", _to(0)),
        fits=lambda struct, _: isinstance(struct, RootComplex) and struct.coherent == 1,
    ),
    TableFault(*("iort/smmu-model", "unknown model", INFO, "smmu-v3", "model", _to(0x77))),
    TableFault(
        *("dmar/uncovered", "no unit for all other devices", WARNING, "drhd", "flags", _to(0)),
        fits=_is_last_catch_all,
    ),
    TableFault(*("dmar/unit-address", "registers at address 0", ERROR, "drhd", "base", _to(0))),
    TableFault(
        *("dmar/host-address-width", "width of one bit", WARNING, "DMAR", "width", _to(0)),
    ),
    TableFault(
        *("ivrs/iommu-base", "registers at address 0", ERROR, "ivhd-11", "base", _to(0)),
        fits=_is_of_highest_type,
        tables=4,
    ),
    TableFault(
        *("ivrs/memory-range", "a block that was not filled in", WARNING, "ivmd-all", "length"),
        _to(0),
        tables=0,
    ),
)
