"""An SMMU is of a model that no document has.

What it finds: SMMUv1 and v2 of a model above 5, SMMUv3 of a model above 2.
Why it matters: from the model Linux' arm-smmu driver knows whether this is an SMMUv1 or v2;
it refuses an SMMU of another model, and the devices behind it then wait
(forever before 6.15, later until deferred_probe_timeout expires). The arm-smmu-v3
driver takes an unknown model for a generic SMMUv3, without the workarounds that it may need.
What to do: the generic model (SMMUv1 0, SMMUv2 1, SMMUv3 0) if the documents have none for it.
References: Arm DEN0049, SMMU nodes, model; Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c,
acpi_smmu_get_data(); drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, acpi_smmu_iort_probe_model().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import Smmu, SmmuV3
from dtlink.rules.iort._nodes import nodes, waiting
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule

_LAST = 5
_LAST_V3 = 2


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "a later document may define the model"),
    bad=Tables(
        """
        IORT
          smmu: smmu base=0x15000000 model=6
            global-interrupts gsiv=97
            context-interrupt gsiv=128
        """,
        finds=("smmu:model",),
    ),
    good=Tables(
        """
        IORT
          smmu: smmu base=0x15000000 model=3
            global-interrupts gsiv=97
            context-interrupt gsiv=128
        """
    ),
    needs=("IORT",),
)
def smmu_model(board: TablesBoard) -> Iterator[Finding]:
    """One finding an SMMU."""
    for node in nodes(board, Smmu):
        if node.model > _LAST:
            yield smmu_model.finding(
                node,
                f"{node.name} has invalid model {node.model:#x} (valid: 0 to {_LAST})",
                property_name="model",
                effect="the arm-smmu driver refuses it (-ENODEV), and the devices behind "
                f"it {waiting(board)}",
                fix="Set model to 1 for an SMMUv2, 0 for an SMMUv1, 3 for an MMU-500.",
            )
    for v3 in nodes(board, SmmuV3):
        if v3.model > _LAST_V3:
            yield smmu_model.finding(
                v3,
                f"{v3.name} has invalid model {v3.model:#x} (valid: 0 to {_LAST_V3})",
                property_name="model",
                severity=Severity.INFO,
                effect="Linux drives it as a generic SMMUv3, without workarounds",
                fix=Fix.setting(
                    "Set model to 0, unless a later document defines it.", (v3, "model", 0)
                ),
            )
