"""An ID mapping names no node.

What it finds: an output reference that is 0, lies outside the table, or is not the first byte of a
node.
Why it matters: Linux looks only for 0 ("ID map has NULL parent reference") and then takes the IDs
as unmapped. Any other number it takes for a node: it reads whatever bytes lie there as a type and a
mapping array, and the devices get a wrong SMMU or ITS, none, or the kernel crashes.
What to do: write the byte offset, from the start of the table, of the node's first byte.
References: Arm DEN0049, ID mapping, output reference; Linux, drivers/acpi/arm64/iort.c,
iort_node_map_id(), iort_node_get_id().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.firmware.acpi.iort import Iort, Mapping
from dtlink.rules.acpi_board import AcpiBoard
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IORT
          smmu: smmu-v3 base=0x9050000
          rc: root-complex segment=0
            map count=0xffff output=smmu+4
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        IORT
          smmu: smmu-v3 base=0x9050000
          rc: root-complex segment=0
            map count=0xffff output=smmu
        """
    ),
    needs=("IORT",),
)
def dangling_output_reference(board: AcpiBoard) -> Iterator[Finding]:
    """One finding an entry."""
    table = board.machine.iort
    for node in table.nodes if table else ():
        for mapping in node.mappings:
            if table and mapping.output not in table.by_offset:
                yield _finding(table, mapping)


def _finding(table: Iort, mapping: Mapping) -> Finding:
    node = mapping.owner or mapping
    null = mapping.output == 0
    return dangling_output_reference.finding(
        mapping,
        f"mappings[{mapping.entry}] of {node.name} has the output reference "
        f"{mapping.output:#x}, {_what(table, mapping.output)}",
        property_name="output",
        consequence='"[Firmware Bug]: … ID map has NULL parent reference": its IDs get no IOMMU and '
        "no MSI controller"
        if null
        else "Linux takes the bytes there for a node: a wrong SMMU or ITS, none, or a crash at boot",
        fix="the byte offset of the SMMU's or the ITS group's first byte: "
        + ", ".join(
            f"{each.start:#x} ({each.WORD})" for each in table.nodes if each.TYPE in (0, 3, 4)
        ),
    )


def _what(table: Iort, offset: int) -> str:
    if offset == 0:
        return "which stands for no node"
    inside = next((node for node in table.nodes if node.start < offset < node.end), None)
    if inside is not None:
        return f"which lies within {inside.name}"
    return "at which no node begins"
