"""What a node of an IORT does with every ID: its mappings as ranges that do not overlap.

As Linux 6.12 does it (drivers/acpi/arm64/iort.c, iort_node_map_id() and iort_id_map()): the first
entry that has an ID takes it, but for the last ID of a range, where a later entry that begins with
it is taken instead: there firmware may have counted one ID too many.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from typing import NamedTuple

from dtlink.firmware.acpi.iort import IortNode, Mapping, NamedComponent, Pmcg, RootComplex, SmmuV3

#: How many IDs there are: every number here has 32 bits.
IDS = 1 << 32
#: Where Linux accepts a single mapping when it looks an ID up (iort_id_map()).
SINGLE_BY_ID = (NamedComponent, RootComplex)


class Piece(NamedTuple):
    """IDs that one mapping takes."""

    ids: range
    mapping: Mapping

    @property
    def output(self) -> int:
        """What the first of them becomes; each further one becomes one more, or all the same."""
        mapping = self.mapping
        if mapping.single:
            return mapping.output_base
        return (mapping.output_base + self.ids.start - mapping.input_base) % IDS

    def __and__(self, ids: range) -> Piece | None:
        """What of it lies within some IDs."""
        both = range(max(self.ids.start, ids.start), min(self.ids.stop, ids.stop))
        return Piece(both, self.mapping) if both else None


def own_index(node: IortNode) -> int | None:
    """Which entry is for the node's own MSIs; ``None`` if none (iort_get_id_mapping_index())."""
    if isinstance(node, SmmuV3):
        index = node.own_mapping
        return index if index is not None and index < node.mapping_count else None
    if isinstance(node, Pmcg):
        return None if node.overflow_gsiv or not node.mapping_count else 0
    return None


def usable(node: IortNode, *, linux: bool = True) -> Iterator[Mapping]:
    """The entries that take part in the translation of IDs: an SMMU's own is not among them."""
    own = own_index(node)
    for mapping in node.mappings:
        skipped = linux and mapping.single and not isinstance(node, SINGLE_BY_ID)
        if mapping.entry != own and not skipped:
            yield mapping


@lru_cache(maxsize=512)
def pieces(node: IortNode) -> Sequence[Piece]:
    """The IDs that a node maps under Linux, in ascending order.

    None where its first mapping names the offset 0, for then Linux reads no further, and none of a
    range that ends past the last 32-bit number, for Linux' sum then lies before the range begins.
    """
    if not node.mappings or node.mappings[0].output == 0:
        return ()
    entries = []
    for mapping in usable(node):
        entries.append(mapping)
        if mapping.single:
            break
    return tuple(_joined(_handed_over(_first_match(entries), entries)))


def piece_of(node: IortNode, ident: int) -> Piece | None:
    """The piece that has an ID."""
    found = pieces(node)
    at = bisect_right(found, ident, key=lambda piece: piece.ids.start) - 1
    return found[at] if at >= 0 and ident in found[at].ids else None


def within(node: IortNode, ids: range) -> Iterator[Piece]:
    """What of a node's pieces lies within some IDs, in ascending order."""
    found = pieces(node)
    at = max(bisect_right(found, ids.start, key=lambda piece: piece.ids.start) - 1, 0)
    while at < len(found) and found[at].ids.start < ids.stop:
        part = found[at] & ids
        if part:
            yield part
        at += 1


def gaps(parts: Iterator[range], ids: range) -> Iterator[range]:
    """What some ranges, which ascend and do not overlap, leave of the IDs."""
    at = ids.start
    for part in parts:
        if at < min(part.start, ids.stop):
            yield range(at, min(part.start, ids.stop))
        at = max(at, part.stop)
    if at < ids.stop:
        yield range(at, ids.stop)


def _taken(mapping: Mapping) -> range:
    """The IDs that an entry takes if no other has them."""
    if mapping.single:
        return range(IDS)
    if mapping.inputs.stop > IDS:
        return range(0)
    # At the end of a range Linux looks on, and remembers what it has found by its target: not by 0.
    return mapping.inputs[:-1] if mapping.count and not mapping.output else mapping.inputs


def _first_match(entries: Sequence[Mapping]) -> Iterator[Piece]:
    """Who takes which IDs where the first entry that has an ID takes it."""
    waiting = sorted(
        ((ids.start, ids.stop, rank) for rank, each in enumerate(entries) if (ids := _taken(each))),
        reverse=True,
    )
    ends = sorted({end for start, stop, _ in waiting for end in (start, stop)})
    active: list[tuple[int, int]] = []
    for start, stop in zip(ends, ends[1:], strict=False):
        while waiting and waiting[-1][0] == start:
            _, last, rank = waiting.pop()
            heappush(active, (rank, last))
        while active and active[0][1] <= start:
            heappop(active)
        if active:
            yield Piece(range(start, stop), entries[active[0][0]])


def _handed_over(parts: Iterator[Piece], entries: Sequence[Mapping]) -> Iterator[Piece]:
    """Let the last ID of a range go to a later entry that begins with it, or takes any."""
    beginning: dict[int, list[int]] = {}
    for rank, each in enumerate(entries):
        if _taken(each) and not each.single:
            beginning.setdefault(each.input_base, []).append(rank)
    ranks = {each.entry: rank for rank, each in enumerate(entries)}
    for part in parts:
        last, mapping = part.ids[-1], part.mapping
        heir = None
        if not mapping.single and mapping.count and last == mapping.inputs[-1]:
            others = beginning.get(last, [])
            after = bisect_right(others, ranks[mapping.entry])
            if after < len(others):
                heir = entries[others[after]]
            elif entries[-1].single:
                heir = entries[-1]
        if heir is None:
            yield part
        else:
            yield Piece(part.ids[:-1], mapping)
            yield Piece(part.ids[-1:], heir)


def _joined(parts: Iterator[Piece]) -> Iterator[Piece]:
    """Neighbours that are one mapping's, as one."""
    open_part: Piece | None = None
    for part in parts:
        if not part.ids:
            continue
        if open_part and open_part.mapping is part.mapping and open_part.ids.stop == part.ids.start:
            open_part = Piece(range(open_part.ids.start, part.ids.stop), part.mapping)
            continue
        if open_part:
            yield open_part
        open_part = part
    if open_part:
        yield open_part
