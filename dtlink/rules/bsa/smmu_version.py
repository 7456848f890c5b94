"""An SMMU is older than the standard asks.

What it finds: SMMUv1 nodes (models 0, 2 and 4: generic, MMU-400, MMU-401), which a base system
does not have; as a note, SMMUv2 nodes, which a server of SBSA level 4 or later does not have.
Why it matters: an operating system or hypervisor for such systems need not have a driver for the
older architecture. Linux has one for all three.
What to do: nothing in the tables makes the hardware comply. If the hardware is newer than the
node says, correct its type or its model.
References: BSA rules B_SMMU_08 and B_SMMU_18; SBSA rules S_L4SM_01 and S_L4SM_02; Linux,
drivers/iommu/arm/arm-smmu/arm-smmu.c, acpi_smmu_get_data().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.facts.bsa import STAGE_1, STAGE_1_V3, STAGE_2, STAGE_2_V3, Requirement
from dtlink.firmware.acpi.iort import IortNode
from dtlink.rules.bsa._smmus import by_version
from dtlink.rules.bsa._words import breaks, severity
from dtlink.rules.iort._nodes import named, others
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import noun

#: What SMMUs of an old version break.
_BROKEN: dict[int, tuple[Requirement, Requirement]] = {
    1: (STAGE_1, STAGE_2),
    2: (STAGE_1_V3, STAGE_2_V3),
}


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          smmu: smmu base=0x15000000 model=4
            global-interrupts gsiv=97
            context-interrupt gsiv=128
        """,
        finds=("smmu:model",),
    ),
    good=Tables(
        """
        IORT
          smmu-v3 base=0x9050000
        """
    ),
    since="0.2",
    needs=("IORT",),
)
def smmu_version(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each version that is too old."""
    for version, found in sorted(by_version(board).items()):
        if version in _BROKEN:
            yield _finding(version, found)


def _finding(version: int, found: Sequence[IortNode]) -> Finding:
    broken = _BROKEN[version]
    return smmu_version.finding(
        found[0],
        f"{named(found)} {noun(len(found), 'is an', 'are')} SMMUv{version}",
        property_name="model",
        severity=severity(broken[0]),
        related=others(found),
        effect=breaks(*broken),
        fix="If the hardware is newer, correct the type or the model of the node.",
    )
