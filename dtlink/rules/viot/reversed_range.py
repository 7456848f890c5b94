"""The first PCI function or segment of a range lies behind its last.

What it finds: a PCI range whose BDF start is above its BDF end, or its segment start above its
segment end.
Why it matters: no function is in such a range. Linux reads it without a word and never finds
anything in it: the devices that were meant have no IOMMU.
What to do: exchange them, or write the true end: both ends belong to the range.
References: ACPI specification 6.5, 5.2.34, PCI Range; Linux, drivers/acpi/viot.c,
viot_pci_dev_iommu_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.viot import PciRange, bdf
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.viot._words import UNTRANSLATED


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          range: pci-range bdf_start=0x1000 bdf_end=0x10 output=iommu
        """,
        finds=("range:bdf_end",),
    ),
    good=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          range: pci-range bdf_start=0x1000 bdf_end=0x10ff output=iommu
        """
    ),
    needs=("VIOT",),
)
def reversed_range(board: TablesBoard) -> Iterator[Finding]:
    """One finding a range."""
    table = board.machine.viot
    for node in table.ranges if table else ():
        if not node.functions or not node.segments:
            yield _finding(node)


def _finding(node: PciRange) -> Finding:
    if node.segments:
        ends = [f"{bdf(each)} ({each:#x})" for each in (node.bdf_start, node.bdf_end)]
        what = " to ".join(ends)
    else:
        what = f"segment {node.segment_start} to segment {node.segment_end}"
    return reversed_range.finding(
        node,
        f"{node.name} goes from {what}: it has no function in it",
        property_name="bdf_end" if node.segments else "segment_end",
        consequence=f"Linux finds no device in it, without a word; those that were meant have "
        f"{UNTRANSLATED}",
        fix="the first and the last function, both inclusive: 0x0000 and 0xffff for all buses of a "
        "segment",
    )
