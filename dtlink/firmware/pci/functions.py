"""PCI functions, and what their configuration space says of bridges, port types and ACS.

Sources: PCI Express Base Specification 6.0, 7.5.1 (type 0 and type 1 headers), 7.5.3.2 (device/port
type) and 7.7.11 (ACS); Linux, include/uapi/linux/pci_regs.h.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from dtlink.enums import IntEnum
from dtlink.facts.pci import bdf
from dtlink.records import NamedTuple


class PortType(IntEnum):
    """What a PCI Express function is, by the device/port type of its capability."""

    ENDPOINT = 0
    LEGACY_ENDPOINT = 1
    ROOT_PORT = 4
    UPSTREAM = 5
    DOWNSTREAM = 6
    PCI_BRIDGE = 7
    """A bridge from PCI Express to PCI or PCI-X."""
    PCIE_BRIDGE = 8
    """A bridge from PCI or PCI-X to PCI Express."""
    INTEGRATED_ENDPOINT = 9
    EVENT_COLLECTOR = 10


class Buses(NamedTuple):
    """The bus numbers of a bridge."""

    primary: int
    secondary: int
    subordinate: int


class Acs(NamedTuple):
    """The Access Control Services capability: bits as in its registers."""

    capability: int
    control: int


class VirtualFunctions(NamedTuple):
    """The virtual functions that are enabled of a physical function."""

    number: int
    offset: int
    stride: int


class Function(NamedTuple):
    """One PCI function. ``None`` is what is not known of it."""

    segment: int
    """May be above 0xffff: Linux numbers the buses behind Intel's VMD so."""
    rid: int
    """Bus, device and function as in a requester ID."""
    vendor: int | None = None
    device: int | None = None
    subsystem: tuple[int, int] | None = None
    class_code: int | None = None
    """Base class and subclass, such as 0x0604 for a bridge."""
    header_type: int | None = None
    """0: a device; 1: a bridge; 2: a CardBus bridge."""
    multifunction: bool | None = None
    """By the header; in a listing by ``lspci`` without a hex dump it is not known."""
    buses: Buses | None = None
    """``None`` for whatever is not a bridge."""
    has_capabilities: bool = False
    """Whether its capabilities could be read: without root they cannot."""
    port: PortType | None = None
    """``None``: conventional PCI, or PCI-X, or not known."""
    acs: Acs | None = None
    ari: bool = False
    virtual: VirtualFunctions | None = None
    hotplug: bool = False
    """Whether its slot is capable of hot-plug."""
    node: str = ""
    """The path of its devicetree node; empty where it has none."""
    group: int | None = None
    """The IOMMU group that the kernel gave it."""
    line: int = 0
    """Where it is listed; 0 for a folder."""

    @property
    def name(self) -> str:
        """Segment, bus, device and function as ``lspci -D`` prints them."""
        return bdf(self.rid, self.segment)

    @property
    def bus(self) -> int:
        """The bus that it is on."""
        return self.rid >> 8

    @property
    def slot(self) -> tuple[int, int, int]:
        """Segment, bus and device: the functions of one device share it."""
        return self.segment, self.bus, self.rid >> 3 & 0x1F

    @property
    def is_bridge(self) -> bool:
        """Whether it has a bus behind it, which its bus numbers say once they are set."""
        return self.buses is not None


class FunctionList:
    """The functions of one machine, in order of segment and requester ID."""

    def __init__(self, functions: Mapping[tuple[int, int], Function], path: str = "") -> None:
        self.path = path
        """The input, as the user gave it."""
        self.by_id: dict[tuple[int, int], Function] = {
            key: functions[key] for key in sorted(functions)
        }
        """Functions by segment and requester ID."""

    def __iter__(self) -> Iterator[Function]:
        return iter(self.by_id.values())

    def __len__(self) -> int:
        return len(self.by_id)

    def find(self, segment: int, rid: int) -> Function | None:
        """The function with this address."""
        return self.by_id.get((segment, rid))

    @cached_property
    def has_capabilities(self) -> bool:
        """Whether capabilities could be read, without which ACS is not known.

        Function by function: one that has no capabilities counts as read.
        """
        return all(each.has_capabilities for each in self)

    @cached_property
    def has_bridges(self) -> bool:
        """Whether the bus numbers of the bridges are known; ``lspci`` prints them with ``-v``."""
        return all(each.is_bridge for each in self if each.class_code == BRIDGE)


#: Base class and subclass of a bridge from PCI to PCI.
BRIDGE = 0x0604
