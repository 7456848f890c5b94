"""Invalid address of a page of a PMCG.

What it finds: PMCG nodes whose page 0 is at address 0 or at no multiple of 4 KiB; whose page 1 is
at no multiple of 4 KiB; and, as a note, nodes of revision 1 and later whose page 1 is
0 or the same as page 0. Nodes of revision 0 have no page 1, which Linux knows.
Why it matters: many counter groups have their counters in page 1. There Linux' driver fails if
the address is 0 or that of page 0, and counts nonsense if it is another. A counter group that has
all of its registers in page 0 works whatever page 1 says.
What to do: the addresses of the two pages.
References: Arm DEN0049, PMCG node; Linux, drivers/acpi/arm64/iort.c,
arm_smmu_v3_pmcg_init_resources(); drivers/perf/arm_smmuv3_pmu.c, smmu_pmu_probe().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import Pmcg, is_whole
from dtlink.rules.iort._nodes import named, nodes, others
from dtlink.rules.iort._windows import PAGE_4K
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
          pmcg: pmcg node_revision=1 base=0x9052800 page1=0x9062000 overflow_gsiv=78 reference=smmu
        """,
        finds=("pmcg:base",),
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
def pmcg_pages(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each page that cannot be; one for all that have no page 1 of their own."""
    no_page: list[Pmcg] = []
    for node in filter(is_whole, nodes(board, Pmcg)):
        if not node.base or node.base % PAGE_4K:
            yield _misplaced(node, "base", node.base)
        elif node.page1 % PAGE_4K:
            yield _misplaced(node, "page1", node.page1)
        elif node.has("page1") and node.page1 in (0, node.base):
            no_page.append(node)
    if no_page:
        yield _no_page(no_page)


def _misplaced(node: Pmcg, field: str, address: int) -> Finding:
    page = "page 1" if field == "page1" else "page 0"
    return pmcg_pages.finding(
        node,
        f"{page} of {node.WORD} at {node.start:#x} has the address {address:#x}"
        + (", which is not a multiple of 4 KiB" if address else ""),
        property_name=field,
        likely=not address,
        effect="the driver reads what is there instead of the counters",
        fix=f"Set the address of the counter group's {page}.",
    )


def _no_page(those: list[Pmcg]) -> Finding:
    first = those[0]
    said = "at 0" if not first.page1 else "where page 0 is"
    return pmcg_pages.finding(
        first,
        f"page 1 of {named(those)} is {said}",
        property_name="page1",
        severity=Severity.INFO,
        likely=True,
        related=others(those),
        effect="if the counters are in page 1, the driver does not probe, and perf lacks "
        "them; otherwise none",
        fix="Set page1 to the address of page 1, if the counter group has one.",
    )
