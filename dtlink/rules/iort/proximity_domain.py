"""An SMMUv3 is in a proximity domain that the SRAT does not have.

What it finds: SMMUv3 nodes whose flags say that the proximity domain is valid, where the SRAT has
no enabled processor, memory or generic initiator in that domain. Without an SRAT it says nothing.
Why it matters: Linux makes its nodes from the SRAT alone. Kernels from 5.10 on leave the SMMU
without a node: its tables and queues lie in whatever memory, though the log says that it is
"Mapped to Proximity domain". Kernels before make a node of the domain, find that it is not
online, and make no device of the SMMU, nor of any SMMU or PMCG after it in the table.
What to do: a domain of the SRAT, or no valid flag (bit 3).
References: Arm DEN0049, SMMUv3 node; ACPI specification, 5.2.16; Linux,
drivers/acpi/arm64/iort.c, arm_smmu_v3_set_proximity(), which calls acpi_map_pxm_to_node() in 5.4
and pxm_to_node() in 5.10.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.behaviours import SRAT_IS_COMPLETE
from dtlink.firmware.acpi.iort import SmmuV3
from dtlink.firmware.acpi.srat import Srat
from dtlink.rules.iort._nodes import listed, nodes
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "the tables of the SMMU may be in other memory than before"),
    bad=Tables(
        """
        SRAT
          gicc proximity_domain=0
          memory proximity_domain=0 base=0x40000000 span=0x8000000
        IORT
          smmu: smmu-v3 node_revision=4 base=0x9050000 node_flags=8 proximity_domain=1
            map flags=1 output=its
          its: its-group ids=0
        """,
        finds=("smmu:proximity_domain",),
    ),
    good=Tables(
        """
        SRAT
          gicc proximity_domain=0
          memory proximity_domain=1 base=0x40000000 span=0x8000000
        IORT
          smmu: smmu-v3 node_revision=4 base=0x9050000 node_flags=8 proximity_domain=1
            map flags=1 output=its
          its: its-group ids=0
        """
    ),
    needs=("IORT",),
)
def proximity_domain(board: TablesBoard) -> Iterator[Finding]:
    """One finding an SMMU."""
    srat = board.machine.srat
    if srat is None or not srat.domains:
        return
    there = listed([str(each) for each in sorted(srat.domains)])
    for node in nodes(board, SmmuV3):
        is_valid = node.node_flags & SmmuV3.PROXIMITY_VALID and node.has("proximity_domain")
        if is_valid and node.proximity_domain not in srat.domains:
            yield _finding(node, srat, there, is_old=not SRAT_IS_COMPLETE.on(board.version))


def _finding(node: SmmuV3, srat: Srat, there: str, *, is_old: bool) -> Finding:
    domain = node.proximity_domain
    only = (
        "is in the SRAT only in structures that make no node of it"
        if domain in srat.named
        else "is not in the SRAT"
    )
    return proximity_domain.finding(
        node,
        f"{node.name} is in proximity domain {domain}, which {only} (it has {there})",
        property_name="proximity_domain",
        severity=Severity.ERROR if is_old else None,
        effect="Linux makes no device of it, nor of any SMMU or PMCG after it in the "
        "table: their devices run untranslated"
        if is_old
        else "the SMMU has no NUMA node, and its tables lie in any memory; a kernel before "
        f"{SRAT_IS_COMPLETE.since} makes no device of it, nor of those after it in the table",
        fix=_fix(node, srat, there),
    )


def _fix(node: SmmuV3, srat: Srat, there: str) -> Fix:
    """The one domain that there is; of several none."""
    text = f"Set proximity_domain to a domain of the SRAT ({there}), or clear bit 3 of node_flags."
    if len(srat.domains) == 1:
        return Fix.setting(text, (node, "proximity_domain", min(srat.domains)))
    return Fix.setting(text, (node, "node_flags", node.node_flags & ~SmmuV3.PROXIMITY_VALID))
