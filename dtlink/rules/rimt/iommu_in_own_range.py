"""A PCIe IOMMU is among the devices that it is to serve.

What it finds: a mapping of a root complex, the first of its segment, that gives an IOMMU's own bus,
device and function to that IOMMU.
Why it matters: Linux asks for a device's IOMMU before it probes the device, this one too. The IOMMU
is not there yet, so that its own probe is deferred, and with it those of all devices behind it:
forever before 7.2, then until deferred_probe_timeout expires. (A VIOT may do this: there Linux
looks for it.)
What to do: leave the IOMMU's function out of the source IDs: two mappings, one up to it, one after
it. Linux takes the number of IDs for the distance of the last, so the first of them must also leave
out the ID before the IOMMU's.
References: Linux, drivers/acpi/riscv/rimt.c, rimt_pci_iommu_init(), rimt_iommu_xlate(),
rimt_id_map(), and drivers/acpi/scan.c, acpi_iommu_configure_id().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.behaviours import RIMT_WAIT_ENDS
from dtlink.firmware.acpi.rimt import Iommu, RimtMapping, RimtRootComplex
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule
from dtlink.rules.rimt._nodes import first_of_segments, target


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "by the specification the last ID is then not mapped"),
    bad=Tables(
        """
        RIMT
          iommu: iommu id=0 flags=1 segment=0 function=8 hardware_id="00101400"
          rc: root-complex id=1 segment=0
            map count=0x10000 output=iommu
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        RIMT
          iommu: iommu id=0 flags=1 segment=0 function=8 hardware_id="00101400"
          rc: root-complex id=1 segment=0
            map count=7 output=iommu
            map source_base=9 count=0xfff7 output_base=9 output=iommu
        """
    ),
    needs=("RIMT",),
)
def iommu_in_own_range(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each IOMMU that waits for itself."""
    told: set[int] = set()
    for root in first_of_segments(board):
        for mapping in root.mappings:
            iommu = target(board, mapping)
            if iommu and iommu.start not in told and _is_own(root, mapping, iommu):
                told.add(iommu.start)
                yield _finding(board, root, mapping, iommu)


def _is_own(root: RimtRootComplex, mapping: RimtMapping, iommu: Iommu) -> bool:
    there = iommu.is_pcie and iommu.segment == root.segment
    # Linux also takes the ID after the last one (rimt_id_map()).
    stop = mapping.inputs.stop + 1 if mapping.count else 0
    return there and iommu.function in range(mapping.source_base, stop)


def _finding(
    board: TablesBoard, root: RimtRootComplex, mapping: RimtMapping, iommu: Iommu
) -> Finding:
    ends = RIMT_WAIT_ENDS.on(board.version)
    slipped = iommu.function not in mapping.inputs
    split = (
        f"Split the mapping: one that ends before {iommu.function:#x}, and one that begins with "
        f"{iommu.function + 1:#x}."
    )
    return iommu_in_own_range.finding(
        mapping,
        f"mappings[{mapping.entry}] of {root.name} takes the function {iommu.identity} of the "
        "IOMMU itself" + (", as Linux counts: one ID too far" if slipped else ""),
        property_name="source_base",
        severity=Severity.WARNING if ends else None,
        effect="Linux defers the IOMMU's probe until the IOMMU is there: "
        + (
            "it probes when deferred_probe_timeout expires, and devices that probe before it run "
            "untranslated"
            if ends
            else "neither it nor any device behind it ever probes"
        ),
        fix=Fix.setting(
            f"Set count to {mapping.count - 1:#x}: Linux maps the last ID all the same.",
            (mapping, "count", mapping.count - 1),
        )
        if slipped and mapping.count > 1
        else split,
        related=[iommu],
    )
