"""Reserved bytes are not 0.

What it finds: reserved bytes of the header and of the nodes that are set.
Why it matters: Linux does not look at them. A later version of the table may give them a meaning,
and a kernel that knows it will take them by it.
What to do: write 0.
References: ACPI specification 6.5, 5.2.34; Linux, drivers/acpi/viot.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.layout import Struct
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8 reserved=1
          pci-range bdf_end=0xff output=iommu
        """,
        finds=("iommu:reserved",),
    ),
    good=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          pci-range bdf_end=0xff output=iommu
        """
    ),
    needs=("VIOT",),
)
def reserved_bits(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table, at the first field."""
    table = board.machine.viot
    holders: list[Struct] = [table, *table.nodes] if table else []
    found = [(each, *field) for each in holders for field in each.nonzero_reserved()]
    if found:
        where, name, bits = found[0]
        more = f", and {len(found) - 1} more reserved fields are not 0" if len(found) > 1 else ""
        yield reserved_bits.finding(
            where,
            f"{name} of {where.name} is {bits:#x}{more}",
            property_name=name,
            consequence="none with Linux up to 6.12, which does not look at it",
            fix="0",
            related=[each for each, *_ in found[1:5]],
        )
