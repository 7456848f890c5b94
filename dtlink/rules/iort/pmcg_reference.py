"""A PMCG refers to a node that has no counters.

What it finds: node references of PMCG nodes that name no SMMU, root complex or named component:
0, an offset at which no node begins, or a node of another type.
Why it matters: only the reference says whose events the counters count. Linux does not
read it and has the counters all the same; who reads it takes whatever bytes lie there for a node.
What to do: the byte offset, from the start of the table, of the node's first byte.
References: Arm DEN0049, PMCG node, node reference; Linux, drivers/acpi/arm64/iort.c, which does
not use it.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import (
    Iort,
    IortNode,
    NamedComponent,
    Pmcg,
    RootComplex,
    Smmu,
    SmmuV3,
    is_whole,
)
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.iort._windows import PAGE_64K
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule

_COUNTED = (Smmu, SmmuV3, RootComplex, NamedComponent)


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "the node is taken from where the registers are"),
    bad=Tables(
        """
        IORT
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
          pmcg: pmcg node_revision=0 base=0x9052000 overflow_gsiv=78 reference=smmu+4
        """,
        finds=("pmcg:reference",),
    ),
    good=Tables(
        """
        IORT
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
          pmcg: pmcg node_revision=1 base=0x9052000 page1=0x9062000 overflow_gsiv=78 reference=smmu
        """
    ),
    needs=("IORT",),
)
def pmcg_reference(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node."""
    table = board.machine.iort
    for node in filter(is_whole, nodes(board, Pmcg)):
        counted = table.by_offset.get(node.reference) if table else None
        if isinstance(counted, _COUNTED):
            continue
        what = "no node begins there" if counted is None else f"which is {counted.name}"
        yield pmcg_reference.finding(
            node,
            f"the node reference of {node.name} is {node.reference:#x}; {what}",
            property_name="reference",
            supplier=counted,
            effect="no reader knows what the counters count; Linux does not read the reference",
            fix=_fix(table, node),
        )


def _fix(table: Iort | None, node: Pmcg) -> Fix | str:
    """With an edit where the counters are among the registers of an SMMU."""
    text = (
        "Set reference to the offset of the SMMU, root complex or named component that it counts "
        "for."
    )
    nodes = filter(is_whole, table.nodes if table else ())
    around = [each for each in nodes if node.base in _registers(each)]
    return Fix.setting(text, (node, "reference", around[0].start)) if len(around) == 1 else text


def _registers(node: IortNode) -> range:
    if isinstance(node, Smmu):
        return range(node.base, node.base + node.span)
    return range(node.base, node.base + 2 * PAGE_64K) if isinstance(node, SmmuV3) else range(0)
