"""What an example's machine shows, read from the texts of the example."""

from __future__ import annotations

import textwrap

from dtlink.board.seen import SeenMachine
from dtlink.firmware.memory_map import MemoryMap, map_of
from dtlink.firmware.pci.functions import FunctionList
from dtlink.firmware.pci.lspci import functions_of
from dtlink.links.pci.hierarchy import PciHierarchy
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.rules.model import Tables


def seen_by(example: Tables) -> SeenMachine:
    """The PCI functions and the memory map of an example of tables."""
    listing, memory = (textwrap.dedent(text) for text in (example.lspci, example.iomem))
    return SeenMachine(
        PciHierarchy(FunctionList(functions_of(listing))) if listing else None,
        MemoryMap(map_of(memory)) if memory else None,
    )
