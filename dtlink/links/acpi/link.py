"""A link that a table describes."""

from __future__ import annotations

from dtlink.facts.binding import Origin, SupplierBinding, Walk
from dtlink.facts.resource import other
from dtlink.firmware.acpi.layout import Struct
from dtlink.links.reference import Flaw, Reference
from dtlink.records import NamedTuple


class TableLink(NamedTuple):
    """One consumer needs one supplier, said by one entry of a table.

    ``inputs`` are the IDs of the consumer that the entry speaks of (requester, stream or endpoint
    IDs; empty where there are none), ``output`` what the supplier sees for the first of them.
    """

    consumer: Struct
    supplier: Struct
    binding: SupplierBinding
    entry: Struct
    inputs: range = range(0)
    output: int | None = None
    through: Struct | None = None
    """The node between the two, if the link is made of two entries."""
    why_not: str = ""
    """Why Linux does not use it; empty if it does."""

    @property
    def reference(self) -> Reference:
        """The link in numbers, as the graph counts them."""
        holder = self.entry.owner if self.entry.owner and self.entry.owner.index else self.entry
        return Reference(
            self.consumer.index,
            self.supplier.index,
            self.binding,
            node=holder.index or self.consumer.index,
            at=self.entry.start,
            entry=self.entry.entry,
            cell=self.inputs.start,
            args=len(self.inputs),
            flaw=Flaw.NONE,
        )


class AcpiLink:
    """A link of a table, by the words that a link of a devicetree has.

    ``consumer`` and ``supplier`` are nodes of tables; ``used_by_linux``: whether Linux follows it.
    """

    __slots__ = ("reference", "table_link")

    def __init__(self, table_link: TableLink, reference: Reference) -> None:
        self.table_link: TableLink = table_link
        self.reference: Reference = reference

    def __repr__(self) -> str:
        return f"<AcpiLink {self.consumer.path} -> {self.supplier.path} ({self.entry})>"

    @property
    def consumer(self) -> Struct:
        """Who needs the supplier."""
        return self.table_link.consumer

    @property
    def supplier(self) -> Struct:
        """Who is needed."""
        return self.table_link.supplier

    @property
    def binding(self) -> SupplierBinding:
        """What kind of entry says so."""
        return self.table_link.binding

    @property
    def node(self) -> Struct:
        """The structure that holds the entry."""
        holder = self.table_link.entry.owner
        return holder if holder is not None and holder.index else self.table_link.entry

    @property
    def property_name(self) -> str:
        """The array that the entry is in; for a structure in none, what it says of the supplier."""
        return self.table_link.entry.MEMBER or self.binding.name.partition("-")[2]

    @property
    def index(self) -> int:
        """Which entry of the array."""
        return self.table_link.entry.entry if self.table_link.entry.MEMBER else 0

    @property
    def entry(self) -> str:
        """The entry as ``mappings[index]``."""
        return f"{self.property_name}[{self.index}]"

    @property
    def offset(self) -> int:
        """Byte offset of the entry in its table."""
        return self.table_link.entry.start

    @property
    def args(self) -> tuple[int, ...]:
        """The first and the last input, and the output of the first."""
        ids = self.table_link.inputs
        if not ids:
            return () if self.table_link.output is None else (self.table_link.output,)
        return ids[0], ids[-1], self.table_link.output or 0

    @property
    def used_by_linux(self) -> bool:
        """Whether Linux makes use of it."""
        return not self.table_link.why_not


#: Why such a row has no request.
_ACPI = "outcomes of ACPI tables are in facts/acpi_suppliers.py"


#: The rows by their names, as far as the modules that make them are imported.
ROWS: dict[str, SupplierBinding] = {}


def row(name: str, kind: str, *, orders: bool = True) -> SupplierBinding:
    """A row of the kinds of entries: ``orders`` says whether the consumer needs the supplier first.

    No fw_devlink follows any of them: an ACPI consumer defers by itself, without a device link.
    """
    made = ROWS[name] = SupplierBinding(
        name=name,
        resource=other(kind, _ACPI),
        walk=Walk.TABLE,
        origin=Origin.ACPI,
        orders_probe=orders,
        probes_first=orders,
    )
    return made
