"""What several rules of DMAR say alike."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink import wording
from dtlink.firmware.acpi.dmar import Dmar

#: The prefix of what Linux says of a fault that it blames on the firmware.
BUG = "[Firmware Bug]: "
#: What it means that Linux makes no use of a DMAR.
OFF = "no unit is used: no DMA is translated, no device can be given to a guest"


def listed(names: Iterable[object], shown: int = 4) -> str:
    """The first few names, and how many more there are."""
    return wording.listed(names, shown)


def is_whole(table: Dmar) -> bool:
    """Whether all of it could be read, so that what is missing is really missing."""
    _ = table.structures
    return not table.frame_faults
