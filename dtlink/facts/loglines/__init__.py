"""The kernel's messages about dependencies: one row each, for the forms of Linux 5.4 to 6.18.

The row has the pattern, the meaning, the kernel's file and function, and a sample that the tests
read. Both readers of logs use it: the explanation of a boot log, and the report of a running board.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from dtlink.facts.loglines.faults import FAULT_LINES
from dtlink.facts.loglines.firmware import FIRMWARE_LINES
from dtlink.facts.loglines.header import HEADER_LINES, STAGE_LINES, SUPPLIED_LINE, VTD_LINES
from dtlink.facts.loglines.interrupts import INTERRUPT_LINES
from dtlink.facts.loglines.iommu import IOMMU_LINES
from dtlink.facts.loglines.links import LINK_LINES
from dtlink.facts.loglines.overlays import OVERLAY_LINES
from dtlink.facts.loglines.probing import ANY_DRIVERS_LINE, PROBE_LINES
from dtlink.facts.loglines.references import REFERENCE_LINES
from dtlink.facts.loglines.row import Harm, LogMessage, Topic
from dtlink.facts.loglines.setup import SETUP_LINES
from dtlink.facts.loglines.system import SYSTEM_LINES
from dtlink.records import NamedTuple

__all__ = [
    "HEADER_LINES",
    "LOG_MESSAGES",
    "STAGE_LINES",
    "SUPPLIED_LINE",
    "VTD_LINES",
    "Harm",
    "LineMatch",
    "LogMessage",
    "Topic",
    "match",
]


class LineMatch(NamedTuple):
    """A line, the row that describes it, and the values of the row's named groups."""

    message: LogMessage
    groups: Mapping[str, str]


#: The first row that matches a line counts, so the row for any driver's words is the last one.
LOG_MESSAGES = (
    *PROBE_LINES,
    *LINK_LINES,
    *IOMMU_LINES,
    *FAULT_LINES,
    *FIRMWARE_LINES,
    *INTERRUPT_LINES,
    *SETUP_LINES,
    *OVERLAY_LINES,
    *REFERENCE_LINES,
    *SYSTEM_LINES,
    ANY_DRIVERS_LINE,
)


@lru_cache(maxsize=1)
def _any_needle() -> re.Pattern[str]:
    needles = {needle for row in LOG_MESSAGES for needle in row.needles}
    return re.compile("|".join(map(re.escape, sorted(needles))))


def match(text: str) -> LineMatch | None:
    """The row of a message; ``None`` for a line that is about something else."""
    if not _any_needle().search(text):
        return None
    for row in LOG_MESSAGES:
        if (groups := row.groups(text)) is not None:
            return LineMatch(row, groups)
    return None
