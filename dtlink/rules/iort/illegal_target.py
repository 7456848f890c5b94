"""An ID mapping leads to a node that can't take the IDs.

What it finds: output references to a node of the wrong kind. Root complexes and named components
may name SMMUs and ITS groups; SMMUs, performance counters (PMCG) and wire bridges (IWB) may name
ITS groups; reserved memory ranges (RMR) may name SMMUs. No other node may be named at all.
Why it matters: Linux follows the IDs of devices through whatever node is named, by its mappings:
they are translated once more than was meant, or end there, and then the devices get no SMMU and no
MSIs. A node whose own interrupt does not go to an ITS has no MSI for it; a range that is reserved
at no SMMU is not reserved.
What to do: name the SMMU or ITS group itself, and give the IDs as that one sees them.
References: Arm DEN0049, ID mappings of each node; Linux, drivers/acpi/arm64/iort.c,
iort_node_map_id(), iort_set_device_domain(), iort_node_get_rmr_info().
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import (
    Iort,
    IortNode,
    ItsGroup,
    Mapping,
    NamedComponent,
    Pmcg,
    Rmr,
    RootComplex,
    SmmuV3,
)
from dtlink.links.acpi.iort import TARGETS, Kinds
from dtlink.links.acpi.iort_pieces import own_index
from dtlink.links.acpi.iort_walk import SMMUS, Walked, map_id, supplier
from dtlink.rules.iort._mappings import cycles, entries, s
from dtlink.rules.model import Finding, Severity, Tables, rule

#: Those whose IDs Linux follows from node to node.
_FOLLOWED = (RootComplex, NamedComponent, *SMMUS)


class _Stray(NamedTuple):
    """Mappings of a node to a node of a kind that they may not name."""

    node: IortNode
    target: IortNode
    mappings: list[Mapping]


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=counter
          root-complex segment=0
            map count=0xffff output=smmu
          counter: pmcg base=0x90a0000 reference=smmu
            map flags=1 output=its
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
          counter: pmcg base=0x90a0000 reference=smmu
            map flags=1 output=its
        """
    ),
    needs=("IORT",),
)
def illegal_target(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each kind of node that the mappings of a node should not name."""
    table = board.machine.iort
    strays = [each for node in table.nodes for each in _strays(table, node)] if table else []
    if table is None or not strays:
        return
    circling = {mapping.start for cycle in cycles(table) for mapping in cycle.mappings}
    for stray in strays:
        rest = [each for each in stray.mappings if each.start not in circling]
        if rest:
            yield _finding(table, stray._replace(mappings=rest))


def _strays(table: Iort, node: IortNode) -> Iterator[_Stray]:
    """The nodes that a node should not name, one for each kind."""
    # What a counter's mapping says does not matter if its interrupt is wired.
    wired = isinstance(node, Pmcg) and node.overflow_gsiv
    legal = None if wired else TARGETS.get(type(node))
    found: dict[type[IortNode], _Stray] = {}
    for mapping in node.mappings if legal else ():
        target = supplier(table, mapping)
        # Of a node whose type nobody here knows, nobody here knows who may name it.
        if target and legal and not isinstance(target, legal) and type(target) is not IortNode:
            found.setdefault(type(target), _Stray(node, target, [])).mappings.append(mapping)
    yield from found.values()


def _finding(table: Iort, stray: _Stray) -> Finding:
    node, target, some = stray
    severity, consequence = _consequence(table, node, some[0])
    legal = " or ".join(kind.WORD for kind in TARGETS[type(node)])
    return illegal_target.finding(
        some[0],
        f"{entries(some)} of {node.name} name{s(some)} {target.name}, where only {legal} can stand",
        property_name="output",
        supplier=target,
        severity=severity,
        consequence=consequence,
        fix=f"the byte offset of the {legal} that the IDs go to",
    )


def _consequence(table: Iort, node: IortNode, mapping: Mapping) -> tuple[Severity, str]:
    if isinstance(node, Rmr):
        return Severity.ERROR, (
            "Linux finds no SMMU with this entry: it reserves nothing for its stream IDs, and "
            "the DMA "
            "that goes on since before the boot is refused"
        )
    if isinstance(node, Pmcg):
        return Severity.WARNING, (
            '"Setup irq failed, PMU @…": Linux gives it no MSI domain, and the driver gives up'
        )
    if isinstance(node, SmmuV3) and mapping.entry == own_index(node):
        return Severity.WARNING, (
            "Linux gives it no MSI domain, without a message: its own interrupts are the wired "
            "ones, "
            "or there are none"
        )
    if not isinstance(node, _FOLLOWED):
        return Severity.WARNING, "its wires get no ITS"
    ends: Kinds = (ItsGroup,) if isinstance(node, SMMUS) else (ItsGroup, *SMMUS)
    return _followed(
        node, map_id(table, table.by_offset[mapping.output], mapping.output_base, ends)
    )


def _followed(node: IortNode, walk: Walked) -> tuple[Severity, str]:
    """What becomes of the IDs, which Linux takes through the mappings of the node that is named."""
    who = "the devices behind it" if isinstance(node, SMMUS) else "its devices"
    if walk.found:
        return Severity.WARNING, (
            f"Linux goes on through the mappings there, and comes to {walk.found.name} with ID "
            f"{walk.id:#x}; other systems need not"
        )
    lost = "MSIs" if isinstance(node, SMMUS) else "SMMU and no MSIs by this entry"
    return Severity.ERROR, (
        f"Linux goes on through the mappings there, finds none for the ID, and gives {who} no "
        f"{lost}"
    )
