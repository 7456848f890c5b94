"""The IVRS leaves out buses that the machine has.

What it finds: buses of the MCFG of which no entry of the IVRS names a device. Buses that single
entries name in part are not reported. A note where the segment has several IOMMUs and, after the
buses of each, no more are left out than it has: host bridges often have fewer than the MCFG allows.
A note, too, where no range goes beyond one bus and single functions of several buses are named:
such firmware lists the devices that it found, and there may be none on the other buses.
With --lspci: the functions that exist and that no entry names, on whatever bus.
Why it matters: Linux knows no IOMMU for a device there. Where the device table of an IOMMU has
room for it, the IOMMU blocks its DMA; else its DMA reaches all memory.
What to do: let the range of the last IOMMU go on to the last device of the last bus, or make the
MCFG as small as the buses that there are.
References: AMD 48882, IVHD device entries (all devices of a segment are to be listed); Linux,
drivers/iommu/amd/init.c, init_device_table_dma(); drivers/iommu/amd/iommu.c, check_device().
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.ivrs import Select
from dtlink.links.acpi.ivrs import DeviceSpan, meets, merged, spans
from dtlink.rules.ivrs._linux import NOT_SERVED, taken
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtlink.firmware.acpi.ivrs import Ivhd, Ivrs
    from dtlink.links.pci.hierarchy import PciHierarchy

_BUS = 0x100


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    bad=Tables(
        """
        IVRS
          ivhd-40 base=0xfeb80000
            range device=0x8
            range-end device=0xff
            special handle=33 source=0xa0
        MCFG
          allocation base=0xf8000000 segment=0 end_bus=0x3f
        """,
        finds=("IVRS",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-40 base=0xfeb80000
            range device=0x8
            range-end device=0x3fff
            special handle=33 source=0xa0
        MCFG
          allocation base=0xf8000000 segment=0 end_bus=0x3f
        """
    ),
    needs=("IVRS",),
)
def uncovered(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each segment."""
    table, mcfg = board.machine.ivrs, board.machine.mcfg
    blocks = list(taken(board))
    if table is not None and board.seen.pci is not None:
        yield from _of_functions(table, board.seen.pci, blocks)
        return
    if table is None or mcfg is None:
        return
    for row in mcfg.allocations:
        mine = [block for block in blocks if block.segment == row.segment]
        ids = merged(span for block in mine for span in spans(block))
        served = [bool(meets(ids, range(bus * _BUS, (bus + 1) * _BUS))) for bus in row.buses]
        lost = [bus for bus, has in zip(row.buses, served, strict=True) if not has]
        if lost and ids:
            spare = len({block.key for block in mine}) > 1 and _is_spare(served)
            spare = spare or _is_list_of_functions(
                [span for block in mine for span in spans(block)]
            )
            yield uncovered.finding(
                table,
                f"no entry names a device of bus {_ranges(lost)} of segment {row.segment}, which "
                f"the MCFG has ({row.start_bus:02x} to {row.end_bus:02x})",
                effect=NOT_SERVED,
                fix="End the range of the last block of the segment at device "
                f"{row.end_bus:02x}:1f.7 ({row.end_bus * _BUS + 0xFF:#x}).",
                severity=Severity.INFO if spare else None,
                likely=True,
            )


def _of_functions(table: Ivrs, pci: PciHierarchy, blocks: Sequence[Ivhd]) -> Iterator[Finding]:
    """The functions that exist and that no entry names, of segments with an IOMMU."""
    for segment in sorted({block.segment for block in blocks}):
        mine = [block for block in blocks if block.segment == segment]
        ids = merged(span for block in mine for span in spans(block))
        own = {block.device for block in mine}
        lost = [
            each
            for each in pci.requesters(segment)
            if each.rid not in own and not meets(ids, range(each.rid, each.rid + 1))
        ]
        if lost and ids:
            yield uncovered.finding(
                table,
                f"no entry names {listed(each.name for each in lost)}, which the machine has",
                effect=NOT_SERVED,
                fix="Add the devices to the block of their IOMMU, as a range or one by one.",
            )


def _is_spare(served: list[bool]) -> bool:
    """Whether each run of buses without a device follows a run with some that is as long."""
    runs = [(has, len(list(each))) for has, each in groupby(served)]
    return runs[0][0] and all(
        length <= before for (_, before), (has, length) in pairwise(runs) if not has
    )


def _is_list_of_functions(found: list[DeviceSpan]) -> bool:
    """Whether the entries name what the firmware found, function by function, on several buses."""
    if any(span.first // _BUS != span.last // _BUS for span in found):
        return False
    single = (span for span in found if isinstance(span.entry, Select))
    return len({span.first // _BUS for span in single}) > 1


def _ranges(buses: list[int]) -> str:
    """Buses as ranges: ``01 to 3f, 80``."""
    found: list[list[int]] = []
    for bus in buses:
        if found and found[-1][-1] == bus - 1:
            found[-1][-1:] = [bus] if len(found[-1]) > 1 else [found[-1][0], bus]
        else:
            found.append([bus])
    return listed([" to ".join(f"{bus:02x}" for bus in each) for each in found])
