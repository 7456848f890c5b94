"""One kind of line: what it looks like, whom it names, what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

#: A device as the kernel names it at the start of a message: its driver (or, without one, its bus)
#: and its name (drivers/base/core.c, dev_printk(), dev_driver_string()). Bounded, since logs are
#: other people's.
DEVICE = r"(?<!\S)(?P<driver>\S{1,64}) (?P<device>\S{1,200}): "


class Harm(Enum):
    """Whether a line tells of harm."""

    HARMFUL = "harmful"
    """A device is lost, late without end, or does not run as it should."""
    DEPENDS = "depends"
    """It depends on what became of the device afterwards."""
    HARMLESS = "harmless"
    """Nobody loses anything by it."""


class Topic(Enum):
    """What a line is about: who reads it."""

    PROBE = "probe"
    """The probing of one device."""
    LINKS = "links"
    """Device links, and the cycles among them."""
    SYNC_STATE = "sync_state"
    """Suppliers that wait for all their consumers."""
    FAULT = "fault"
    """DMA that an IOMMU refused."""
    FIRMWARE = "firmware"
    """A fault of a description."""
    SYSTEM = "system"
    """The machine as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One row of the table. What the named groups of ``pattern`` are:

    ``device``, ``supplier``, ``consumer`` and ``iommu`` name devices; ``node``, ``of`` and ``by``
    name nodes; ``driver`` a driver or a bus; the others are values.
    """

    kind: str
    topic: Topic
    needles: tuple[str, ...]
    """Every such line holds one of them."""
    pattern: str
    harm: Harm
    meaning: str
    """One sentence, for somebody who has never seen the line."""
    cure: str = ""
    rule: str = ""
    """The rule of dtlink that finds the fault in the description."""
    source: str = ""
    """Where the kernel says it."""
    form: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "form", re.compile(self.pattern))

    @property
    def names(self) -> tuple[str, ...]:
        """The groups that the line fills."""
        return tuple(self.form.groupindex)
