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
from itertools import islice, product
from operator import or_

from dtlink.board.tree import TreeBoard
from dtlink.facts.iommus import Sharing, kind_of
from dtlink.links.reference import Link
from dtlink.links.streams import Stream
from dtlink.rules.model import Dts, Finding, Severity, rule

#: So few entries are compared with each other.
_FEW = 32
#: Upper bound on the pairs reported of an SMMU: it has 255 entries at most (ARM_SMMU_ID0_NUMSMRG).
_MOST = 1000


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
    asks="checked_streams",
)
def stream_match_overlap(board: TreeBoard) -> Iterator[Finding]:
    """One finding for each two devices, at each SMMU."""
    for iommu, streams in board.checked_streams.items():
        kind = kind_of(board.tree[iommu].compatible)
        if kind and kind.sharing is Sharing.GROUP:
            seen: set[tuple[int, int]] = set()
            pairs = list(_overlaps(streams))
            more = "; further pairs are not listed" if len(pairs) >= _MOST else ""
            for first, second in pairs:
                pair = first.master, second.master
                if pair not in seen:
                    seen.add(pair)
                    for found in _findings(board, first, second):
                        yield found._replace(message=found.message + more)


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
        same: dict[tuple[int, int], list[int]] = {}
        for number, stream in enumerate(members):
            same.setdefault(stream.match, []).append(number)
        wide = list(same.values())
        pairs = (
            (max(pair), min(pair))
            for one, other in sorted(_alike([members[numbers[0]] for numbers in wide]))
            for pair in product(wide[one], wide[other])
        )
        for second, first in sorted(islice(pairs, _MOST)):
            yield members[first], members[second]


def _alike(members: Sequence[Stream]) -> set[tuple[int, int]]:
    """The numbers of members that match some ID both, the later one first; about _MOST at most.

    No two members match the same IDs. They are parted by one bit after the other, until few are
    left to be compared with each other; a member whose mask leaves the bit out is in both parts.
    Where most leave it out they overlap, and enough pairs are soon found.
    """
    found: set[tuple[int, int]] = set()
    bits = _parting(members)
    todo = [(list(range(len(members))), 0)]
    while todo and len(found) < _MOST:
        numbers, used = todo.pop()
        bit = bits[used] if used < len(bits) and len(numbers) > _FEW else 0
        loose = sum(1 for number in numbers if members[number].mask & bit)
        if not bit or 2 * loose > len(numbers):
            found.update(islice(_compared(members, numbers), _MOST))
            continue
        for value in (0, bit):
            part = [
                number
                for number in numbers
                if members[number].mask & bit or members[number].first & bit == value
            ]
            todo.append((part, used + 1))
    return found


def _parting(members: Sequence[Stream]) -> Sequence[int]:
    """The bits in which the members differ, those first that the fewest masks leave out."""
    if len(members) <= _FEW:
        return ()
    differ = reduce(or_, (each.first ^ members[0].first for each in members))
    bits = [1 << number for number in range(differ.bit_length()) if differ >> number & 1]
    return sorted(bits, key=lambda bit: sum(1 for each in members if each.mask & bit))


def _compared(members: Sequence[Stream], numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The pairs of these members that match some ID both."""
    for index, later in enumerate(numbers):
        second = members[later]
        for earlier in numbers[:index]:
            first = members[earlier]
            both = first.mask | second.mask
            if not (first.first ^ second.first) & ~both:
                yield later, earlier


def _contains(wide: Stream, narrow: Stream) -> bool:
    return narrow.mask & ~wide.mask == 0 and not (wide.first ^ narrow.first) & ~wide.mask


def _findings(board: TreeBoard, first: Stream, second: Stream) -> Iterator[Finding]:
    if not _contains(first, second) and not _contains(second, first):
        how = "overlap, and neither contains the other"
        yield _finding(board, first, second, how, Severity.ERROR)
    elif first.master != second.master:
        pair = (first, second) if _contains(second, first) else (second, first)
        how = "overlap: the second contains the first"
        yield _finding(board, *pair, how, Severity.WARNING)
    elif _contains(second, first):
        how = "overlap, and the wider one comes last"
        yield _finding(board, first, second, how, Severity.ERROR)


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
