"""A PCI segment has no root complex in the IORT.

What it finds: segments in the MCFG for which the IORT has no root complex node; with --lspci those
in which the machine has PCI functions.
Why it matters: Linux looks for the node of a function's segment, finds none, and the function has
neither an IOMMU nor an ITS: its DMA is not translated, and refused where it passes through an SMMU
all the same; its MSIs have no controller. (Where the other segments have neither, it may be meant.)
What to do: a root complex node for each segment, if an SMMU or an ITS serves it.
References: Arm DEN0049, root complex node; PCI Firmware specification, 4.1.2; Linux,
drivers/acpi/arm64/iort.c, iort_iommu_configure_id(), iort_dev_find_its_id().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.iort import IortNode, ItsGroup
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.acpi.madt import GicMsiFrame
from dtlink.links.acpi.iort_pieces import pieces
from dtlink.links.acpi.iort_walk import SMMUS, supplier
from dtlink.links.acpi.its import its_ids
from dtlink.links.id_ranges import REQUESTER_IDS, within
from dtlink.rules.iort._mappings import root_complexes
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import noun


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          root-complex segment=0
            map count=0xffff output=its
        MCFG
          allocation base=0x4010000000 segment=0
          allocation base=0x5010000000 segment=1
        """,
        finds=("IORT",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          root-complex segment=0
            map count=0xffff output=its
          root-complex segment=1
            map count=0xffff output_base=0x10000 output=its
        MCFG
          allocation base=0x4010000000 segment=0
          allocation base=0x5010000000 segment=1
        """
    ),
    needs=("IORT",),
)
def segment_without_root_complex(board: TablesBoard) -> Iterator[Finding]:
    """One finding for all segments."""
    machine = board.machine
    table, mcfg = machine.iort, machine.mcfg
    if table is None or mcfg is None:
        return
    pci = board.seen.pci
    segments = mcfg.segments if pci is None else pci.segments
    absent = sorted(segments - {node.segment for node in root_complexes(table)})
    lost = _lost(machine, board.version) if absent else []
    unsure = not lost and any(isinstance(node, SMMUS) for node in table.nodes)
    if absent and (lost or unsure):
        few = ", ".join(map(str, absent[:8])) + (", …" if len(absent) > 8 else "")
        yield segment_without_root_complex.finding(
            table,
            f"{noun(len(absent), 'segment')} {few} of the {'MCFG' if pci is None else 'machine'} "
            f"{noun(len(absent), 'has', 'have')} "
            "no root complex here",
            severity=Severity.INFO if unsure else None,
            likely=pci is None,
            effect="Linux gives the PCI functions there no "
            f"{' and no '.join(lost or ['IOMMU'])}, without a message",
            fix="Add a root complex node for each segment that an SMMU or an ITS serves.",
        )


def _lost(machine: Machine, version: KernelVersion) -> list[str]:
    """What other PCI functions of the machine have, or should have, and these have not."""
    table, madt = machine.iort, machine.madt
    if table is None:
        return []
    targets = [
        supplier(table, piece.value)
        for node in root_complexes(table)
        for piece in within(pieces(node), REQUESTER_IDS)
    ]
    frames = madt is not None and any(isinstance(each, GicMsiFrame) for each in madt.entries)
    services = bool(its_ids(madt, version)) if madt else _has_service(table.nodes)
    lost = ["IOMMU"] if any(isinstance(each, SMMUS) for each in targets) else []
    return lost + (["MSI controller"] if services and not frames else [])


def _has_service(nodes: tuple[IortNode, ...]) -> bool:
    return any(isinstance(node, ItsGroup) for node in nodes)
