"""What a node of an IORT does with every ID: its mappings as pieces.

As Linux does it (drivers/acpi/arm64/iort.c, iort_node_map_id() and iort_id_map(), the same in 5.10
and 7.2): the first entry that has an ID takes it, but for the last ID of a range, where a later
entry that begins with it is taken instead: there firmware may have counted one ID too many.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from dtlink.facts.behaviours import READS_INDEX_FLAG
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.acpi.iort import (
    IdMapping,
    IortNode,
    Iwb,
    NamedComponent,
    Pmcg,
    RootComplex,
    SmmuV3,
)
from dtlink.links.id_ranges import IdRange, MappedRange, first_match

#: How many IDs there are: every number here has 32 bits.
IDS = 1 << 32
#: Where Linux accepts a single mapping when it looks an ID up (iort_id_map()).
SINGLE_BY_ID = (NamedComponent, RootComplex, Iwb)


def own_mapping(node: SmmuV3, version: KernelVersion = DEFAULT) -> int | None:
    """The DeviceID mapping index that a kernel version takes as valid; ``None``: none."""
    by_flag = READS_INDEX_FLAG.on(version)
    return node.own_mapping if by_flag else node.own_mapping_by_interrupts


def own_index(node: IortNode, version: KernelVersion = DEFAULT) -> int | None:
    """Which entry is for the node's own MSIs; ``None`` if none (iort_get_id_mapping_index())."""
    if isinstance(node, SmmuV3):
        index = own_mapping(node, version)
        return index if index is not None and index < node.mapping_count else None
    if isinstance(node, Pmcg):
        return None if node.overflow_gsiv or not node.mapping_count else 0
    return None


def usable(
    node: IortNode, version: KernelVersion = DEFAULT, *, linux: bool = True
) -> Iterator[IdMapping]:
    """The entries that take part in the translation of IDs: an SMMU's own is not among them."""
    own = own_index(node, version)
    for mapping in node.mappings:
        skipped = linux and mapping.single and not isinstance(node, SINGLE_BY_ID)
        if mapping.entry != own and not skipped:
            yield mapping


def output(mapping: IdMapping, ident: int) -> int:
    """What an entry makes of an ID that it takes."""
    first, becomes, _ = mapping.ends
    return (becomes if mapping.single else becomes + ident - first) % IDS


@lru_cache(maxsize=512)
def pieces(node: IortNode, version: KernelVersion = DEFAULT) -> Sequence[MappedRange[IdMapping]]:
    """The IDs that a node maps under Linux, and by which entry.

    None where its first entry names the offset 0, for then Linux reads no further. The version
    matters for an SMMUv3 alone.
    """
    if not node.mappings or node.mappings[0].output == 0:
        return ()
    entries: list[tuple[IdRange, IdMapping]] = []
    for mapping in usable(node, version):
        entries.append((taken(mapping), mapping))
        if mapping.single:
            break
    entries = [each for each in entries if each[0]]
    return tuple(first_match([*_handed_over(first_match(entries), entries), *entries]))


def piece_of(
    node: IortNode, ident: int, version: KernelVersion = DEFAULT
) -> MappedRange[IdMapping] | None:
    """The piece that has an ID."""
    found = pieces(node, version)
    at = bisect_right(found, ident, key=lambda each: each.span.first) - 1
    return found[at] if at >= 0 and ident <= found[at].span.last else None


def taken(mapping: IdMapping) -> IdRange:
    """The IDs that Linux lets an entry have if no other has them."""
    if mapping.single:
        return IdRange(0, IDS - 1)
    inputs = mapping.inputs
    last = inputs.stop - 1
    # Past 32 bits its sum for the last ID lies before the first. And at the end of a range it looks
    # on, and knows that it has found something by the target: not by 0.
    if last >= IDS:
        return IdRange(0, -1)
    return IdRange(inputs.start, last - 1 if len(inputs) > 1 and not mapping.ends[2] else last)


def _handed_over(
    parts: Iterable[MappedRange[IdMapping]], entries: Sequence[tuple[IdRange, IdMapping]]
) -> Iterator[tuple[IdRange, IdMapping]]:
    """The last IDs of ranges that go to a later entry, which begins with them or is for any.

    (An earlier one that begins with the ID would have it already.)
    """
    beginning: dict[int, IdMapping] = {}
    for span, mapping in entries:
        if not mapping.single:
            beginning.setdefault(span.first, mapping)
    single = next((mapping for _, mapping in entries if mapping.single), None)
    for (_, last), mapping in parts:
        inputs = mapping.inputs
        if last == inputs.stop - 1 and len(inputs) > 1 and not mapping.single:
            heir = beginning.get(last, single)
            if heir is not None:
                yield IdRange(last, last), heir
