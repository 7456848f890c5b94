"""The nodes of a RIMT, for the rules about them."""

from __future__ import annotations

from dtlink.firmware.acpi.rimt import Iommu, Mapped, RimtMapping, RimtNode, RimtRootComplex
from dtlink.typed import TYPE_CHECKING, TypeVar
from dtlink.wording import besides

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtlink.board.tables import TablesBoard

_Node = TypeVar("_Node", bound=RimtNode)


def nodes(board: TablesBoard, kind: type[_Node]) -> Iterator[_Node]:
    """The whole nodes of a kind."""
    table = board.machine.rimt
    for node in table.nodes if table else ():
        if isinstance(node, kind) and node.end - node.start >= node.SIZE:
            yield node


def first_of_segments(board: TablesBoard) -> Iterator[RimtRootComplex]:
    """The root complexes that Linux finds."""
    seen: set[int] = set()
    for root in nodes(board, RimtRootComplex):
        if root.segment not in seen:
            seen.add(root.segment)
            yield root


def target(board: TablesBoard, mapping: RimtMapping) -> Iommu | None:
    """The IOMMU that a mapping names; ``None`` if it names something else."""
    table = board.machine.rimt
    node = table.by_offset.get(mapping.output) if table else None
    return node if isinstance(node, Iommu) else None


def entry(node: Mapped, mapping: RimtMapping) -> str:
    """A mapping's name in messages."""
    return f"mappings[{mapping.entry}] of {node.name}"


def ids(some: range) -> str:
    """IDs as ``0x100-0x1ff``."""
    return f"{some.start:#x}-{some.stop - 1:#x}" if len(some) > 1 else f"{some.start:#x}"


def more(those: Sequence[object]) -> str:
    """How many there are beside the first, for a finding that speaks for all."""
    return besides(len(those))
