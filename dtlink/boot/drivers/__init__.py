"""Which driver each node of a devicetree has in one kernel."""

from dtlink.boot.drivers.tree import TreeDrivers

__all__ = ["TreeDrivers"]
