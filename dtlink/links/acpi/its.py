"""The interrupt translation services that an IORT may refer to, by kernel version."""

from __future__ import annotations

from dtlink.facts.behaviours import READS_TRANSLATE_FRAMES
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.madt import Madt


def its_ids(madt: Madt, version: KernelVersion) -> frozenset[int]:
    """The ids that a kernel version knows: of ITSs, and of the translate frames of a GICv5."""
    return madt.its_ids | (madt.frame_ids if READS_TRANSLATE_FRAMES.on(version) else frozenset())
