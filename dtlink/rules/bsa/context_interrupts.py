"""Context banks of an SMMUv2 share an interrupt.

What it finds: a GSIV that two context interrupts of SMMUv2 nodes have, of one or of two SMMUs.
Why it matters: a base system tells by the interrupt in which context bank a fault was. Linux asks
for the lines as shared, and works.
What to do: give each context bank the line that it has. Hardware with one line for several banks
does not comply.
References: BSA rules B_SMMU_08 and B_SMMU_19; Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c,
arm_smmu_init_domain_context().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.bsa import CONTEXT_INTERRUPTS, STAGE_1
from dtlink.firmware.acpi.iort import ContextInterrupt, Smmu
from dtlink.rules.bsa._smmus import VERSION_OF_MODEL
from dtlink.rules.bsa._words import breaks
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import and_more


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          smmu: smmu base=0x15000000 model=3
            global-interrupts gsiv=97
            context-interrupt gsiv=128
            context-interrupt gsiv=129
            context-interrupt gsiv=128
        """,
        finds=("smmu:context_interrupts",),
    ),
    good=Tables(
        """
        IORT
          smmu base=0x15000000 model=3
            global-interrupts gsiv=97
            context-interrupt gsiv=128
            context-interrupt gsiv=129
            context-interrupt gsiv=130
        """
    ),
    since="0.2",
    needs=("IORT",),
)
def context_interrupts(board: TablesBoard) -> Iterator[Finding]:
    """One finding an SMMU, at the first context interrupt that repeats an earlier one."""
    seen: dict[int, tuple[Smmu, ContextInterrupt]] = {}
    for node in nodes(board, Smmu):
        if VERSION_OF_MODEL.get(node.model) != 2:
            continue
        again = [
            each
            for each in node.context_interrupts
            if seen.setdefault(each.gsiv, (node, each))[1] is not each
        ]
        if again:
            yield _finding(node, again, *seen[again[0].gsiv])


def _finding(
    node: Smmu, again: list[ContextInterrupt], owner: Smmu, first: ContextInterrupt
) -> Finding:
    more = f", {and_more(len(again) - 1)} like it" if len(again) > 1 else ""
    where = "" if owner is node else f" of {owner.name}"
    return context_interrupts.finding(
        again[0],
        f"GSIV {again[0].gsiv} of context interrupt {again[0].entry} of {node.name} is also that "
        f"of context interrupt {first.entry}{where}{more}",
        related=() if owner is node else (owner,),
        effect=breaks(STAGE_1, CONTEXT_INTERRUPTS),
        fix="Write the interrupt of each context bank, if the hardware has one for each.",
    )
