"""One kind of message: its form, the devices it names, what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dtlink.enums import Enum

#: A network interface after its device (net/core/dev.c, __netdev_printk()).
INTERFACE = r"(?: (?:\(unnamed net_device\)|[a-z]{2,4}\d{1,3})(?: \([a-z]{1,16}\))?)?"
#: A device as the kernel names it at the start of a message: its driver (or, without one, its bus)
#: and its name (drivers/base/core.c, dev_printk(), dev_driver_string()). Bounded, since logs are
#: untrusted.
DEVICE = r"(?<!\S)(?P<driver>\S{1,64}) (?P<device>\S{1,200})" + INTERFACE + ": "


class Harm(Enum):
    """Whether a message reports harm."""

    HARMFUL = "harmful"
    """A device is lost, late without end, or does not run as it should."""
    DEPENDS = "depends"
    """It depends on what happened to the device afterwards."""
    HARMLESS = "harmless"
    """Nothing is lost by it."""


class Topic(Enum):
    """What a message is about."""

    PROBE = "probe"
    """The probing of one device."""
    LINKS = "links"
    """Device links, and the cycles among them."""
    SYNC_STATE = "sync_state"
    """Suppliers that wait for all their consumers."""
    FAULT = "fault"
    """DMA that an IOMMU refused."""
    FIRMWARE = "firmware"
    """An error in a firmware description."""
    SYSTEM = "system"
    """The machine as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMessage:
    """One row of the table. The named groups of ``pattern``:

    ``device``, ``supplier``, ``consumer``, ``iommu`` and ``requester`` name devices; ``node``,
    ``of`` and ``by`` name nodes; ``driver`` a driver or a bus; the others are values. A form that
    changed between versions has groups ``old_…`` for the same things.
    """

    kind: str
    topic: Topic
    needles: tuple[str, ...]
    """Every such line contains one of them."""
    pattern: str
    harm: Harm
    meaning: str
    """One sentence, for a reader who has never seen the line."""
    cure: str = ""
    subject: str = ""
    """What the line is about, if it names no device."""
    rule: str = ""
    """The rule that finds the same error in the firmware."""
    source: str = ""
    """Kernel file and function that print it."""
    sample: str
    """A line of this kind."""
    forms: tuple[str, ...] = ()
    """Other samples: the same message in the words of other versions."""
    follows: tuple[str, ...] = ()
    """The kinds of which this line reports the consequence: after one of them it is not a cause."""
    replaces: str = ""
    """The kind of the line directly before it, which this one explains better."""
    since: str = ""
    """The first of the sources that are compared (5.10, 6.1, 6.12, 7.2) that has the message, if
    it is not the first of them."""
    until: str = ""
    """The last of these sources that has it, if it is not the last of them."""
    form: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "form", re.compile(self.pattern))

    def groups(self, text: str) -> dict[str, str] | None:
        """The values of the named groups in a line; ``None`` if the line is of another kind."""
        if not any(map(text.__contains__, self.needles)) or not (found := self.form.search(text)):
            return None
        values = found.groupdict()
        return {
            name.removeprefix("old_"): value for name, value in values.items() if value is not None
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all groups."""
        return tuple(self.form.groupindex)
