"""The IOMMUs have no host page tables.

What it finds: feature registers in which HATS, the levels of host page tables, has the reserved
value 3 in all blocks that Linux takes, where IVinfo says that they are copies; and blocks whose
attributes say that there is no host translation (HATDis).
Why it matters: Linux 7.2 and later then use guest page tables, if the features have them (GT and
GIOSup), or translate no DMA. Kernels before do not read either, and set up host page tables that
the IOMMU does not have.
What to do: write the features that the registers (MMIO offset 30h) hold. No change is needed where
the hardware has guest page tables only.
References: AMD 48882, IVHD types 11h and 40h, extended feature register; Linux,
drivers/iommu/amd/init.c, init_iommu_one(), early_amd_iommu_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.behaviours import AMD_READS_HATS
from dtlink.links.acpi.ivrs import HostTables, host_tables
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    bad=Tables(
        """
        IVRS
          iommu: ivhd-11 base=0xfeb80000 efr=0xc80
            all
            special handle=33 source=0xa0
        """,
        finds=("iommu:efr",),
    ),
    good=Tables(
        """
        IVRS
          iommu: ivhd-11 base=0xfeb80000 efr=0x880
            all
            special handle=33 source=0xa0
        """
    ),
    needs=("IVRS",),
)
def no_host_tables(board: TablesBoard) -> Iterator[Finding]:
    """At most one finding a table."""
    table = board.machine.ivrs
    found = host_tables(table) if table else None
    if found is None or found.fault is None:
        return
    block = found.fault
    told = (
        f"{block.name} says that it has no host translation (HATDis)"
        if found.is_declared
        else f"{block.name} has the reserved value 3 in HATS of efr"
    )
    is_read = AMD_READS_HATS.on(board.version)
    yield no_host_tables.finding(
        block,
        told,
        property_name="features" if found.is_declared else "efr",
        severity=_severity(found, is_read=is_read),
        effect=_effect(found) if is_read else _before(),
        fix="Write the features of the registers; no change is needed if the hardware has guest "
        "page tables only."
        if found.is_declared
        else "Set bits 10 and 11 of efr to the levels that the register has.",
    )


def _severity(found: HostTables, *, is_read: bool) -> Severity | None:
    if not is_read:
        return None
    if not found.has_guest_tables:
        return None if found.is_declared else Severity.ERROR
    return Severity.INFO if found.is_declared else None


def _effect(found: HostTables) -> str:
    line = (
        '"Host Address Translation is not supported."'
        if found.is_declared
        else '"[Firmware Bug]: Disable host address translation due to invalid translation level '
        '(0x3)."'
    )
    then = (
        "Linux uses guest page tables"
        if found.has_guest_tables
        else "no DMA is translated, no device can be given to a guest"
    )
    return f"{line}: {then}"


def _before() -> str:
    since = AMD_READS_HATS.since
    return (
        f"Linux before {since} ignores the value and uses host page tables; {since} and later "
        "do not use them"
    )
