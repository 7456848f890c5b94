"""What is known of a PCI function beside its requester ID."""

from __future__ import annotations

from dtlink.facts.pci import bdf
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    from dtlink.links.acpi.place import Place
    from dtlink.views.iommu.rows import GroupRow


#: The path of an IOMMU and an ID there.
StreamId: TypeAlias = tuple[str, int]


class Known(NamedTuple):
    """A function, and what a list of the machine's functions says of it."""

    place: Place
    listed: str = ""
    """Its name in the list; empty: there is none."""
    dma_ids: tuple[int, ...] = ()
    """The requester IDs of its DMA; empty: its own."""
    msi_id: int | None = None
    """The requester ID of its MSIs; ``None``: its own."""
    is_bridge: bool | None = None
    chip: tuple[int | None, int | None] = (None, None)
    """Its vendor and its device ID."""
    aliased: str = ""
    """The ID at an IOMMU that another function has, and which; empty: none."""
    group: GroupRow | None = None
    partners: tuple[Known, ...] = ()
    """The other functions of its group."""

    @property
    def name(self) -> str:
        """As ``lspci -D`` prints it."""
        return self.listed or bdf(self.place.requester, self.place.segment)

    @property
    def ids(self) -> tuple[int, ...]:
        """The requester IDs that IOMMUs see."""
        return self.dma_ids or (self.place.requester,)

    @property
    def interrupt_id(self) -> int:
        """The requester ID that the MSI controller sees."""
        return self.place.requester if self.msi_id is None else self.msi_id
