"""The ID mappings of nodes lead in a circle.

What it finds: nodes whose mappings lead back to themselves, directly or through others. A right
table has no such: IDs go from a root complex or a component to an SMMU, from there to an ITS group,
and end.
Why it matters: Linux follows an ID from mapping to mapping with no bound on the way. Where the ID
comes back as it was, the kernel hangs at boot, without a message, when it looks for the MSI
controller or the IOMMU of the first device with such an ID. Where each round changes the ID, it
leaves the ranges some day, and is then taken as mapped to nothing.
What to do: let the mappings of an SMMU name the ITS group, and no mapping a root complex or a
component.
References: Arm DEN0049, ID mappings; Linux, drivers/acpi/arm64/iort.c, iort_node_map_id().
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.iort import (
    IdMapping,
    Iort,
    IortNode,
    ItsGroup,
    NamedComponent,
    RootComplex,
)
from dtlink.links.acpi.iort_pieces import taken
from dtlink.links.acpi.iort_walk import SMMUS, End, map_id, supplier
from dtlink.links.id_ranges import REQUESTER_IDS, IdRange
from dtlink.records import NamedTuple
from dtlink.rules.iort._mappings import Cycle, cycles, root_complexes
from dtlink.rules.model import Finding, Severity, Tables, rule

#: How many IDs of a cycle are followed to find one that goes round forever.
_TRIED = 64
#: How many cycles of a table are looked at so closely, and how many mappings for each.
_PROVEN = 16
_LOOKED_AT = 4096


class _Endless(NamedTuple):
    """An ID that goes round forever, and whose it is."""

    requester: IortNode
    ident: int | None
    """``None`` for a component, which has none of its own."""
    sought: str


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IORT
          its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=smmu
          root-complex segment=0
            map count=0xffff output=smmu
        """,
        finds=("smmu:mappings",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
        """
    ),
    needs=("IORT",),
)
def mapping_cycle(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each set of nodes that lead to each other."""
    table = board.machine.iort
    for number, cycle in enumerate(cycles(table, board.version) if table else ()):
        if table is not None:
            proof = _proof(table, cycle, board.version) if number < _PROVEN else None
            yield _finding(cycle, proof)


def _finding(cycle: Cycle, proof: _Endless | None) -> Finding:
    first = cycle.nodes[0]
    entry = f"mappings[{cycle.first.entry}] of {first.name}"
    way = ", ".join(node.name for node in cycle.nodes[1:])
    return mapping_cycle.finding(
        cycle.first,
        f"{entry} leads back to it, through {way}" if way else f"{entry} leads to the node itself",
        property_name="output",
        related=cycle.nodes[1:],
        severity=Severity.ERROR if proof else Severity.WARNING,
        effect=_hang(proof)
        if proof
        else "Linux follows an ID round and round until it leaves the ranges; of those tried, each "
        "does, and its devices then get nothing by these mappings",
        fix="Map SMMUs to an ITS group, and all other nodes to an SMMU or an ITS group.",
    )


def _hang(proof: _Endless) -> str:
    whose = (
        proof.requester.name
        if proof.ident is None
        else f"ID {proof.ident:#x} of {proof.requester.name}"
    )
    return (
        f"the kernel hangs at boot without a message: looking for the {proof.sought} of {whose}, "
        "Linux comes back to the same node with the same ID, and goes on forever"
    )


def _proof(table: Iort, cycle: Cycle, version: KernelVersion) -> _Endless | None:
    """A requester of the table with an ID that goes round forever; ``None`` if none is found."""
    for node, mapping, ident in islice(_requests(table, cycle), _TRIED):
        # A component's entry is taken by its number, and its output followed from its target.
        start, given = (
            (node, ident) if isinstance(node, RootComplex) else (supplier(table, mapping), ident)
        )
        for sought, kinds in (("IOMMU", SMMUS), ("MSI controller", (ItsGroup,))):
            if start and map_id(table, start, given, kinds, version).end is End.LOOP:
                whose = ident if isinstance(node, RootComplex) else None
                return _Endless(node, whose, sought)
    return None


def _requests(table: Iort, cycle: Cycle) -> Iterator[tuple[IortNode, IdMapping, int]]:
    """IDs that Linux may look up: the first of each mapping, and the first in the cycle's "
    "ranges.
    """
    requesters = (*root_complexes(table), *_components(table))
    mappings = ((node, mapping) for node in requesters for mapping in node.mappings)
    for node, mapping in islice(mappings, _LOOKED_AT):
        if isinstance(node, RootComplex):
            for ident in _into(mapping, cycle):
                if ident <= REQUESTER_IDS.last:
                    yield node, mapping, ident
        elif mapping.single:
            yield node, mapping, mapping.output_base


def _components(table: Iort) -> Iterator[IortNode]:
    return (node for node in table.nodes if isinstance(node, NamedComponent))


def _into(mapping: IdMapping, cycle: Cycle) -> Iterator[int]:
    """The first ID of a mapping, and the first that each mapping of the cycle takes from it."""
    yield 0 if mapping.single else mapping.input_base
    if mapping.single:
        return
    outputs = IdRange(mapping.outputs[0], mapping.outputs[-1])
    for onward in cycle.mappings[:_TRIED]:
        both = outputs & taken(onward)
        if both and onward.owner and onward.owner.start == mapping.output:
            yield both.first - mapping.output_base + mapping.input_base
