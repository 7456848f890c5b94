"""Mappings of one node that are for the same IDs."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.iort import IdMapping, IortNode, RootComplex
from dtlink.links.acpi.iort_pieces import IDS, output, taken, usable
from dtlink.links.id_ranges import REQUESTER_IDS, IdRange
from dtlink.records import NamedTuple


class Overlap(NamedTuple):
    """Two mappings of a node, in their order in the table, and the IDs of both."""

    first: IdMapping
    second: IdMapping
    ids: IdRange

    @property
    def slipped(self) -> IdMapping | None:
        """The one whose last ID is the first of the other, and the only one that they share."""
        if self.ids.size > 1:
            return None
        ident = self.ids.first
        for one, other in ((self.first, self.second), (self.second, self.first)):
            if one.count and one.inputs[-1] == ident == other.input_base:
                return one
        return None

    @property
    def agrees(self) -> bool:
        """Whether it makes no difference which of the two takes the IDs."""
        same = self.first.ends[2] == self.second.ends[2]
        return same and len({output(each, self.ids.first) for each in self[:2]}) == 1


def overlaps(node: IortNode, version: KernelVersion) -> Iterator[Overlap]:
    """Each range that begins within another, with the one that reaches furthest of those."""
    top = REQUESTER_IDS.last if isinstance(node, RootComplex) else IDS
    ranges = [
        each
        for each in usable(node, version)
        if not each.single and each.inputs.start <= top and taken(each)
    ]
    widest: IdMapping | None = None
    for mapping in sorted(ranges, key=lambda each: (each.inputs.start, each.entry)):
        first, end = mapping.inputs.start, mapping.inputs.stop
        if widest is not None and first in widest.inputs:
            last = min(widest.inputs.stop, end) - 1
            ordered = widest.entry < mapping.entry
            one, other = (widest, mapping) if ordered else (mapping, widest)
            yield Overlap(one, other, IdRange(first, last))
        if widest is None or end > widest.inputs.stop:
            widest = mapping
