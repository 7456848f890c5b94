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
        same = self.first.output == self.second.output
        return same and len({output(each, self.ids.first) for each in self[:2]}) == 1


def overlaps(node: IortNode, version: KernelVersion) -> Iterator[Overlap]:
    """Each range that begins within another, with the one that reaches furthest of those."""
    top = REQUESTER_IDS.last if isinstance(node, RootComplex) else IDS
    ranges = [
        each
        for each in usable(node, version)
        if not each.single and taken(each) and each.input_base <= top
    ]
    widest: IdMapping | None = None
    for mapping in sorted(ranges, key=lambda each: (each.input_base, each.entry)):
        if widest is not None and mapping.input_base in widest.inputs:
            last = min(widest.inputs[-1], mapping.inputs[-1])
            one, other = sorted((widest, mapping), key=lambda each: each.entry)
            yield Overlap(one, other, IdRange(mapping.input_base, last))
        if widest is None or mapping.inputs[-1] > widest.inputs[-1]:
            widest = mapping
