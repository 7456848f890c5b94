"""Invalid range of memory that is reserved for devices.

What it finds: memory blocks (20h, 21h, 22h) of length 0, that begin within a page, or that end
beyond the address space; whose last device lies below the first; that ask for a unity mapping that
can neither be read nor written; that ask for nothing; at most a page at address 0, as in blocks
whose fields were not filled in (likely); for devices that no entry gives to an IOMMU; and, as a
note, less than a page, or a byte less than whole pages.
Why it matters: firmware lists the memory that a device uses before a driver knows of it. Linux maps
whole pages, from the next page boundary on, and skips what is empty. What is not mapped the
device cannot reach once the IOMMU translates: IO_PAGE_FAULT, a dead USB keyboard, a screen that
stays black.
What to do: write a start and a length in whole pages of 4 KiB, flags 07h for memory to be read and
written (08h to leave it out of translation), and the devices that use it.
References: AMD 48882, IVMD; Linux, drivers/iommu/amd/init.c, init_unity_map_range(), and
drivers/iommu/iommu.c, iommu_create_device_direct_mappings().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.ivrs import Ivmd, IvmdAll
from dtlink.links.acpi.ivrs import DeviceSpan, meets, merged, spans
from dtlink.records import NamedTuple
from dtlink.rules.ivrs._linux import NOT_SERVED, taken
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule

_PAGE = 0x1000
#: What a block can ask for.
_ASKS = Ivmd.UNITY | Ivmd.EXCLUSION
_FAULT = "the device's DMA there ends in IO_PAGE_FAULT"


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "more memory, or other devices, are mapped"),
    bad=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
          wrong: ivmd-select device=0x300 flags=7 range_start=0x70000800 range_length=0x1000
        """,
        finds=("wrong",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
          ivmd-select device=0x300 flags=7 range_start=0x70000000 range_length=0x2000
        """
    ),
    needs=("IVRS",),
)
def memory_range(board: TablesBoard) -> Iterator[Finding]:
    """One finding a block: the first thing that is wrong with it."""
    table = board.machine.ivrs
    served: dict[int, list[DeviceSpan]] = {}
    for each in taken(board):
        served.setdefault(each.segment, []).extend(spans(each))
    ids = {segment: merged(those) for segment, those in served.items()}
    for block in table.memory if table else ():
        if block.end - block.start < block.SIZE:
            continue  # its frame is wrong, and its fields are another's
        if fault := next(_faults(block), None) or _unserved(block, ids.get(block.segment, ())):
            yield memory_range.finding(
                block,
                f"{block.name} {fault.wrong}",
                effect=fault.effect,
                fix=fault.fix,
                severity=fault.severity if block.flags & _ASKS else Severity.WARNING,
                likely=fault.likely,
            )


class _Fault(NamedTuple):
    """What is wrong, what comes of it, what to write instead."""

    wrong: str
    effect: str
    fix: Fix | str
    severity: Severity | None = None
    likely: bool = False


def _faults(block: Ivmd) -> Iterator[_Fault]:
    """The faults of a block; the first of them is reported."""
    start, length, flags = block.range_start, block.range_length, f"{block.flags:#04x}"
    if not block.flags & _ASKS:
        wrong = f"has the flags {flags}: neither a unity mapping nor an exclusion"
        yield _Fault(wrong, "Linux skips it, and reserves nothing", "Set flags to 07h, or 08h.")
    if not block.devices:
        first, last = (
            bdf(block.device, block.segment),
            bdf(block.aux, block.segment),
        )
        wrong = f"is for the devices from {first} to {last}, which is lower"
        effect = f"Linux maps it for no device: {_FAULT}"
        yield _Fault(wrong, effect, _swapped(block))
    if not length:
        fix = "Set range_length to the length in bytes."
        yield _Fault("has the length 0", f"Linux maps nothing: {_FAULT}", fix)
    if start % _PAGE:
        lost = f"Linux begins at the next page, {-(-start // _PAGE) * _PAGE:#x}: below it, {_FAULT}"
        fix = f"Set range_start to {start // _PAGE * _PAGE:#x}, and extend range_length to the end."
        edits = Fix.setting(fix, *_whole_pages(block)) if start + length <= 1 << 64 else fix
        yield _Fault(f"begins within a page of {_PAGE >> 10} KiB", lost, edits)
    if start + length > 1 << 64:
        wrong = f"has the length {length:#x} and ends beyond the address space"
        fix = "Set range_length to the length in bytes."
        yield _Fault(wrong, "Linux maps another range", fix)
    if not block.flags & (Ivmd.READ | Ivmd.WRITE | Ivmd.EXCLUSION):
        wrong = f"has the flags {flags}: a unity mapping without reading or writing"
        seen = '"IOMMU driver was not able to establish FW requested direct mapping."'
        mapped = Fix.setting("Set flags to 07h.", (block, "flags", 7))
        yield _Fault(wrong, f"{seen}; {_FAULT}", mapped)
    yield from _odd_lengths(block, start, length)


def _swapped(block: Ivmd) -> Fix | str:
    """With edits where the last device ID is not one that was not filled in."""
    text = "Write the lower device ID first."
    ends = (block, "device", block.aux), (block, "aux", block.device)
    return Fix.setting(text, *ends) if block.aux else text


def _whole_pages(block: Ivmd) -> tuple[tuple[Ivmd, str, int], ...]:
    """The fields of the pages that a range is in."""
    start = block.range_start // _PAGE * _PAGE
    stop = -(-(block.range_start + block.range_length) // _PAGE) * _PAGE
    return (block, "range_start", start), (block, "range_length", stop - start)


def _unserved(block: Ivmd, ids: Sequence[range]) -> _Fault | None:
    """Memory of devices that no entry gives to an IOMMU; ``ids`` are those that one does."""
    if isinstance(block, IvmdAll) or not block.devices or not ids or meets(ids, block.devices):
        return None
    first, last = (bdf(block.devices[at], block.segment) for at in (0, -1))
    devices = first if first == last else f"{first} to {last}"
    return _Fault(
        f"is for {devices}, which no entry gives to an IOMMU",
        f"the memory is reserved at no IOMMU. {NOT_SERVED}",
        "Add an entry for the device to the block of its IOMMU, or correct the device ID here.",
        Severity.WARNING,
    )


def _odd_lengths(block: Ivmd, start: int, length: int) -> Iterator[_Fault]:
    """Lengths that were not meant, although Linux can map them."""
    if not start and length <= _PAGE:
        yield _Fault(
            f"is for {length:#x} bytes at address 0, where no device has memory: a block whose "
            "fields were not filled in",
            "Linux maps the first page of memory for the devices; the memory that they use is not "
            f"mapped, and {_FAULT}",
            "Set range_start and range_length, or leave the block out.",
            Severity.WARNING,
            likely=True,
        )
    whole = -(-length // _PAGE) * _PAGE
    if length < _PAGE or length == whole - 1:
        yield _Fault(
            f"has the length {length:#x}, not a whole number of pages of {_PAGE >> 10} KiB",
            f"none: Linux maps whole pages, {whole:#x} bytes",
            Fix.setting(f"Set range_length to {whole:#x}.", (block, "range_length", whole)),
            Severity.INFO,
        )
