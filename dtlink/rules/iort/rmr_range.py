"""A reserved memory range is empty, unaligned, or overlaps another.

What it finds: RMR descriptors of length 0, with a base or a length that is no multiple of 64 KiB,
that run beyond the last address, or that overlap another descriptor of their node.
Why it matters: Linux reports each as a firmware bug and goes on. It widens an unaligned range to
its own pages only; with pages of 64 KiB that is more than was reserved. An empty range reserves
nothing: the device whose DMA it was to let through is cut off when the SMMU's driver takes over.
What to do: ranges of whole 64 KiB blocks, each listed once.
References: Arm DEN0049 E.d, RMR node; Linux, drivers/acpi/arm64/iort.c, iort_rmr_alloc(),
iort_rmr_desc_check_overlap().
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import Rmr, RmrDescriptor
from dtlink.links.acpi.iort import RMR_SINCE
from dtlink.rules.iort._nodes import listed, nodes
from dtlink.rules.iort._windows import PAGE_64K, TOP
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule

_BUG = '"[Firmware Bug]: RMR descriptor['


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "more memory is reserved"),
    bad=Tables(
        """
        IORT table_revision=5
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
          rmr: rmr node_revision=3
            descriptor base=0xf80d0000 length=0
            map output_base=1 output=smmu
        """,
        finds=("rmr:descriptors",),
    ),
    good=Tables(
        """
        IORT table_revision=5
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
          rmr: rmr node_revision=3
            descriptor base=0xf80d0000 length=0x10000
            map output_base=1 output=smmu
        """
    ),
    needs=("IORT",),
)
def rmr_range(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each kind of fault of a node, at the first descriptor that has it."""
    table = board.machine.iort
    if table is None or table.revision < RMR_SINCE:
        return  # Linux does not read them, and a rule of its own says so
    for node in nodes(board, Rmr):
        found: dict[str, list[RmrDescriptor]] = {}
        for each in node.descriptors:
            if fault := _fault(each):
                found.setdefault(fault, []).append(each)
        for fault, those in found.items():
            yield _finding(node, fault, those)
        overlaps = list(_overlaps(node))
        if overlaps:
            yield _overlap(node, overlaps)


def _fault(each: RmrDescriptor) -> str:
    if not each.length:
        return "of length 0"
    if each.base + each.length > TOP:
        return "beyond the last address"
    if each.base % PAGE_64K or each.length % PAGE_64K:
        return "not aligned to 64 KiB"
    return ""


def _overlaps(node: Rmr) -> Iterator[tuple[RmrDescriptor, RmrDescriptor]]:
    """Each descriptor that has addresses in common with one below it, and that one."""
    farthest: RmrDescriptor | None = None
    for each in sorted(node.descriptors, key=lambda each: each.base):
        if not each.length:
            continue
        if farthest is not None and each.base < farthest.span.stop:
            yield farthest, each
        if farthest is None or each.span.stop > farthest.span.stop:
            farthest = each


def _words(each: RmrDescriptor) -> str:
    return f"{each.base:#x} + {each.length:#x}"


def _finding(node: Rmr, fault: str, those: list[RmrDescriptor]) -> Finding:
    first = those[0]
    if not first.length:
        consequence = (
            f'{_BUG}{first.base:#x}] with zero length, continue anyway": nothing is reserved'
        )
    elif first.span.stop > TOP:
        consequence = (
            "Linux computes the end of the range beyond 64 bits, and reserves something else"
        )
    else:
        consequence = f'{_BUG}{first.base:#x} - …] not aligned to 64K, continue with […]"'
    return rmr_range.finding(
        first,
        f"{node.name} has {'a range' if len(those) == 1 else f'{len(those)} ranges'} {fault}: "
        + listed([_words(each) for each in those]),
        effect=consequence,
        fix=_fix(node, those),
    )


def _fix(node: Rmr, those: list[RmrDescriptor]) -> Fix | str:
    """With edits where a whole number of blocks holds each range, and no two of them one block."""
    text = "Set base and length to whole 64 KiB blocks of the memory that the device uses."
    blocks = {each: _blocks(each) for each in node.descriptors if each.length}
    ordered = sorted(blocks.values(), key=lambda block: block.start)
    apart = all(one.stop <= other.start for one, other in pairwise(ordered))
    if not apart or not all(each in blocks and blocks[each].stop <= TOP for each in those):
        return text
    return Fix.setting(
        text,
        *((each, "base", blocks[each].start) for each in those),
        *((each, "length", blocks[each].stop - blocks[each].start) for each in those),
    )


def _blocks(each: RmrDescriptor) -> range:
    """The 64 KiB blocks that a range is in."""
    stop = each.base + each.length
    return range(each.base & ~(PAGE_64K - 1), -(-stop // PAGE_64K) * PAGE_64K)


def _overlap(node: Rmr, pairs: list[tuple[RmrDescriptor, RmrDescriptor]]) -> Finding:
    told = listed([f"{_words(first)} and {_words(second)}" for first, second in pairs])
    first = min(pairs[0], key=lambda each: each.entry)
    return rmr_range.finding(
        max(pairs[0], key=lambda each: each.entry),
        f"{node.name} has ranges that overlap: {told}",
        effect=f'{_BUG}{first.base:#x} - {first.span.stop - 1:#x}] overlaps, continue anyway"',
        fix="Keep each address in one range only.",
    )
