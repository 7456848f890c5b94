"""When each device can probe in one kernel, what holds it back, and what takes it down."""

from dtlink.kernel.timeline.acpi import AcpiTimeline
from dtlink.kernel.timeline.model import (
    PARENT,
    ROOT_AFTER,
    AcpiDependency,
    Cause,
    Dependency,
    Taken,
)
from dtlink.kernel.timeline.timeline import Timeline

__all__ = [
    "PARENT",
    "ROOT_AFTER",
    "AcpiDependency",
    "AcpiTimeline",
    "Cause",
    "Dependency",
    "Taken",
    "Timeline",
]
