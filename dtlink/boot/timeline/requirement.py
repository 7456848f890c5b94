"""The form of a requirement: one device needs one node."""

from __future__ import annotations

from dtlink.enums import Enum
from dtlink.facts.resource import Asker, Request, Requested
from dtlink.records import NamedTuple


class Hold(Enum):
    """What fw_devlink does to a consumer for a supplier."""

    NONE = "nothing"
    LINK = "it waits, until the timeout if the supplier is a device without a driver"
    SOFT = "as LINK, for a device that may probe without what has no driver (the console)"
    RELAXED = "nothing: part of a cycle, or given up by post-init-providers"


class Requirement(NamedTuple):
    """One device needs one node, by one binding."""

    consumer: int
    supplier: int
    binding: str
    node: int
    """The node that holds the property."""
    request: Request
    hold: Hold
    function: bool = False
    """Not the consumer needs it, but the PCI functions behind it do."""
    requested: Requested = Requested.UNKNOWN
    """Whether the consumer's driver asks for it, where the request is a driver's."""
    kind: str = ""
    """The kind of the resource; empty: not that of a provider."""

    @property
    def is_certain(self) -> bool:
        """Whether the consumer's driver is known to wait for it."""
        return self.request.asker is Asker.DRIVER and self.requested.is_waited_for

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for it: neither fw_devlink nor a driver."""
        held = self.hold in (Hold.LINK, Hold.SOFT)
        return self.request.asker is Asker.DRIVER and self.requested.holds_nothing and not held
