"""Where the registers are that an IORT names, and which of them Linux claims.

Source: Linux 6.12, drivers/acpi/arm64/iort.c, the functions named ..._init_resources(); the ranges
that the drivers map, from arm_smmu_device_probe() of both drivers.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.firmware.acpi.iort import Iort, IortNode, Pmcg, Smmu, SmmuV3, is_whole
from dtlink.records import NamedTuple
from dtlink.rules.iort._interrupts import CN99XX

PAGE_64K = 0x10000
PAGE_4K = 0x1000
#: What the driver of an SMMUv3 maps of each of its two pages.
_V3_REGISTERS = 0xE00
#: No address is above it.
TOP = 1 << 64


class Window(NamedTuple):
    """A range of addresses of a node."""

    node: IortNode
    field: str
    start: int
    stop: int

    @property
    def name(self) -> str:
        """The range as a message has it."""
        page = " page 1" if self.field == "page1" else ""
        return f"{self.node.name}{page} ({self.start:#x} to {self.stop - 1:#x})"


def claimed(table: Iort) -> Iterator[Window]:
    """The windows that Linux gives the devices that it makes of the nodes; without those that "
    "cannot
    be true, as they are at address 0, empty, or end after the last address.
    """
    for node in filter(is_whole, table.nodes):
        for field, start, size in _windows(node):
            if start and 0 < size <= TOP - start:
                yield Window(node, field, start, start + size)


def _windows(node: IortNode) -> Iterator[tuple[str, int, int]]:
    if isinstance(node, Smmu):
        yield "base", node.base, node.span
    elif isinstance(node, SmmuV3):
        yield "base", node.base, PAGE_64K if node.model == CN99XX else 2 * PAGE_64K
    elif isinstance(node, Pmcg):
        yield "base", node.base, PAGE_4K
        # Revision 0 has no such field; a rule of its own reports 0.
        if node.page1 and node.page1 != node.base:
            yield "page1", node.page1, PAGE_4K


def mapped(table: Iort) -> Iterator[Window]:
    """The ranges that the drivers claim for themselves alone when they probe."""
    for window in claimed(table):
        if isinstance(window.node, SmmuV3):
            for start in range(window.start, window.stop, PAGE_64K):
                yield window._replace(start=start, stop=start + _V3_REGISTERS)
        elif window.field == "base":
            yield window
