"""The IOMMUs do not have the same features.

What it finds: copies of the extended feature registers, in the blocks that Linux takes, that differ
from those of the first IOMMU, where IVinfo says that they are copies.
Why it matters: Linux (since 6.1) uses the features that all IOMMUs have, and complains: "[Firmware
Bug]: Found inconsistent EFR/EFR2". An IOMMU without guest translation, or with smaller page tables,
takes that from all devices of the machine.
What to do: write what the registers (MMIO offsets 30h and 1A0h) hold; if they do differ, the
firmware should mask the features that not all of them have.
References: AMD 48882, IVHD types 11h and 40h; Linux, drivers/iommu/amd/init.c, get_global_efr(),
early_iommu_features_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.behaviours import AMD_COMMON_FEATURES
from dtlink.firmware.acpi.ivrs import Ivrs
from dtlink.rules.ivrs._linux import early_features
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IVRS
          ivhd-11 device=2 base=0xfd000000 efr=0x58f77ef22294ade
            range device=0x8
            range-end device=0x3fff
            special handle=33 source=0xa0
          second: ivhd-11 device=0x4002 base=0xfd100000 efr=0x58f77ef22294ad0
            range device=0x4008
            range-end device=0xffff
        """,
        finds=("second:efr",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 device=2 base=0xfd000000 efr=0x58f77ef22294ade
            range device=0x8
            range-end device=0x3fff
            special handle=33 source=0xa0
          ivhd-11 device=0x4002 base=0xfd100000 efr=0x58f77ef22294ade
            range device=0x4008
            range-end device=0xffff
        """
    ),
    needs=("IVRS",),
)
def efr_mismatch(board: TablesBoard) -> Iterator[Finding]:
    """One finding an IOMMU that differs from the first."""
    table = board.machine.ivrs
    if table is None or not table.ivinfo & Ivrs.EFR_SUPPORTED:
        return
    is_common = AMD_COMMON_FEATURES.on(board.version)
    for block in table.taken[1:]:
        first = table.taken[0]
        wanted, has = early_features(first), early_features(block)
        if has != wanted:
            register = "efr" if has[0] != wanted[0] else "efr2"
            yield efr_mismatch.finding(
                block,
                f"{block.name} has the features {has[0]:#x}, {has[1]:#x}, but {first.name} has "
                f"{wanted[0]:#x}, {wanted[1]:#x}",
                property_name=register,
                severity=None if is_common else Severity.INFO,
                effect='"[Firmware Bug]: Found inconsistent EFR/EFR2": Linux uses what all '
                "IOMMUs have in common"
                if is_common
                else f"none: Linux before {AMD_COMMON_FEATURES.since} uses each with its own",
                fix="Write the same features for all IOMMUs, as their registers have them.",
                related=[first],
            )
