"""Invalid GSIV.

What it finds: numbers (GSIVs) of SMMU and PMCG interrupts that Linux registers, which are below
32, or above 1019 and not in the extended range 4096 to 5119. 0 means no interrupt in SMMUv3
and PMCG nodes. Machines with a GICv5, whose numbers are others, are left out.
Why it matters: a GIC has its shared interrupts from 32 to 1019 and, since version 3.1, from 4096
to 5119. Below are those between and of single cores. Linux refuses the number, and the interrupt
is missing: an SMMUv2 without one of its context interrupts does not probe.
What to do: the interrupt's number as the GIC counts it: that of the first shared interrupt is 32.
References: Arm IHI 0069, INTIDs; Linux, drivers/irqchip/irq-gic-v3.c, gic_irq_domain_translate();
drivers/acpi/arm64/iort.c, acpi_iort_register_irq().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import IortNode, Smmu
from dtlink.rules.iort._interrupts import Line, lines
from dtlink.rules.iort._nodes import listed
from dtlink.rules.model import Finding, Severity, Tables, rule

#: The numbers of shared interrupts, plain and extended.
_SHARED = (range(32, 1020), range(4096, 5120))
#: Below it are the interrupts between cores, which Linux refuses at once.
_PRIVATE = 16
_GIC_V5 = 5
#: The first table revision that can be of a machine with a GICv5.
_GIC_V5_REVISION = 7


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          smmu: smmu-v3 base=0x9050000 event_gsiv=10 gerr_gsiv=75
        """,
        finds=("smmu:event_gsiv",),
    ),
    good=Tables(
        """
        IORT
          smmu: smmu-v3 base=0x9050000 event_gsiv=42 gerr_gsiv=75
        """
    ),
    needs=("IORT",),
)
def illegal_gsiv(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node."""
    table = board.machine.iort
    if table is None or _may_be_gic_v5(board):
        return
    found: dict[IortNode, list[Line]] = {}
    for line in lines(table):
        if not any(line.gsiv in numbers for numbers in _SHARED):
            found.setdefault(line.node, []).append(line)
    for node, those in found.items():
        yield _finding(node, those)


def _may_be_gic_v5(board: TablesBoard) -> bool:
    madt, table = board.machine.madt, board.machine.iort
    if madt is not None and madt.gic_version:
        return madt.gic_version >= _GIC_V5
    return table is not None and table.revision >= _GIC_V5_REVISION


def _finding(node: IortNode, those: list[Line]) -> Finding:
    first = those[0]
    told = listed([f"{line.gsiv} ({line.words})" for line in those])
    is_low = first.gsiv < _PRIVATE
    return illegal_gsiv.finding(
        first.where,
        f"{node.name} has invalid GSIVs: {told}",
        property_name=first.field,
        effect=(
            f'"[Firmware Bug]: Illegal GSI{first.gsiv} translation request", '
            f'"could not register gsi hwirq {first.gsiv}"'
            if is_low
            else "Linux cannot register or cannot request the interrupt"
        )
        + (
            "; the SMMU does not probe if a context bank has no interrupt"
            if isinstance(node, Smmu)
            else ""
        ),
        fix="Set the GSIV as the GIC counts it: shared interrupt N of the hardware is GSIV 32 + N.",
    )
