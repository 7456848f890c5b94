"""The links of an IVRS: devices, I/O APICs and HPETs to the IOMMUs of an AMD machine.

One IOMMU may have several blocks. It is one supplier: the block that Linux takes, or the last where
Linux takes none; the entries of its other blocks are links to that one, not used by Linux. Memory
that a block reserves is a link to the IOMMUs of the devices that use it, which orders nothing.
Source: Linux, drivers/iommu/amd/init.c, init_iommu_from_acpi().
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from dtlink.facts.behaviours import AMD_READS_HATS
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.acpi.ivrs import (
    HPET,
    IOAPIC,
    AcpiHid,
    Alias,
    AliasRange,
    DeviceEntry,
    Ivhd,
    Ivhd11,
    Ivhd40,
    Ivmd,
    Ivrs,
    Special,
)
from dtlink.links.acpi.link import TableLink, row
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine

IOMMU = row("ivrs-iommu", "IOMMU")
INTERRUPTS = row("ivrs-interrupts", "interrupt remapping")
RESERVED = row("ivrs-reservation", "IOMMU at which the memory is reserved", orders=False)

#: How many IOMMUs Linux sets up (MAX_IOMMUS).
MAX_IOMMUS = 32

# Why Linux does not use an entry.
ITSELF = "Linux lets no IOMMU translate its own requests, whatever the table says"
NOT_40 = "Linux reads entries of ACPI devices in blocks of type 40h only"
SECOND = "Linux knows the IOMMU from another block of that type"
NO_HID = "the hardware ID is empty"
NAMED_BEFORE = "Linux takes the first entry of that number"
NO_HOST_TABLES = "the IOMMUs have no page tables that Linux can use"
NO_FLAG = "Linux takes memory blocks that ask for a unity mapping or for exclusion only"


class DeviceSpan(NamedTuple):
    """Device IDs that one entry gives to an IOMMU; both ends are in it."""

    first: int
    last: int
    entry: DeviceEntry


def links(machine: Machine, version: KernelVersion = DEFAULT) -> Iterator[TableLink]:
    """The links of a machine's IVRS."""
    table = machine.ivrs
    if table is None:
        return
    host = host_tables(table)
    lacks = AMD_READS_HATS.on(version) and host.fault is not None and not host.has_guest_tables
    for link in _links(table):
        if lacks and not link.why_not and link.binding is not INTERRUPTS:
            yield link._replace(why_not=NO_HOST_TABLES)
        else:
            yield link


class HostTables(NamedTuple):
    """What an IVRS says of the page tables of its IOMMUs, which share one format."""

    fault: Ivhd11 | None
    """The block that says that there are no host page tables; ``None``: there are."""
    is_declared: bool
    """It says so by an attribute (HATDis), not by a reserved number of levels (HATS)."""
    has_guest_tables: bool
    """There are guest page tables, which Linux takes instead."""


_HATDIS = 1 << 0
_HATS = 3 << 10
_GA_SUPPORTED = 1 << 7
#: Guest translation, and its use for the host's own I/O.
_GUEST_TABLES = 1 << 4 | 1 << 48


def host_tables(table: Ivrs) -> HostTables:
    """What the blocks that Linux takes say of host page tables (early_amd_iommu_init()).

    Of the feature registers the table has copies only where ``IVinfo`` says so; Linux uses what
    all IOMMUs have in common (get_global_efr()).
    """
    blocks = [each for each in table.taken if isinstance(each, Ivhd11) and each.has("efr2")]
    copied = table.ivinfo & Ivrs.EFR_SUPPORTED and len(blocks) == len(table.taken)
    efr = -1 if copied and blocks else 0
    for block in blocks:
        efr &= block.efr if block.efr & _GA_SUPPORTED else 0
    declared = next((each for each in blocks if each.features & _HATDIS), None)
    reserved = blocks[0] if efr & _HATS == _HATS and blocks else None
    return HostTables(
        declared or reserved, declared is not None, efr & _GUEST_TABLES == _GUEST_TABLES
    )


def _links(table: Ivrs) -> Iterator[TableLink]:
    own = {block.key for block in table.taken}
    named: set[tuple[int, int]] = set()
    for block in table.hardware:
        supplier = table.iommus[block.key]
        passed_over = _other_block(table, block)
        for entry in block.entries:
            if isinstance(entry, Special):
                yield from _special(passed_over, entry, supplier, named)
            elif entry.devices:
                yield _translated(entry, supplier, passed_over or _why_not(entry, own))
    yield from _reservations(table)


def _other_block(table: Ivrs, block: Ivhd) -> str:
    """Why Linux takes nothing of a block."""
    if block.type != table.taken_type:
        return f"Linux takes the blocks of type {table.taken_type:x}h of this table"
    return "" if block is table.iommus[block.key] else SECOND


def _why_not(entry: DeviceEntry, own: set[tuple[int, int]]) -> str:
    devices = entry.devices
    if isinstance(entry, AcpiHid):
        return ("" if isinstance(entry.owner, Ivhd40) else NOT_40) or ("" if entry.hid else NO_HID)
    if len(devices) == 1 and (entry.segment, devices[0]) in own:
        return ITSELF
    return ""


def _translated(entry: DeviceEntry, supplier: Ivhd, why_not: str) -> TableLink:
    aliased = isinstance(entry, Alias | AliasRange)
    output = entry.alias if isinstance(entry, Alias | AliasRange) and aliased else entry.devices[0]
    return TableLink(entry, supplier, IOMMU, entry, entry.devices, output, None, why_not)


def _special(
    passed_over: str, entry: Special, supplier: Ivhd, named: set[tuple[int, int]]
) -> Iterator[TableLink]:
    """The first entry of a number counts (get_ioapic_devid(), get_hpet_devid())."""
    if entry.variety not in (IOAPIC, HPET):
        return
    why_not = passed_over
    number = (entry.variety, entry.handle)
    if not why_not:
        why_not = NAMED_BEFORE if number in named else ""
        named.add(number)
    inputs = range(entry.handle, entry.handle + 1)
    yield TableLink(entry, supplier, INTERRUPTS, entry, inputs, entry.source, None, why_not)


def _reservations(table: Ivrs) -> Iterator[TableLink]:
    suppliers = [block for block in table.iommus.values() if block.type == table.taken_type]
    served = [(block, merged(spans(block))) for block in suppliers[:MAX_IOMMUS]]
    for memory in table.memory:
        why_not = "" if memory.flags & (Ivmd.UNITY | Ivmd.EXCLUSION) else NO_FLAG
        segment, devices = memory.segment, memory.devices
        for block, ids in served:
            if block.key[0] == segment and meets(ids, devices):
                yield TableLink(memory, block, RESERVED, memory, devices, None, None, why_not)


def spans(block: Ivhd) -> Sequence[DeviceSpan]:
    """The device IDs that Linux gives to a block's IOMMU, in the order of the entries.

    They are kept with the block, as several rules ask for them.
    """
    kept = vars(block)
    if "spans" not in kept:
        kept["spans"] = tuple(_spans(block))
    found: Sequence[DeviceSpan] = kept["spans"]
    return found


def _spans(block: Ivhd) -> Iterator[DeviceSpan]:
    for entry in block.entries:
        devices = entry.devices
        if not devices or (isinstance(entry, AcpiHid) and _why_not(entry, set())):
            continue
        yield DeviceSpan(devices.start, devices.stop - 1, entry)
        if isinstance(entry, Alias | AliasRange):
            yield DeviceSpan(entry.alias, entry.alias, entry)


def merged(some: Iterable[DeviceSpan]) -> list[range]:
    """The device IDs of some spans, in order, without overlaps."""
    found: list[range] = []
    for first, last in sorted((span.first, span.last) for span in some):
        if found and first <= found[-1].stop:
            found[-1] = range(found[-1].start, max(found[-1].stop, last + 1))
        else:
            found.append(range(first, last + 1))
    return found


def meets(ids: Sequence[range], devices: range) -> bool:
    """Whether one of the devices is among merged IDs."""
    if not devices:
        return False
    at = bisect_left(ids, devices.start + 1, key=lambda each: each.stop)
    return at < len(ids) and ids[at].start < devices.stop
