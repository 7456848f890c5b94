"""Rules of Arm's Base System Architecture that static tables can break, by their identifiers.

Arm publishes the identifier, the level and the subject of each rule, and what its compliance suite
checks: ARM-software/sysarch-acs (2026-08), docs/bsa/arm_bsa_testcase_checklist.md,
docs/sbsa/arm_sbsa_testcase_checklist.md and the test scenario documents beside them; the tests are
in test_pool/. Each row says which test was read. What a rule asks is in our words.
"""

from __future__ import annotations

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final


class Standard(NamedTuple):
    """A document of Arm, in the issue that the compliance suite is for."""

    name: str
    number: str


BSA: Final = Standard("BSA 1.2", "Arm DEN0094E")
SBSA: Final = Standard("SBSA 8.0", "Arm DEN0029J")


class Requirement(NamedTuple):
    """One rule of such a document."""

    id: str
    standard: Standard
    level: int
    """The first level of the standard that has it."""
    test: str
    """The test of sysarch-acs for it, below test_pool/."""
    asks: str

    @property
    def is_for_servers(self) -> bool:
        """Whether only the server standard, from some level on, has it."""
        return self.standard is SBSA


PCIE_WITH_GICV2: Final = Requirement(
    "B_GIC_02", BSA, 1, "gic/g002.c", "with a GICv2, PCI Express needs a GICv2m frame"
)
PCIE_WITH_GICV3: Final = Requirement(
    "B_GIC_03", BSA, 1, "gic/g003.c", "with a GICv3 or later, PCI Express needs an ITS"
)
GICV3: Final = Requirement("S_L3GI_01", SBSA, 3, "gic/g012.c", "the GIC is a GICv3 or later")
ONE_SMMU_VERSION: Final = Requirement(
    "B_SMMU_01", BSA, 1, "smmu/i001.c", "all SMMUs have one architecture version"
)
STAGE_1: Final = Requirement(
    "B_SMMU_08", BSA, 1, "smmu/i004.c", "stage 1 translation is that of an SMMUv2 or later"
)
STAGE_2: Final = Requirement(
    "B_SMMU_18", BSA, 1, "smmu/i005.c", "stage 2 translation is that of an SMMUv2 or later"
)
CONTEXT_INTERRUPTS: Final = Requirement(
    "B_SMMU_19", BSA, 1, "smmu/i006.c", "each context bank has an interrupt of its own"
)
STAGE_1_V3: Final = Requirement(
    "S_L4SM_01", SBSA, 4, "smmu/i008.c", "stage 1 translation is that of an SMMUv3 or later"
)
STAGE_2_V3: Final = Requirement(
    "S_L4SM_02", SBSA, 4, "smmu/i008.c", "stage 2 translation is that of an SMMUv3 or later"
)
BEHIND_SMMU: Final = Requirement(
    "S_L7SM_01", SBSA, 7, "smmu/i022.c", "devices that can do DMA are behind an SMMU"
)
PMCG: Final = Requirement(
    "S_L7SM_03", SBSA, 7, "smmu/i021.c", "each SMMUv3 has performance monitors"
)
ITS_IN_GROUP: Final = Requirement(
    "ITS_01", BSA, 1, "gic/its001.c", "an ITS group has one ITS or more"
)
ONE_GROUP: Final = Requirement("ITS_02", BSA, 1, "gic/its002.c", "an ITS is in one ITS group")
GROUP_OF_DEVICE: Final = Requirement(
    "ITS_03", BSA, 1, "exerciser/e011.c", "a device that sends MSIs belongs to one ITS group"
)
UNIQUE_STREAM_ID: Final = Requirement(
    "ITS_DEV_2", BSA, 1, "gic/its003.c", "stream IDs are unique to a requester"
)
HAS_DEVICE_ID: Final = Requirement(
    "ITS_DEV_5", BSA, 1, "gic/its006.c", "a device that sends MSIs has a device ID"
)
DEVICE_ID_OF_STREAM_ID: Final = Requirement(
    "ITS_DEV_7", BSA, 1, "gic/its004.c", "behind an SMMU: device ID = stream ID + constant"
)
DEVICE_ID_OF_REQUESTER_ID: Final = Requirement(
    "ITS_DEV_8",
    BSA,
    1,
    "gic/its005.c",
    "without an SMMU: device ID = the low N bits of the requester ID + a multiple of 2^N",
)
REQUIREMENTS: Final = (
    *(PCIE_WITH_GICV2, PCIE_WITH_GICV3, GICV3),
    *(ONE_SMMU_VERSION, STAGE_1, STAGE_2, CONTEXT_INTERRUPTS, STAGE_1_V3, STAGE_2_V3),
    *(BEHIND_SMMU, PMCG),
    *(ITS_IN_GROUP, ONE_GROUP, GROUP_OF_DEVICE, UNIQUE_STREAM_ID),
    *(HAS_DEVICE_ID, DEVICE_ID_OF_STREAM_ID, DEVICE_ID_OF_REQUESTER_ID),
)
