"""``dtlink iommu``: the IOMMU, MSI controller and reserved regions of requesters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from dtlink.board.tree import TreeBoard
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT, Absent, CommandResult
from dtlink.views.iommu import shown
from dtlink.views.iommu.answers import TableAnswers, TreeAnswers
from dtlink.views.iommu.ranges import first_rows
from dtlink.views.iommu.rows import RangeRow, RequesterRow
from dtlink.wording import and_more, noun

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class IommuView(CommandResult):
    """What firmware says of the requesters that were asked for, or of all that it describes.

    Made by :meth:`dtlink.Board.iommu`.
    """

    member: ClassVar[str] = "iommu"
    asked: str | None
    """The function or device; ``None``: all."""
    requesters: tuple[RequesterRow, ...]
    ranges: tuple[RangeRow, ...]
    """Requester IDs by IOMMU and MSI controller; empty if one requester is asked for."""
    left_out: int
    """How many devices are not listed, since there are too many."""
    more_ranges: bool | Absent = ABSENT
    """Whether there are more ranges than are listed; absent if there are not."""

    @classmethod
    def of(cls, board: AnyBoard, function: str = "", lspci: str = "") -> IommuView:
        """The view of a PCI function, a device, or (without a name) of the whole input.

        ``function`` is ``[SEG:]BUS:DEV.FN``, else the name of a device: a node of the devicetree,
        or a device that tables name. ``lspci`` is a list of the machine's functions: the output of
        ``lspci -vvnn``, or ``/sys/bus/pci``. Raises :class:`InputError` if there is no such
        device, or for an input that describes no IOMMU.
        """
        answers = (
            TreeAnswers(board, lspci)
            if isinstance(board, TreeBoard)
            else TableAnswers(board, lspci)
        )
        if function:
            row = answers.one(function)
            return cls(asked=function, requesters=(row,), ranges=(), left_out=0)
        rows, left_out = answers.all()
        ranges, more = first_rows(answers.ranges())
        return cls(
            asked=None,
            requesters=tuple(rows),
            ranges=ranges,
            left_out=left_out,
            more_ranges=more or ABSENT,
        )

    def text(self) -> Iterator[Line]:
        """One requester in full, or all in a line each."""
        if self.asked is not None:
            for row in self.requesters:
                yield from shown.whole(row)
            return
        if self.ranges:
            of = "IOMMU and its IDs, MSI controller and its IDs"
            yield line(Span("PCI requesters", BOLD), Span(f": {of}", DIM))
            yield from shown.ranges(self.ranges)
        if self.more_ranges:
            yield line(Span("  and more ranges, which are left out: name a function", DIM))
        if self.requesters:
            head = Span("functions and devices that the input names", BOLD)
            yield line(head, Span(": name one for all about it", DIM))
            for row in self.requesters:
                yield shown.short(row)
        cut = sum(bool(row.more_reserved) for row in self.requesters)
        if cut:
            of = noun(cut, "function or device", "functions and devices")
            yield line(
                Span(f"  reserved regions of {cut} {of} are left out: name one of them", DIM)
            )
        if self.left_out:
            yield line(Span(f"  {and_more(self.left_out, 'device')}: name one of them", DIM))
        if not self.ranges and not self.requesters:
            yield line(Span("no PCI host, and no device with an IOMMU", DIM))
