"""PCI Express has no controller for its MSIs.

What it finds: an MCFG with segments on a machine whose MADT has a GICv3 or later and no ITS, or a
GICv2 and no GICv2m frame.
Why it matters: a base system with PCI Express delivers MSIs: by an ITS of a GICv3 or by the frames
of a GICv2m. Without either, functions have wired interrupts at best.
What to do: describe the ITS, or the frame, in the MADT; if the hardware has none, the system does
not comply.
References: BSA rules B_GIC_02 and B_GIC_03; ACPI specification, 5.2.12.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.bsa import PCIE_WITH_GICV2, PCIE_WITH_GICV3
from dtlink.firmware.acpi.madt import GicDistributor, GicMsiFrame
from dtlink.rules.bsa._words import breaks
from dtlink.rules.model import Finding, Severity, Tables, rule

_V3 = 3


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        APIC
          gic: gicd version=3
        MCFG
          allocation base=0x4010000000 segment=0
        IORT
          root-complex segment=0
        """,
        finds=("gic",),
    ),
    good=Tables(
        """
        APIC
          gicd version=3
          its id=0
        MCFG
          allocation base=0x4010000000 segment=0
        IORT
          its: its-group ids=0
          root-complex segment=0
            map count=0xffff output=its
        """
    ),
    since="0.2",
    needs=("APIC",),
)
def pcie_msi(board: TablesBoard) -> Iterator[Finding]:
    """One finding at most, at the distributor."""
    madt, mcfg = board.machine.madt, board.machine.mcfg
    if madt is None or mcfg is None or not mcfg.segments:
        return
    gic = next((each for each in madt.entries if isinstance(each, GicDistributor)), None)
    if gic is None or not gic.version:
        return
    frames = any(isinstance(each, GicMsiFrame) for each in madt.entries)
    if gic.version >= _V3 and not madt.its_ids:
        lacks, requirement = "an ITS", PCIE_WITH_GICV3
    elif gic.version < _V3 and not frames:
        lacks, requirement = "a GICv2m frame", PCIE_WITH_GICV2
    else:
        return
    yield pcie_msi.finding(
        gic,
        f"there is PCI Express (MCFG), and a GICv{gic.version} without {lacks}",
        effect=breaks(requirement) + ("" if frames else "; functions have no MSIs"),
        fix=f"Describe {lacks} in the MADT.",
    )
