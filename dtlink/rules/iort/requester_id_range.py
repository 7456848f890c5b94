"""A root complex maps IDs that no PCI function has.

What it finds: ranges of a root complex that begin beyond 0xffff, and of those that have no other
mappings whether the base is the segment's number in front of a requester ID.
Why it matters: a requester ID is bus, device and function in 16 bits; the segment is the node's own
field. Linux looks a function up by its requester ID: none is within such a range, and the devices
get neither SMMU nor MSI controller, without a message. (Tables of some laptops that are made for
Windows have numbers here that only its drivers know.)
What to do: give requester IDs as the input; the segment's place among the stream IDs belongs into
the output base.
References: Arm DEN0049, root complex node; Linux, drivers/acpi/arm64/iort.c,
iort_pci_iommu_init(); drivers/pci/msi/irqdomain.c, pci_msi_get_device_domain().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import IdMapping, RootComplex
from dtlink.links.id_ranges import REQUESTER_IDS
from dtlink.rules.iort._mappings import entries, loss, span, verb
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "functions get an SMMU or an ITS that they did not have"),
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xfffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
          rc: root-complex segment=1
            map input_base=0x10000 count=0xffff output_base=0x10000 output=smmu
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xfffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
          rc: root-complex segment=1
            map count=0xffff output_base=0x10000 output=smmu
        """
    ),
    needs=("IORT",),
)
def requester_id_range(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node."""
    for node in nodes(board, RootComplex):
        beyond = [
            each
            for each in node.mappings
            if not each.single and each.input_base > REQUESTER_IDS.last
        ]
        if beyond:
            yield _finding(node, beyond)


def _finding(node: RootComplex, beyond: Sequence[IdMapping]) -> Finding:
    first = beyond[0]
    alone = len(beyond) == len(node.mappings)
    segment = alone and all(each.input_base >> 16 == node.segment for each in beyond)
    return requester_id_range.finding(
        first,
        f"{entries(beyond)} of {node.name} {verb(beyond, 'maps', 'map')} IDs from "
        f"{span(first.inputs)}, but a requester ID has 16 bits"
        + (": the segment's number precedes it" if segment else ""),
        property_name="input_base",
        severity=Severity.ERROR if segment else None,
        effect="Linux finds no mapping for any function of the segment: they get "
        f"{loss(node)}, without a message"
        if alone
        else "Linux never uses them",
        fix=Fix.setting(
            f"Set input_base to {first.input_base & 0xFFFF:#x}: requester IDs do not contain the "
            f"segment.",
            *((each, "input_base", each.input_base & 0xFFFF) for each in beyond),
        )._replace(reveals=True)
        if segment
        else "Use requester IDs (bus << 8 | device << 3 | function) as the input.",
    )
