"""An I/O APIC has no entry, so that Linux remaps no interrupt at all.

What it finds: I/O APICs of the MADT that no special device entry (48h, variety 1) names by their
ID, and no entry with device ID 00:14.0 for the one that has the interrupts from 0 on. (Linux before
6.1 takes 00:14.0 of any I/O APIC; 7.3 takes any SMBus controller or ISA bridge, such as 00:14.3.)
Without a MADT it looks for the device ID alone.
Why it matters: Linux checks both before it remaps interrupts: "IOAPIC[4] not in IVRS table", "No
southbridge IOAPIC found", "Disabling interrupt remapping". Without that a device that a guest owns
can raise any interrupt of the host: vfio assigns no device unless an option allows it
(allow_unsafe_interrupts). CPUs beyond the 255th cannot be used either.
What to do: write one entry for each I/O APIC, its handle being the ID that the MADT gives to it.
Users can help themselves with ivrs_ioapic=ID@BUS:DEVICE.FUNCTION on the kernel's command line; for
four laptops Linux has the right numbers itself (drivers/iommu/amd/quirks.c).
References: AMD 48882, IVHD special device entries; Linux, drivers/iommu/amd/init.c,
check_ioapic_information(), get_sb_ioapic_id().
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dtlink.board.tables import TablesBoard
from dtlink.facts.behaviours import AMD_SOUTHBRIDGE
from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.ivrs import IOAPIC, Ivrs
from dtlink.rules.ivrs._ioapics import Named, named, unnamed
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import listed

#: What counts as the southbridge's I/O APIC, as the row of kernels names it.
_ANY, _FIRST, _BY_CLASS = (value for _, value in AMD_SOUTHBRIDGE.steps)
#: Where it is, for each: 00:14.0 with AMD; 00:0b.0 with some CPUs of Hygon; 00:14.3 is AMD's ISA
#: bridge.
_SOUTHBRIDGE: Mapping[str, frozenset[int]] = {
    _ANY: frozenset((0xA0,)),
    _FIRST: frozenset((0xA0, 0x58)),
    _BY_CLASS: frozenset((0xA0, 0x58, 0xA3)),
}


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        APIC
          ioapic id=4 address=0xfec00000 gsi_base=0
          ioapic id=5 address=0xfec01000 gsi_base=24
        IVRS
          ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
            special handle=34 source=1
        """,
        finds=("IVRS",),
    ),
    good=Tables(
        """
        APIC
          ioapic id=4 address=0xfec00000 gsi_base=0
          ioapic id=5 address=0xfec01000 gsi_base=24
        IVRS
          ivhd-11 base=0xfeb80000
            all
            special handle=4 source=0xa0
            special handle=5 source=1
        """
    ),
    needs=("IVRS",),
)
def missing_ioapic(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table."""
    table, madt = board.machine.ivrs, board.machine.madt
    if table is None or not table.taken or (madt and not madt.ioapics):
        return
    entries = named(board, IOAPIC)
    kind = AMD_SOUTHBRIDGE.on(board.version)
    lacking = [each.id for each in unnamed(board)]
    southbridge = _southbridge(board, entries, kind)
    if (lacking and not _is_forgiven(board, entries, kind)) or southbridge is not True:
        # Since 6.1 it does not look at the others where none has the first interrupts.
        logged = lacking if kind == _ANY or _first(board) != -1 else []
        yield missing_ioapic.finding(
            table,
            _message(table, entries, lacking),
            effect="; ".join(_log(logged, has_southbridge=southbridge)),
            fix=_fix(board, lacking),
            likely=southbridge is None and not lacking,
        )


def _southbridge(board: TablesBoard, entries: Named, kind: str) -> bool | None:
    """Whether the I/O APIC of the first interrupts is where Linux wants it.

    ``None``: that depends on what kind of function the device ID is.
    """
    wanted = None if kind == _ANY else _first(board)
    found = [
        entry.source
        for handle, entry in entries.by_handle.items()
        if wanted in (None, handle) and entry.segment == 0
    ]
    if not _SOUTHBRIDGE[kind].isdisjoint(found):
        return True
    return None if kind == _BY_CLASS and found else False


def _is_forgiven(board: TablesBoard, entries: Named, kind: str) -> bool:
    """Whether Linux goes on all the same: before 6.1 the last one that it looks at decides."""
    madt, goes_on = board.machine.madt, False
    for each in madt.ioapics if madt and kind == _ANY else ():
        entry = entries.by_handle.get(each.id)
        goes_on = entry is not None and (goes_on or entry.source in _SOUTHBRIDGE[_ANY])
    return goes_on


def _first(board: TablesBoard) -> int | None:
    """The ID of the I/O APIC of the first interrupts; -1 if the MADT has none such."""
    madt = board.machine.madt
    if madt is None:
        return None
    return next((each.id for each in madt.ioapics if each.gsi_base == 0), -1)


def _message(table: Ivrs, entries: Named, lacking: list[int]) -> str:
    named = ", ".join(
        f"{handle} at {bdf(entry.source, entry.segment)}"
        for handle, entry in list(entries.by_handle.items())[:4]
    )
    told = f"the blocks of type {table.taken_type:x}h in the IVRS have "
    told += f"I/O APIC {named}" if named else "none"
    if lacking:
        return f"the MADT has I/O APIC {_ids(lacking)}, but {told}"
    return f"{told}; Linux takes none of them for the southbridge's, at 0000:00:14.0"


def _ids(lacking: list[int]) -> str:
    return listed(lacking)


def _log(lacking: list[int], *, has_southbridge: bool | None) -> Iterator[str]:
    for each in lacking[:1]:
        yield f'"IOAPIC[{each}] not in IVRS table"'
    if has_southbridge is None:
        yield '"No southbridge IOAPIC found", unless an SMBus controller or ISA bridge is there'
    elif not has_southbridge:
        yield '"No southbridge IOAPIC found"'
    yield (
        '"Disabling interrupt remapping": vfio then hands out devices only with '
        "allow_unsafe_interrupts"
    )


def _fix(board: TablesBoard, lacking: list[int]) -> str:
    entry, first = "Add an entry 48h of variety 1", _first(board)
    if first is None or first < 0:
        return f"{entry} with device ID 00a0h (00:14.0) and the MADT's ID of the first I/O APIC."
    if first in lacking or not lacking:
        return (
            f"{entry} with handle {first} and device ID 00a0h (00:14.0), and one for each other "
            f"I/O APIC; or, on the command line, ivrs_ioapic={first}@0000:00:14.0."
        )
    return f"{entry} with handle {lacking[0]} and the device ID that its interrupts carry."
