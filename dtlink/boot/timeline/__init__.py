"""When each device can probe in one kernel, what holds it back, and what takes it down."""

from dtlink.boot.timeline.acpi import AcpiTimeline
from dtlink.boot.timeline.model import (
    PARENT,
    AcpiDependency,
    AffectedDevice,
    Cause,
    Dependency,
)
from dtlink.boot.timeline.timeline import Timeline

__all__ = [
    "PARENT",
    "AcpiDependency",
    "AcpiTimeline",
    "AffectedDevice",
    "Cause",
    "Dependency",
    "Timeline",
]
