"""SMMUs of several architecture versions are on one machine.

What it finds: an IORT with nodes for SMMUs of two of the versions 1, 2 and 3. The model of an
SMMUv1 or v2 node says which of the two it is.
Why it matters: a base system has one version for all SMMUs, so that an operating system or a
hypervisor needs one driver and can treat all devices in the same way. Linux itself drives both.
What to do: if the hardware has SMMUs of two versions, the system cannot comply. Otherwise correct
the type or the model of the nodes. An SMMU that no operating system is to use needs no node.
References: BSA rule B_SMMU_01; Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c,
acpi_smmu_get_data().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.bsa import ONE_SMMU_VERSION
from dtlink.firmware.acpi.iort import IortNode
from dtlink.rules.bsa._smmus import by_version
from dtlink.rules.bsa._words import breaks
from dtlink.rules.iort._nodes import MOST_RELATED, named
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import joined


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          smmu-v3 base=0x9050000
          old: smmu base=0x15000000 model=3
            global-interrupts gsiv=97
            context-interrupt gsiv=128
        """,
        finds=("old",),
    ),
    good=Tables(
        """
        IORT
          smmu-v3 base=0x9050000
          smmu-v3 base=0x15000000
        """
    ),
    since="0.2",
    needs=("IORT",),
)
def smmu_version_mix(board: TablesBoard) -> Iterator[Finding]:
    """One finding, at the first SMMU of the version that has the fewest."""
    versions = by_version(board)
    if len(versions) < 2:
        return
    fewest = min(versions, key=lambda version: (len(versions[version]), version))
    told = [f"SMMUv{version} ({named(versions[version])})" for version in sorted(versions)]
    others: list[IortNode] = [
        node for version, nodes in versions.items() if version != fewest for node in nodes
    ]
    yield smmu_version_mix.finding(
        versions[fewest][0],
        f"the SMMUs have {len(versions)} architecture versions: {joined(told)}",
        related=others[:MOST_RELATED],
        effect=breaks(ONE_SMMU_VERSION),
        fix="Correct the type or the model of the nodes, if the hardware has one version.",
    )
