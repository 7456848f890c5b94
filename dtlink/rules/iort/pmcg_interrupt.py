"""A PMCG has no overflow interrupt, or two ways for it.

What it finds: PMCG nodes with neither a wired overflow interrupt nor a mapping for an MSI; with
more than one mapping; and with a wired interrupt and a mapping, of which Linux uses the first.
Why it matters: Linux' driver of the counters needs one interrupt and gives up without. Of several
mappings it takes the first. A wired interrupt and no mapping, or one single mapping and no wired
interrupt, are as they should be.
What to do: the number of the line in overflow_gsiv; or 0 there, and one single mapping to an ITS.
References: Arm DEN0049, PMCG node; Linux, drivers/acpi/arm64/iort.c, iort_get_id_mapping_index();
drivers/perf/arm_smmuv3_pmu.c, smmu_pmu_setup_irq().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import Pmcg, is_whole
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
          pmcg: pmcg node_revision=1 base=0x9052000 page1=0x9062000 reference=smmu
        """,
        finds=("pmcg:overflow_gsiv",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
          pmcg node_revision=1 base=0x9052000 page1=0x9062000 reference=smmu overflow_gsiv=78
          pmcg node_revision=1 base=0x9053000 page1=0x9063000 reference=smmu
            map flags=1 output_base=5 output=its
        """
    ),
    needs=("IORT",),
)
def pmcg_interrupt(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node."""
    for node in filter(is_whole, nodes(board, Pmcg)):
        if not node.overflow_gsiv and not node.mapping_count:
            yield pmcg_interrupt.finding(
                node,
                f"{node.name} has no overflow interrupt, and no mapping for an MSI",
                property_name="overflow_gsiv",
                effect='"Setup irq failed, PMU @…": the driver gives up, and perf lacks '
                "the counters",
                fix="Set overflow_gsiv, or add a single mapping to an ITS group.",
            )
        elif node.mapping_count > 1:
            yield pmcg_interrupt.finding(
                node,
                f"{node.name} has {node.mapping_count} mappings; it can have one",
                property_name="mapping_count",
                effect="Linux uses none of them, as the interrupt is wired"
                if node.overflow_gsiv
                else "Linux uses the first of them",
                fix="Keep only the mapping that gives the DeviceID of its overflow MSI.",
            )
        elif node.overflow_gsiv and node.mapping_count:
            yield pmcg_interrupt.finding(
                node,
                f"{node.name} has both a wired overflow interrupt ({node.overflow_gsiv}) and a "
                "mapping for an MSI",
                property_name="overflow_gsiv",
                severity=Severity.INFO,
                effect="Linux uses the wired interrupt, and the mapping has no effect",
                fix="Keep the one that the hardware has.",
            )
