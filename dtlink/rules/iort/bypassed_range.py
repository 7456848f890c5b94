"""Some functions of a PCI segment bypass the SMMU that translates for others.

What it finds: root complexes that map some requester IDs to an SMMU and others to an ITS directly,
on buses that the MCFG has; with --lspci only if there are functions among the latter.
Why it matters: the DMA of functions with these IDs is not translated: a device there can write to
all memory, and cannot be given to a guest or to user space. That may be on purpose, where the
hardware or a hypervisor has it so; it may also be that the table covers only the
buses that firmware had numbered, and not those of devices that are plugged in later.
What to do: map these requester IDs to the SMMU as well, if they pass through it.
References: Arm DEN0049, root complex node; Linux, drivers/acpi/arm64/iort.c, iort_pci_iommu_init().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import Iort, IortNode, ItsGroup, RootComplex
from dtlink.firmware.acpi.machine import Machine
from dtlink.links.acpi.iort_pieces import pieces
from dtlink.links.acpi.iort_walk import SMMUS, supplier
from dtlink.links.id_ranges import IdRange, contains, merged, within
from dtlink.rules.iort._mappings import bus_ids, root_complexes, spans
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import listed


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          rc: root-complex segment=0
            map count=0xff output=smmu
            map input_base=0x100 count=0xfeff output_base=0x100 output=its
        MCFG
          allocation base=0x4010000000 segment=0
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          rc: root-complex segment=0
            map count=0xffff output=smmu
        MCFG
          allocation base=0x4010000000 segment=0
        """
    ),
    needs=("IORT",),
)
def bypassed_range(board: TablesBoard) -> Iterator[Finding]:
    """One finding a root complex."""
    table = board.machine.iort
    for node in root_complexes(table) if table else ():
        if table is None:
            continue
        translated = _to(board.machine, table, node, SMMUS)
        bypassing = _to(board.machine, table, node, (ItsGroup,))
        there = _functions(board, node, bypassing)
        if translated and bypassing and there != []:
            which = f" ({listed(there)})" if there else ""
            yield bypassed_range.finding(
                node,
                f"requester IDs {spans(bypassing)} of {node.name}{which} go to an ITS directly, "
                f"while {spans(translated)} go through an SMMU",
                property_name="mappings",
                effect="devices there, and those that are hot-plugged later, run without "
                "translation: they reach all memory, and cannot be assigned to guests",
                fix="Map these IDs to the SMMU, if the functions pass through it.",
            )


def _functions(board: TablesBoard, node: RootComplex, spans: Sequence[IdRange]) -> list[str] | None:
    """The functions with such IDs; ``None``: not known."""
    pci = board.seen.pci
    if pci is None:
        return None
    return [each.name for each in pci.requesters(node.segment) if contains(spans, each.rid)]


def _to(
    machine: Machine, table: Iort, node: RootComplex, kinds: tuple[type[IortNode], ...]
) -> list[IdRange]:
    """The requester IDs, of those that there may be, that go to nodes of some kinds."""
    found = pieces(node)
    return merged(
        part.span
        for ids in bus_ids(machine, node)
        for part in within(found, ids)
        if isinstance(supplier(table, part.value), kinds)
    )
