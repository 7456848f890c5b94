"""The words for who drives a device, when it can probe, and what a late supplier costs."""

from __future__ import annotations

from dtlink.enums import Enum
from dtlink.facts.resource import Outcome
from dtlink.records import NamedTuple
from dtlink.typed import Protocol

# Defined with the rows that use it: a lint without a kernel needs nothing else of this module.
__all__ = ["Driver", "Drivers", "Outcome", "State", "Wait", "When"]


class State(Enum):
    """What a kernel has for a device."""

    BUILT_IN = "built in"
    MODULE = "module"
    NOT_BUILT = "not built"
    """The source has a driver, and the configuration leaves it out."""
    SERVED = "served by its parent's driver"
    """A part of a device, or a cell of one, that is bound by name and not by ``compatible``."""
    EARLY = "needs no driver"
    """It is set up before there are devices (OF_DECLARE and its kind)."""
    NO_DEVICE = "no device"
    """A node that configures its parent's driver, or the kernel: no device is made of it."""
    NO_DRIVER = "no driver"
    """The source of this kernel has none: no table or name that a driver binds by is the node's."""
    UNKNOWN = "unknown"


class Driver(NamedTuple):
    """Who drives a device in one kernel."""

    state: State
    modules: tuple[str, ...] = ()
    """MODULE: any of them does; more than one where several claim the device."""
    config: str = ""
    """The option that builds it, without ``CONFIG_``, where that is known.

    UNKNOWN: the option that decides, which a part of a configuration does not list.
    """
    by: str = ""
    """What it is known by: a compatible string, another alias, or the node that serves it."""


class When(Enum):
    """When a device can probe at the earliest. The order is that of time."""

    INITCALL = "while the kernel starts"
    INITRAMFS = "in the initramfs"
    ROOT = "after the root file system is there"
    NEVER = "never"
    UNKNOWN = "unknown"


class Wait(Enum):
    """What holds a consumer back, by what ends the wait."""

    NONE = "nothing"
    DEVICE_LINK = "a device link: until the timeout, then its driver decides"
    FWNODE_LINK = "a link to a node that is no device: without a limit"
    IOMMU_DT = "its IOMMU, by devicetree: until the timeout, then untranslated"
    IOMMU_ACPI = "its IOMMU, by ACPI: without a limit, and nothing says so"
    IOMMU_ACPI_TIMEOUT = "its IOMMU, by ACPI: until the timeout, then untranslated"
    DRIVER = "its own driver's request: without a limit, until the supplier comes"


class Drivers(Protocol):
    """Who drives each device of one tree in one kernel."""

    def of(self, node: int) -> Driver:
        """The driver of a node, by its number."""
        ...
