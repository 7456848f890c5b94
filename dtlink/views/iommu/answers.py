"""The answers about one input, for one requester or for all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

from dtlink.facts.pci import parse_bdf
from dtlink.links.acpi.place import Place
from dtlink.typed import TYPE_CHECKING
from dtlink.views.iommu import ranges
from dtlink.views.iommu.known import Known
from dtlink.views.iommu.of_tables import TableRequesters
from dtlink.views.iommu.of_tree import TreeRequesters
from dtlink.views.iort import IortView, component_named
from dtlink.views.nodes import node_named

if TYPE_CHECKING:
    from dtlink.board.tables import TablesBoard
    from dtlink.board.tree import TreeBoard
    from dtlink.links.acpi.components import Component
    from dtlink.views.iommu.functions import Functions
    from dtlink.views.iommu.rows import RangeRow, RequesterRow

#: Upper bounds on the functions of a list, and on functions and devices that the input names.
_LISTED, _NAMED = 1000, 250


class Answers(ABC):
    """What the command answers; ``lspci`` is the path of a list of functions, or empty."""

    def __init__(self, requesters: TableRequesters | TreeRequesters, lspci: str) -> None:
        self._requesters = requesters
        self._functions: Functions | None = None
        if lspci:
            from dtlink.views.iommu.functions import Functions

            self._functions = Functions(lspci, requesters)

    def one(self, name: str) -> RequesterRow:
        """The answer for a function or a device. Raises :class:`InputError` if there is none."""
        try:
            segment, requester = parse_bdf(name)
        except ValueError:
            return self._device(name)
        if self._functions is None:
            return self._requesters.of_function(Known(Place(segment, requester)))
        return self._requesters.of_function(self._functions.known(segment, requester))

    def all(self) -> tuple[list[RequesterRow], int]:
        """The answers for all that are named or listed, and how many more there are."""
        functions: Functions | list[Known] = list(self._named_functions())
        most = _NAMED
        if self._functions is not None:
            functions, most = self._functions, _LISTED
        devices = self._devices()
        rows = [self._requesters.of_function(each) for each in islice(functions, most)]
        rows += [make() for make in islice(devices, _NAMED)]
        return rows, len(functions) + len(devices) - len(rows)

    @abstractmethod
    def ranges(self) -> Iterator[RangeRow]:
        """All requester IDs, in pieces."""

    @abstractmethod
    def _device(self, name: str) -> RequesterRow:
        """The answer for a device by its name."""

    @abstractmethod
    def _devices(self) -> Sequence[Callable[[], RequesterRow]]:
        """What makes the answers for all devices."""

    def _named_functions(self) -> Iterator[Known]:
        """Functions that are worth to be listed where no list says which there are."""
        return iter(())


class TableAnswers(Answers):
    """Those about ACPI tables."""

    def __init__(self, board: TablesBoard, lspci: str) -> None:
        self._board = board
        self._tables = TableRequesters(board)
        super().__init__(self._tables, lspci)

    def ranges(self) -> Iterator[RangeRow]:
        """Those of each segment."""
        return ranges.of_tables(self._board.machine, self._board.version)

    def _device(self, name: str) -> RequesterRow:
        return self._of(component_named(self._board.machine, name))

    def _devices(self) -> Sequence[Callable[[], RequesterRow]]:
        return [partial(self._of, each) for each in self._tables.components]

    def _of(self, component: Component) -> RequesterRow:
        return self._tables.of_component(component, IortView.of_node(self._board, component))

    def _named_functions(self) -> Iterator[Known]:
        return map(Known, self._tables.singled_out)


class TreeAnswers(Answers):
    """Those about a devicetree."""

    def __init__(self, board: TreeBoard, lspci: str) -> None:
        self._tree = TreeRequesters(board)
        super().__init__(self._tree, lspci)

    def ranges(self) -> Iterator[RangeRow]:
        """Those of each PCI host."""
        return ranges.of_hosts(self._tree.tree)

    def _device(self, name: str) -> RequesterRow:
        return self._tree.of_node(node_named(self._tree.tree, name))

    def _devices(self) -> Sequence[Callable[[], RequesterRow]]:
        return [partial(self._tree.of_node, each) for each in self._tree.devices]
