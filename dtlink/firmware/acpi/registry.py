"""The ACPI tables that dtlink reads, each registered once.

Everything else derives from these rows: the readers, the walkers of links, the families of rules,
the checks that hold for every table and the aliases of those checks, the tables that examples and
tests can write. Modules are named by text: a table that an input does not have is not imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.table import TableHeader


class RegisteredTable(NamedTuple):
    """One table."""

    signature: str
    module: str
    """The module of ``dtlink.firmware.acpi`` that reads it and, where ``describes`` is set, the one
    of ``dtlink.links.acpi`` that walks its links."""
    class_name: str
    revision: int
    """The revision that examples and tests write where they give none."""
    describes: bool = False
    """Whether it describes suppliers and consumers. The others are what those are checked with."""
    references: bool = False
    """Whether its structures refer to each other by offset."""
    device_paths: bool = False
    """Whether it refers to devices by their path in the namespace."""

    @property
    def family(self) -> str:
        """The family of the rules that are about this table alone."""
        return self.signature.lower()

    def load(self) -> type[TableHeader]:
        """Import the class that reads it."""
        home = import_module(f"dtlink.firmware.acpi.{self.module}")
        kind: type[TableHeader] = getattr(home, self.class_name)
        return kind


REGISTRY: Mapping[str, RegisteredTable] = {
    row.signature: row
    for row in (
        RegisteredTable("APIC", "madt", "Madt", revision=4),
        RegisteredTable("DMAR", "dmar", "Dmar", revision=1, describes=True),
        RegisteredTable(
            "IORT",
            "iort",
            "Iort",
            revision=5,
            describes=True,
            references=True,
            device_paths=True,
        ),
        RegisteredTable("IVRS", "ivrs", "Ivrs", revision=2, describes=True),
        RegisteredTable("MCFG", "mcfg", "Mcfg", revision=1),
        RegisteredTable(
            "RIMT",
            "rimt",
            "Rimt",
            revision=1,
            describes=True,
            references=True,
            device_paths=True,
        ),
        RegisteredTable("SRAT", "srat", "Srat", revision=3),
        RegisteredTable("VIOT", "viot", "Viot", revision=0, describes=True, references=True),
    )
}
#: The tables that describe suppliers and consumers.
DESCRIBING = tuple(row for row in REGISTRY.values() if row.describes)
