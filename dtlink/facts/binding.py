"""The form of a row in the table of supplier bindings."""

from __future__ import annotations

from dtlink.enums import Enum
from dtlink.facts.kernels import KernelVersion, VersionRange
from dtlink.facts.resource import Resource
from dtlink.records import NamedTuple


class Walk(Enum):
    """How a property is read: which walker yields its references."""

    LIST = "phandles, each with the cells that its supplier's #…-cells asks for"
    INTERRUPTS = "interrupt specifiers, resolved as the interrupt core does"
    INTERRUPT_MAP = "rows of an interrupt nexus"
    NEXUS_MAP = "rows of a specifier nexus (gpio-map and its like)"
    ID_MAP = "rows of input base, phandle, output base, length"
    ENDPOINT = "one phandle of a remote endpoint; both ends move to the owner of the port"
    MASTERS = "phandles of consumers, with the cells that each consumer's #…-cells asks for"
    TABLE = "an entry of an ACPI table"

    @property
    def args_skip(self) -> int:
        """How many cells after the reference's its arguments begin."""
        return 0 if self is Walk.INTERRUPTS else 1


class Origin(Enum):
    """Who knows the binding."""

    KERNEL = "kernel"
    """The kernel's fw_devlink, in some version (drivers/of/property.c)."""
    DTC = "dtc"
    """dtc checks it (checks.c), fw_devlink does not follow it."""
    SCHEMA = "schema"
    """Only the bindings' schemas know it, for devices of any make."""
    VENDOR = "vendor"
    """One vendor's, or one driver's, own property."""
    ACPI = "acpi"
    """A structure of an ACPI table: no devicetree property."""


class Owner(Enum):
    """Which node is meant where a property stands on, or names, a part of a device."""

    NODE = "the node itself"
    PORT = "the node that owns the port"
    COMPATIBLE = "the nearest ancestor with compatible"


class SupplierBinding(NamedTuple):
    """One way in which a property names suppliers.

    Write every field by name. ``name`` is the property; a leading ``*`` makes it a suffix, a
    trailing ``*`` a prefix followed by a number.
    """

    name: str
    resource: Resource
    """What is known of the supplier; where the property differs, a copy of the row."""
    has_specifier: bool = True
    """Whether argument cells follow each phandle, as the resource's ``cells`` property says."""
    fixed: int = 0
    """How many argument cells follow where no property says it; -1: all the rest."""
    own_cells: str = ""
    """The node's own property that has one less than that, if it has at least ``fixed``."""
    walk: Walk = Walk.LIST
    origin: Origin = Origin.SCHEMA
    kernel: tuple[VersionRange, ...] = ()
    """The kernels whose fw_devlink follows the row as it is here."""
    optional: VersionRange | None = None
    """The kernels in which only fw_devlink.strict=1 follows it."""
    strict_cells: bool = False
    """Whether fw_devlink, unlike in most rows, never takes a missing cells property for 0."""
    orders_probe: bool = True
    """False for post-init-providers, which take a link away."""
    probes_first: bool = True
    """False for pointers for which nothing waits (OPP tables, CPU maps, syscon registers …)."""
    holds_consumer: bool = True
    """False if the consumer itself probes without: it asks on use, or other devices ask."""
    consumer: Owner = Owner.NODE
    supplier: Owner = Owner.NODE
    unless: str | None = None
    """fw_devlink ignores the property on nodes that have this one."""

    def __hash__(self) -> int:
        """Of the name alone: all fields cost microseconds, for each reference in a set."""
        return hash(self.name)

    @property
    def kind(self) -> str:
        """What the supplier gives, as a noun: ``clock``, ``power domain``, ``IOMMU`` …"""
        return self.resource.kind

    @property
    def cells(self) -> str | None:
        """The supplier's property that says how many argument cells follow; ``None``: ``fixed``."""
        return self.resource.cells if self.has_specifier else None

    @property
    def missing_cells(self) -> int | None:
        """How many cells a supplier without the cells property takes; ``None``: it is a fault."""
        return self.resource.missing_cells if self.has_specifier else None

    @property
    def is_plain(self) -> bool:
        """Whether it has a whole name, and suppliers register by a function but mark no cells."""
        is_registered = self.resource.is_registered and self.resource.cells is None
        return is_registered and self.name[0] != "*"

    def in_kernel(self, version: KernelVersion) -> bool:
        """Whether that kernel's fw_devlink knows the row."""
        return any(version in versions for versions in self.kernel)
