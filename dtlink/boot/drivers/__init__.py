"""Which driver a device has in one kernel: of a node, or of an ACPI table's structure."""

from dtlink.boot.drivers.tables import table_driver
from dtlink.boot.drivers.tree import TreeDrivers

__all__ = ["TreeDrivers", "table_driver"]
