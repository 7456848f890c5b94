"""An SMMU lacks an interrupt that its driver asks for.

What it finds: SMMUv1 and v2 without a context interrupt or without global interrupts; SMMUv3 that
have neither a line for events or for global errors nor a mapping for their own MSIs.
Why it matters: Linux' arm-smmu driver gives up on an SMMU without context interrupts, and the
devices behind it wait: forever before 6.15, later until deferred_probe_timeout expires. Where the
global interrupts have no offset it takes the node's first bytes for one. An SMMUv3 without the two
lines works, but what goes wrong in it is never reported: translation faults are silent.
What to do: list the interrupts; one context interrupt for each context bank of an SMMUv2, though
the number may be the same.
References: Arm DEN0049, SMMU nodes; Linux, drivers/acpi/arm64/iort.c, arm_smmu_init_resources();
drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_device_probe();
drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_setup_unique_irqs().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import Smmu, SmmuV3, is_whole
from dtlink.links.acpi.iort_pieces import own_mapping
from dtlink.rules.iort._interrupts import V3_LINES
from dtlink.rules.iort._nodes import nodes, waiting
from dtlink.rules.model import Finding, Severity, Tables, rule

_MESSAGES = {
    "event_gsiv": '"no evtq irq - events will not be reported!"',
    "gerr_gsiv": '"no gerr irq - errors will not be reported!"',
}


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IORT
          smmu: smmu base=0x15000000
            global-interrupts gsiv=97
        """,
        finds=("smmu:context_count",),
    ),
    good=Tables(
        """
        IORT
          smmu: smmu base=0x15000000
            global-interrupts gsiv=97
            context-interrupt gsiv=128
        """
    ),
    needs=("IORT",),
)
def smmu_interrupts(board: TablesBoard) -> Iterator[Finding]:
    """One finding an SMMU."""
    for node in filter(is_whole, nodes(board, Smmu)):
        if not node.context_count or not node.global_offset:
            yield _missing(board, node)
    for v3 in filter(is_whole, nodes(board, SmmuV3)):
        fields = [field for field in _MESSAGES if not getattr(v3, field)]
        if fields and own_mapping(v3, board.version) is None:
            yield _silent(v3, fields)


def _missing(board: TablesBoard, node: Smmu) -> Finding:
    """Without the global one Linux takes the first context interrupt for it, and is one short."""
    no_global, no_context = not node.global_offset, not node.context_count
    lacks = ["global interrupts"] * no_global + ["context interrupts"] * no_context
    return smmu_interrupts.finding(
        node,
        f"{node.name} has no {' and no '.join(lacks)}",
        property_name="context_count" if no_context else "global_offset",
        likely=not no_context,
        effect=f'"found {int(not no_global)} interrupts but expected at least 2": the driver '
        f"gives up, and the devices behind the SMMU {waiting(board)}"
        if no_context
        else "Linux takes the node's type and length for the number of the global interrupt; a "
        "context "
        'bank is then left without one: "found only … context irq(s) but … required"',
        fix="Add the global interrupts, and one context interrupt for each context bank.",
    )


def _silent(node: SmmuV3, fields: list[str]) -> Finding:
    lines = " and ".join(V3_LINES[field] for field in fields)
    return smmu_interrupts.finding(
        node,
        f"{node.name} has no interrupt for {lines}, and no mapping for MSIs of its own",
        property_name=fields[0],
        severity=Severity.WARNING,
        effect=", ".join(_MESSAGES[field] for field in fields),
        fix="Set the GSIVs of the lines; or, for MSIs, add a single mapping to the ITS group "
        "and set device_id_index to its number.",
    )
