"""An SMMUv3 has no performance monitors in the tables.

What it finds: SMMUv3 nodes to which no PMCG node refers.
Why it matters: SBSA asks each SMMUv3 of a server for the performance monitors extension, which
software finds by PMCG nodes only: Linux makes no PMU for an SMMU without one.
What to do: add a PMCG node for each counter group of the SMMU, with its reference at the SMMU.
References: SBSA rule S_L7SM_03; Arm DEN0049, PMCG node; Linux, drivers/acpi/arm64/iort.c,
iort_dev_smmu_v3_pmcg.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.bsa import PMCG
from dtlink.firmware.acpi.iort import Pmcg, SmmuV3
from dtlink.rules.bsa._words import breaks, severity
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Tables(
        """
        IORT
          one: smmu-v3 base=0x9050000
          two: smmu-v3 base=0x9070000
          pmcg base=0x9052000 reference=one overflow_gsiv=80
        """,
        finds=("two",),
    ),
    good=Tables(
        """
        IORT
          one: smmu-v3 base=0x9050000
          two: smmu-v3 base=0x9070000
          pmcg base=0x9052000 reference=one overflow_gsiv=80
          pmcg base=0x9072000 reference=two overflow_gsiv=81
        """
    ),
    since="0.2",
    needs=("IORT",),
)
def smmu_pmcg(board: TablesBoard) -> Iterator[Finding]:
    """One finding an SMMU."""
    counted = {node.reference for node in nodes(board, Pmcg)}
    for node in nodes(board, SmmuV3):
        if node.start not in counted:
            yield smmu_pmcg.finding(
                node,
                f"no PMCG node refers to {node.name}",
                severity=severity(PMCG),
                effect=f"{breaks(PMCG)}; Linux has no PMU for it",
                fix="Add a PMCG node for each counter group, and refer to the SMMU in it.",
            )
