"""``dtlink iommu``: the IOMMU, MSI controller and reserved regions of requesters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from dtlink.board.tree import TreeBoard
from dtlink.facts.pci import parse_bdf
from dtlink.links.acpi.place import Place
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.views.data import CommandResult
from dtlink.views.iommu import ranges, shown
from dtlink.views.iommu.of_tables import Known, TableRequesters
from dtlink.views.iommu.of_tree import TreeRequesters
from dtlink.views.iommu.rows import RangeRow, RequesterRow
from dtlink.views.iort import IortView
from dtlink.views.nodes import node_named
from dtlink.wording import and_more

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard

#: Upper bound on the devices, and on the functions, that are listed.
_MOST = 1000


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class IommuView(CommandResult):
    """What firmware says of the requesters that were asked for, or of all that it describes."""

    member: ClassVar[str] = "iommu"
    asked: str | None
    """The function or device; ``None``: all."""
    requesters: tuple[RequesterRow, ...]
    ranges: tuple[RangeRow, ...]
    """Requester IDs by IOMMU and MSI controller; empty if one requester is asked for."""
    left_out: int
    """How many devices are not listed, since there are too many."""

    @classmethod
    def of(cls, board: AnyBoard, function: str = "") -> IommuView:
        """The view of a PCI function, a device, or (without a name) of the whole input.

        ``function`` is ``[SEG:]BUS:DEV.FN``, else the name of a device: a node of the devicetree,
        or a device that tables name. Raises :class:`InputError` if there is no such device, or
        for an input that describes no IOMMU.
        """
        if function:
            return cls(asked=function, requesters=(_asked(board, function),), ranges=(), left_out=0)
        if isinstance(board, TreeBoard):
            tree = TreeRequesters(board)
            nodes = tree.devices
            return cls(
                asked=None,
                requesters=tuple(tree.of_node(each) for each in nodes[:_MOST]),
                ranges=tuple(ranges.of_hosts(board.tree)),
                left_out=max(len(nodes) - _MOST, 0),
            )
        tables = TableRequesters(board)
        places, named = tables.singled_out, tables.components
        rows = [tables.of_function(Known(each)) for each in places[:_MOST]]
        rows += [tables.of_component(IortView.of_node(board, each)) for each in named[:_MOST]]
        return cls(
            asked=None,
            requesters=tuple(rows),
            ranges=tuple(ranges.of_tables(board.machine, board.version)),
            left_out=len(places) + len(named) - len(rows),
        )

    def text(self) -> Iterator[Line]:
        """One requester in full, or all in a line each."""
        if self.asked is not None:
            for row in self.requesters:
                yield from shown.whole(row)
            return
        if self.ranges:
            yield line(Span("PCI requesters", BOLD))
            yield from shown.ranges(self.ranges)
        if self.requesters:
            yield line(Span("devices, and functions with reserved memory", BOLD))
            for row in self.requesters:
                yield shown.short(row)
        if self.left_out:
            yield line(Span(f"  {and_more(self.left_out, 'device')}: name one of them", DIM))
        if not self.ranges and not self.requesters:
            yield line(Span("no PCI host, and no device with an IOMMU", DIM))


def _asked(board: AnyBoard, name: str) -> RequesterRow:
    try:
        known = Known(Place(*parse_bdf(name)))
    except ValueError:
        if isinstance(board, TreeBoard):
            return TreeRequesters(board).of_node(node_named(board.tree, name))
        return TableRequesters(board).of_component(IortView.of_component(board, name))
    if isinstance(board, TreeBoard):
        return TreeRequesters(board).of_function(known)
    return TableRequesters(board).of_function(known)
