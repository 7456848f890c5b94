"""What a machine itself shows, beside what its firmware says: PCI functions and memory."""

from __future__ import annotations

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.settings import Settings
    from dtlink.firmware.memory_map import MemoryMap
    from dtlink.links.pci.hierarchy import PciHierarchy


class SeenMachine(NamedTuple):
    """What the user gave of it; ``None`` for the rest."""

    pci: PciHierarchy | None = None
    memory: MemoryMap | None = None

    @classmethod
    def of(cls, settings: Settings) -> SeenMachine:
        """What the settings name. Raises :class:`InputError` for what can't be read."""
        return cls(_pci(settings.lspci), _memory(settings.iomem))


def _pci(path: str) -> PciHierarchy | None:
    if not path:
        return None
    from dtlink.firmware.pci.read import load
    from dtlink.links.pci.hierarchy import PciHierarchy

    return PciHierarchy(load(path))


def _memory(path: str) -> MemoryMap | None:
    if not path:
        return None
    from dtlink.firmware.memory_map import load

    return load(path)


def unseen(settings: Settings) -> list[str]:
    """What is not known although the user gave where to look, as notes."""
    if not settings.lspci:
        return []
    from dtlink.firmware.pci.read import load

    functions = load(settings.lspci)
    if functions.has_bridges:
        return []
    missing = "the bus numbers of bridges are missing (lspci prints them with -v)"
    return [f"{settings.lspci}: {missing}: what is behind a bridge is not checked"]
