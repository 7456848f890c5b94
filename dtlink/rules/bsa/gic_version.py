"""The GIC is older than a GICv3.

What it finds: a GIC distributor in the MADT that says version 1 or 2. Version 0 leaves it to the
hardware, and is not reported.
Why it matters: servers have a GICv3 or later from SBSA level 3 on.
What to do: nothing in the tables makes the hardware comply. If it is newer, correct the version.
References: SBSA rule S_L3GI_01; ACPI specification, 5.2.12, GIC distributor structure.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.bsa import GICV3
from dtlink.firmware.acpi.madt import GicDistributor
from dtlink.rules.bsa._words import breaks, severity
from dtlink.rules.model import Finding, Severity, Tables, rule

_LEAST = 3


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Tables(
        """
        APIC
          gic: gicd version=2
          msi-frame id=0
        IORT
          its-group
        """,
        finds=("gic:version",),
    ),
    good=Tables(
        """
        APIC
          gicd version=3
          its id=0
        IORT
          its-group ids=0
        """
    ),
    since="0.2",
    needs=("APIC",),
)
def gic_version(board: TablesBoard) -> Iterator[Finding]:
    """One finding at most."""
    madt = board.machine.madt
    for entry in madt.entries if madt else ():
        if isinstance(entry, GicDistributor) and 0 < entry.version < _LEAST:
            yield gic_version.finding(
                entry,
                f"the GIC is a GICv{entry.version}",
                property_name="version",
                severity=severity(GICV3),
                effect=breaks(GICV3),
                fix="Correct the version, if the hardware has a GICv3 or later.",
            )
            return
