"""Interrupts of SMMUv3 are on one line, which their driver does not share.

What it finds: a GSIV that belongs to two of the interrupts for events, global errors and page
requests, of one SMMUv3 or of several. Four equal GSIVs of a Cavium CN99xx (model 2) are one
combined interrupt, which Linux knows. The sync interrupt does not matter: Linux does not use it.
Why it matters: the driver asks for each line for itself alone. The second request fails, and
those events are never reported. Where the SMMU sends MSIs of its own, the lines are not used.
What to do: the line that each interrupt has. If the hardware has one for all, only model 2 says
so.
References: Arm DEN0049, SMMUv3 node; Linux, drivers/acpi/arm64/iort.c,
arm_smmu_v3_is_combined_irq(); drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c,
arm_smmu_setup_unique_irqs().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import SmmuV3, is_whole
from dtlink.links.acpi.iort_pieces import own_mapping
from dtlink.rules.iort._interrupts import CN99XX, Line, v3
from dtlink.rules.iort._nodes import MOST_RELATED, listed, nodes
from dtlink.rules.model import Finding, Severity, Tables, rule

_FAILS = {
    "event_gsiv": '"failed to enable evtq irq"',
    "gerr_gsiv": '"failed to enable gerror irq"',
    "pri_gsiv": '"failed to enable priq irq"',
}


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=74
        """,
        finds=("smmu:gerr_gsiv",),
    ),
    good=Tables(
        """
        IORT
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
          smmu-v3 base=0x9090000 model=2 event_gsiv=80 pri_gsiv=80 gerr_gsiv=80 sync_gsiv=80
        """
    ),
    needs=("IORT",),
)
def shared_gsiv(board: TablesBoard) -> Iterator[Finding]:
    """One finding a GSIV, at the second interrupt that has it."""
    found: dict[int, list[Line]] = {}
    for node in filter(is_whole, nodes(board, SmmuV3)):
        for line in v3(node):
            found.setdefault(line.gsiv, []).append(line)
    for gsiv, (first, *more) in found.items():
        if more:
            yield _finding(board, gsiv, first, more)


def _finding(board: TablesBoard, gsiv: int, first: Line, more: list[Line]) -> Finding:
    second = more[0]
    related = dict.fromkeys(line.node for line in (first, *more))
    is_combined = "combined" in second.words
    return shared_gsiv.finding(
        second.node,
        f"GSIV {gsiv} is the {first.name}, and also the {listed([line.name for line in more])}",
        property_name=second.field,
        related=list(related)[:MOST_RELATED],
        # An SMMU that sends MSIs does not use its lines; page requests only come with PRI.
        likely=any(_is_unsure(board, line) for line in (first, second)),
        effect=('"failed to enable combined irq"' if is_combined else _FAILS[second.field])
        + ": the driver does not share the line, and what it would signal is never reported",
        fix="Set the line of each interrupt"
        + (
            "."
            if second.node is not first.node
            else f", or model {CN99XX} if all four share one line."
        ),
    )


def _is_unsure(board: TablesBoard, line: Line) -> bool:
    node = line.node
    has_msis = isinstance(node, SmmuV3) and own_mapping(node, board.version) is not None
    return has_msis or line.field == "pri_gsiv"
