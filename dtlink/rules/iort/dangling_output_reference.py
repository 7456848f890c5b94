"""An ID mapping names no node.

What it finds: an output reference that is 0, lies outside the table, or is not the first byte of a
node.
Why it matters: Linux looks only for 0, and not in all places. Any other number it takes for a node:
it reads whatever bytes lie there as a type and a mapping array, and the devices get a wrong SMMU or
ITS, none, or the kernel crashes.
What to do: write the byte offset, from the start of the table, of the node's first byte.
References: Arm DEN0049, ID mapping, output reference; Linux, drivers/acpi/arm64/iort.c,
iort_node_map_id(), iort_node_get_id(), iort_set_device_domain(), iort_node_get_rmr_info().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import (
    Iort,
    IortNode,
    ItsGroup,
    Mapping,
    NamedComponent,
    Pmcg,
    Rmr,
    SmmuV3,
)
from dtlink.links.acpi.iort import TARGETS
from dtlink.links.acpi.iort_pieces import own_index
from dtlink.links.acpi.iort_walk import SMMUS
from dtlink.rules.iort._mappings import entries, s
from dtlink.rules.iort._nodes import listed
from dtlink.rules.model import Finding, Severity, Tables, rule

_NULL = '"ACPI: IORT: [Firmware Bug]: [node …] ID map has NULL parent reference"'


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
def dangling_output_reference(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node for the offset 0, and one for other offsets."""
    table = board.machine.iort
    for node in table.nodes if table else ():
        # An ITS group is the end of every way: what it maps is wrong as such.
        if table is None or isinstance(node, ItsGroup):
            continue
        astray = [each for each in node.mappings if each.output not in table.by_offset]
        for null in (True, False):
            some = [each for each in astray if (each.output == 0) is null]
            if some:
                yield _finding(table, node, some)


def _finding(table: Iort, node: IortNode, some: Sequence[Mapping]) -> Finding:
    first = some[0]
    same = len({each.output for each in some}) == 1
    what = f"{first.output:#x}, {_what(table, first.output)}"
    return dangling_output_reference.finding(
        first,
        f"{entries(some)} of {node.name} name{s(some)} as output reference "
        + (what if same else f"what is no node's offset, the first {what}"),
        property_name="output",
        consequence=_consequence(node, first),
        fix="the byte offset of the first byte of the node that is meant: "
        + (
            listed([f"{each.start:#x} ({each.WORD})" for each in _ends(table, node)])
            or "the table has none"
        ),
    )


def _ends(table: Iort, node: IortNode) -> list[IortNode]:
    """The nodes that a node's mappings may name."""
    legal = TARGETS.get(type(node), (ItsGroup, *SMMUS))
    return [each for each in table.nodes if isinstance(each, legal)]


def _what(table: Iort, offset: int) -> str:
    if offset == 0:
        return "which stands for no node"
    inside = next((node for node in table.nodes if node.start < offset < node.end), None)
    if inside is not None:
        return f"which lies within {inside.name}"
    return "at which no node begins"


def _consequence(node: IortNode, mapping: Mapping) -> str:
    null = mapping.output == 0
    if isinstance(node, Rmr):
        return (
            "Linux finds no SMMU with this entry: it reserves nothing for its stream IDs, and the "
            "DMA that goes on since before the boot is refused"
        )
    if null and isinstance(node, SmmuV3 | Pmcg) and mapping.entry == own_index(node):
        return (
            '"ACPI: IORT: [Firmware Bug]: [node …] Invalid MSI mapping": its own interrupts are '
            "no MSIs"
        )
    if null and isinstance(node, NamedComponent):
        return f"{_NULL}: the device gets no stream ID from this entry on, and no MSIs by it"
    if null and mapping.entry == 0:
        return f"{_NULL}: Linux maps no ID of this node, whatever its other entries say"
    if null:
        return (
            "Linux looks for 0 in the first entry only: here it takes the table's header for a "
            "node, and reads mappings far outside the table; most likely it crashes at boot"
        )
    return "Linux takes the bytes there for a node: a wrong SMMU or ITS, none, or a crash at boot"
