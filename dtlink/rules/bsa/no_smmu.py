"""DMA of a device is not behind an SMMU.

What it finds: root complexes with requester IDs on their buses that lead to no SMMU, and named
components that are cache-coherent (cache coherency attribute 1) and have no mapping to an SMMU.
Why it matters: from level 7 on, a server has all devices that can do DMA behind an SMMU, so that
each can be confined, and be given to a guest. Exempt are devices that software of the operating
system cannot control, secure ones, and those of the trusted computing base.
What to do: map the device to its SMMU. If the hardware has none there, the system does not comply.
References: SBSA rule S_L7SM_01, whose test takes root complexes and named components of cache
coherency attribute 1 as those that can do DMA; Arm DEN0049.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.bsa import BEHIND_SMMU
from dtlink.firmware.acpi.iort import Memory, NamedComponent, RootComplex
from dtlink.links.acpi.iort_walk import SMMUS, supplier
from dtlink.links.id_ranges import IdRange, merged, without
from dtlink.rules.bsa._reach import ways
from dtlink.rules.bsa._words import breaks, severity
from dtlink.rules.iort._mappings import bus_ids, spans
from dtlink.rules.iort._nodes import named, nodes, others
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import noun


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Tables(
        r"""
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
          rc: root-complex segment=1
            map count=0xffff output_base=0x10000 output=its
          sata: named-component object_name="\_SB_.SATA" coherent=1
        """,
        finds=("rc:mappings", "sata"),
    ),
    good=Tables(
        r"""
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0x1ffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
          root-complex segment=1
            map count=0xffff output_base=0x10000 output=smmu
          sata: named-component object_name="\_SB_.SATA" coherent=1
            map output=smmu output_base=0x20000 flags=1
        """
    ),
    since="0.2",
    needs=("IORT",),
)
def no_smmu(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each root complex, and one for all named components."""
    table = board.machine.iort
    if table is None:
        return
    for node, followed in ways(board):
        reached = [way.ids for way in followed if way.smmu]
        if lost := without(bus_ids(board.machine, node), merged(reached)):
            yield _root_complex(node, lost)
    found = [
        node
        for node in nodes(board, NamedComponent)
        if node.coherent & Memory.COHERENT
        if not any(isinstance(supplier(table, each), SMMUS) for each in node.mappings)
    ]
    if found:
        yield _components(found)


def _root_complex(node: RootComplex, lost: list[IdRange]) -> Finding:
    return no_smmu.finding(
        node,
        f"requester IDs {spans(lost)} of {node.name} lead to no SMMU",
        property_name="mappings",
        severity=severity(BEHIND_SMMU),
        likely=True,
        effect=f"if functions there do DMA, {breaks(BEHIND_SMMU)}",
        fix="Map them to the SMMU that they are behind.",
    )


def _components(found: list[NamedComponent]) -> Finding:
    return no_smmu.finding(
        found[0],
        f"{named(found)} {noun(len(found), 'has', 'have')} no mapping to an SMMU",
        severity=severity(BEHIND_SMMU),
        related=others(found),
        likely=True,
        effect=f"if {noun(len(found), 'it does', 'they do')} DMA and software can control "
        f"{noun(len(found), 'it', 'them')}, {breaks(BEHIND_SMMU)}",
        fix="Map the stream IDs of each to its SMMU.",
    )
