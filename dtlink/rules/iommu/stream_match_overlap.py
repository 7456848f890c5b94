"""Stream-match entries of an SMMU overlap.

What it finds: entries of iommus (stream ID and mask) at an SMMUv1 or v2 that both match some stream
ID, without being equal.
Why it matters: the hardware allows one match only. The driver uses an existing entry for a new one
that it contains, and refuses a new one that overlaps in any other way (-EINVAL): its device gets no
IOMMU. So entries that partly overlap exclude each other, and of two where one contains the other
the wider must come first, which nothing ensures between devices.
What to do: write masks that cover only the stream IDs which the device sends.
References: Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_find_sme(),
arm_smmu_master_alloc_smes(), since 4.9; drivers/iommu/of_iommu.c, of_iommu_configure() (which goes
on without an IOMMU after any error but -EPROBE_DEFER).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_

from dtlink.board.tree import TreeBoard
from dtlink.facts.iommus import Sharing, kind_of
from dtlink.links.reference import Link
from dtlink.links.streams import Stream
from dtlink.rules.model import Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <2>; };
            video@2000 { compatible = "vendor,video"; iommus = <&smmu 0x620 0x0c>; };
            camera@3000 { compatible = "vendor,camera"; iommus = <&smmu 0x624 0x03>; };
        };
        """,
        finds=("/camera@3000:iommus",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <2>; };
            video@2000 { compatible = "vendor,video"; iommus = <&smmu 0x620 0x03>; };
            camera@3000 { compatible = "vendor,camera"; iommus = <&smmu 0x624 0x03>; };
        };
        """
    ),
    needs=("iommus",),
)
def stream_match_overlap(board: TreeBoard) -> Iterator[Finding]:
    """One finding for each two devices, at each SMMU."""
    for iommu, streams in board.streams.items():
        kind = kind_of(board.tree[iommu].compatible)
        if kind and kind.sharing is Sharing.GROUP:
            seen: set[tuple[int, int]] = set()
            for first, second in _overlaps(streams):
                pair = first.master, second.master
                if pair not in seen:
                    seen.add(pair)
                    yield from _findings(board, first, second)


def _overlaps(streams: Sequence[Stream]) -> Iterator[tuple[Stream, Stream]]:
    """Pairs that match some ID both, each with an ID that the other does not match.

    Only entries that agree in the bits that no mask leaves out can overlap.
    """
    ignored = reduce(or_, (stream.mask for stream in streams), 0)
    if not ignored:
        return
    alike: dict[int, dict[tuple[int, tuple[int, int]], Stream]] = {}
    for stream in streams:
        if stream.length == 1:
            group = alike.setdefault(stream.first & ~ignored, {})
            group.setdefault((stream.master, stream.match), stream)
    for group in alike.values():
        members = list(group.values())
        for index, second in enumerate(members):
            for first in members[:index]:
                both = first.mask | second.mask
                if first.match != second.match and not (first.first ^ second.first) & ~both:
                    yield first, second


def _contains(wide: Stream, narrow: Stream) -> bool:
    return narrow.mask & ~wide.mask == 0 and not (wide.first ^ narrow.first) & ~wide.mask


def _findings(board: TreeBoard, first: Stream, second: Stream) -> Iterator[Finding]:
    if not _contains(first, second) and not _contains(second, first):
        yield _finding(
            board, first, second, "overlap, and neither contains the other", Severity.ERROR
        )
    elif first.master != second.master:
        yield _finding(
            board,
            *((first, second) if _contains(second, first) else (second, first)),
            "overlap: the second contains the first",
            Severity.WARNING,
        )
    elif _contains(second, first):
        yield _finding(
            board, first, second, "overlap, and the wider one comes last", Severity.ERROR
        )


def _finding(
    board: TreeBoard, first: Stream, second: Stream, how: str, severity: Severity
) -> Finding:
    one, other = Link(board.tree, first.reference), Link(board.tree, second.reference)
    if severity is Severity.WARNING:
        when = f"if {one.node.name} probes first, {other.node.name}"
    else:
        when = other.node.name if one.node == other.node else "whichever device probes second"
    return stream_match_overlap.finding(
        other,
        f"stream-match entries {_entry(first)} of {one.node.name} and {_entry(second)} of "
        f"{other.node.name} {how}, at {other.supplier.name}",
        supplier=other.supplier,
        related=(one.node,),
        severity=severity,
        effect=f"{when} gets no IOMMU (-EINVAL): its DMA is refused, or goes through the "
        "other's tables",
        fix="Write masks that cover only the stream IDs which each device sends.",
    )


def _entry(stream: Stream) -> str:
    return f"(ID {stream.first:#x}, mask {stream.mask:#x})"
