"""Linux's SMMU driver does not know this Qualcomm platform.

What it finds: an IORT of a Qualcomm platform (by its OEM ID, OEM table ID or creator ID, or with
SMMUs where Qualcomm's SoCs for notebooks have theirs) with SMMUs of version 1 or 2, and with an OEM
ID, OEM table ID and revision that are not in the driver's list.
Why it matters: a hypervisor of these platforms traps the SMMUs' registers, and writes a fault where
the driver asks for a bypass. The driver's part for Qualcomm works around that, and keeps the
streams that the firmware has set up. With a devicetree it is chosen by the compatible, with ACPI by
this list alone. Where it is not, DMA that the firmware left running (the display's) faults, and
some machines reset while the SMMUs probe.
What to do: boot Linux with the machine's devicetree; or add the platform to the list in the driver,
and test it. Windows is not concerned.
References: Linux, drivers/iommu/arm/arm-smmu/arm-smmu-qcom.c, qcom_acpi_platlist,
qcom_smmu_impl_init(), qcom_smmu_cfg_probe().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.facts.iommus import QUALCOMM_PLATFORMS, QUALCOMM_SMMUS
from dtlink.firmware.acpi.iort import Iort, Smmu
from dtlink.rules.iort._nodes import MOST_RELATED, nodes
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import counted

_QUALCOMM = "QCOM"


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    bad=Tables(
        """
        IORT oem_id="QCOM" oem_table_id="QCOMEDK2" oem_revision=0x8280
          smmu: smmu base=0x15000000 model=3
            global-interrupts gsiv=97
            context-interrupt gsiv=98
          named-component object_name="\\_SB_.UFS0"
            map flags=1 output_base=0x420 output=smmu
        """,
        finds=("IORT:oem_revision",),
    ),
    good=Tables(
        """
        IORT oem_id="QCOM" oem_table_id="QCOMEDK2" oem_revision=0x8180
          smmu: smmu base=0x15000000 model=3
            global-interrupts gsiv=97
            context-interrupt gsiv=98
          named-component object_name="\\_SB_.UFS0"
            map flags=1 output_base=0x420 output=smmu
        """
    ),
    needs=("IORT",),
)
def qualcomm_platform(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table."""
    table = board.machine.iort
    smmus = list(nodes(board, Smmu))
    if table is None or not smmus or not _is_qualcomms(table, smmus):
        return
    platform = (table.oem_id, table.oem_table_id, table.oem_revision)
    if platform in QUALCOMM_PLATFORMS:
        return
    yield qualcomm_platform.finding(
        table,
        f'Linux has no entry for the Qualcomm platform "{platform[0]}" "{platform[1]}" '
        f"{platform[2]:#x} of the IORT",
        property_name="oem_revision",
        related=smmus[:MOST_RELATED],
        likely=True,
        effect=f"the driver resets {counted(len(smmus), 'SMMU')} without its workarounds for "
        "Qualcomm's hypervisor: DMA that the firmware left running (the display's) faults, or the "
        "machine resets while the SMMUs probe",
        fix="Boot Linux with the machine's devicetree, or add the platform to qcom_acpi_platlist "
        "in arm-smmu-qcom.c.",
    )


def _is_qualcomms(table: Iort, smmus: Sequence[Smmu]) -> bool:
    ids = (table.oem_id, table.oem_table_id, table.creator_id)
    bases = {each.base for each in smmus}
    return any(each.startswith(_QUALCOMM) for each in ids) or any(
        known <= bases for known in QUALCOMM_SMMUS
    )
