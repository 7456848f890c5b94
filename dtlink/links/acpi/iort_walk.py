"""The way of one ID through an IORT, from a requester to its SMMU and its ITS.

Two readings: as the specification has it (Arm DEN0049), and as Linux does it
(drivers/acpi/arm64/iort.c), which helps itself where firmware counts one ID too many.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.enums import Enum
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.acpi.iort import (
    IdMapping,
    Iort,
    IortNode,
    ItsGroup,
    NamedComponent,
    Smmu,
    SmmuV3,
)
from dtlink.links.acpi.iort_pieces import output, own_index, piece_of, usable
from dtlink.records import NamedTuple

__all__ = [
    "MAX_STEPS",
    "SMMUS",
    "End",
    "Step",
    "Walked",
    "component_ids",
    "component_msi",
    "map_id",
    "msi_of",
    "own_index",
    "supplier",
    "usable",
]

SMMUS = (Smmu, SmmuV3)
#: How many entries an ID is followed through; a right table has two on the longest way.
MAX_STEPS = 64


class Step(NamedTuple):
    """One entry on the way: the ID that goes into a node, and what comes out of it."""

    node: IortNode
    mapping: IdMapping
    id_in: int
    id_out: int


class End(Enum):
    """How a walk ends."""

    FOUND = "it reaches a node of the kind that is looked for"
    UNMAPPED = "no entry has the ID"
    NOWHERE = "an entry names no node"
    LOOP = "it comes back to the same node: Linux would loop forever"
    LONG = "it goes on through more entries than are followed"


class Walked(NamedTuple):
    """A walk: its steps, the node and the ID where it ended."""

    steps: tuple[Step, ...]
    node: IortNode
    id: int
    end: End

    @property
    def found(self) -> IortNode | None:
        """The node that was looked for."""
        return self.node if self.end is End.FOUND else None


def supplier(table: Iort, mapping: IdMapping) -> IortNode | None:
    """The node that an entry names; ``None`` if it names the first byte of none."""
    return table.by_offset.get(mapping.ends[2])


def map_id(
    table: Iort,
    node: IortNode,
    ident: int,
    kinds: tuple[type[IortNode], ...],
    version: KernelVersion = DEFAULT,
    *,
    linux: bool = True,
) -> Walked:
    """Follow an ID from a node to the first of some kinds (iort_node_map_id())."""
    steps: list[Step] = []
    seen: set[tuple[int, int]] = set()
    while not isinstance(node, kinds):
        if (node.start, ident) in seen:
            return Walked(tuple(steps), node, ident, End.LOOP)
        if len(steps) == MAX_STEPS:
            return Walked(tuple(steps), node, ident, End.LONG)
        seen.add((node.start, ident))
        step = _linux_step(node, ident, version) if linux else _step(node, ident)
        if step is None:
            return Walked(tuple(steps), node, ident, End.UNMAPPED)
        steps.append(step)
        ident = step.id_out
        target = supplier(table, step.mapping)
        if target is None:
            return Walked(tuple(steps), node, ident, End.NOWHERE)
        node = target
    return Walked(tuple(steps), node, ident, End.FOUND)


def _linux_step(node: IortNode, ident: int, version: KernelVersion) -> Step | None:
    """The entry by which Linux maps an ID."""
    piece = piece_of(node, ident, version)
    if piece is None:
        return None
    return Step(node, piece.value, ident, output(piece.value, ident))


def _step(node: IortNode, ident: int) -> Step | None:
    """The first entry that has an ID."""
    for mapping in usable(node, linux=False):
        if mapping.single or ident in mapping.inputs:
            return Step(node, mapping, ident, output(mapping, ident))
    return None


def component_ids(
    table: Iort, node: NamedComponent, version: KernelVersion = DEFAULT
) -> Iterator[Walked]:
    """The stream IDs that Linux gives a platform device (iort_nc_iommu_map()): by its single
    mappings, up to the first entry that is none, or that leads to no SMMU or to one of another
    driver than the first's.
    """
    driver: type[IortNode] | None = None
    for mapping in node.mappings:
        target = supplier(table, mapping)
        if not mapping.single or target is None:
            return
        first = Step(node, mapping, 0, mapping.output_base)
        rest = map_id(table, target, mapping.output_base, SMMUS, version)
        walked = rest._replace(steps=(first, *rest.steps))
        if walked.found is None or type(walked.found) is not (driver or type(walked.found)):
            return
        driver = type(walked.found)
        yield walked


def component_msi(
    table: Iort, node: NamedComponent, version: KernelVersion = DEFAULT
) -> IdMapping | None:
    """The entry by which Linux finds the ITS of a platform device: the first single mapping that
    leads to one (iort_get_platform_device_domain()).
    """
    for mapping in node.mappings:
        target = supplier(table, mapping) if mapping.single else None
        if target and map_id(table, target, mapping.output_base, (ItsGroup,), version).found:
            return mapping
    return None


def msi_of(table: Iort, node: IortNode, ident: int, *, linux: bool = True) -> Walked:
    """Follow an ID to the ITS group that takes its MSIs."""
    return map_id(table, node, ident, (ItsGroup,), linux=linux)
