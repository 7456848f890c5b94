"""A named component has stream IDs at several SMMUs.

What it finds: components whose single mappings lead to more than one SMMU.
Why it matters: Linux keeps one IOMMU for a device. If the SMMUs have different drivers, it gives
up, and the device has no IOMMU. If they have the same, it sets up all stream IDs at the first SMMU:
those that arrive at another one are unknown there.
What to do: one named component for each SMMU, with a device of its own in the namespace.
References: Linux, drivers/acpi/arm64/iort.c, iort_nc_iommu_map(); drivers/iommu/iommu.c,
iommu_fwspec_init(); drivers/acpi/scan.c, acpi_iommu_fwspec_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import Iort, IortNode, NamedComponent
from dtlink.links.acpi.iort_walk import SMMUS, component_ids, supplier
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          one: smmu-v3 base=0x9050000
          two: smmu-v3 base=0x9070000
          dma: named-component object_name="\\_SB_.DMA0"
            map flags=1 output_base=0x40 output=one
            map flags=1 output_base=0x41 output=two
        """,
        finds=("dma:mappings",),
    ),
    good=Tables(
        """
        IORT
          one: smmu-v3 base=0x9050000
          two: smmu-v3 base=0x9070000
          named-component object_name="\\_SB_.DMA0"
            map flags=1 output_base=0x40 output=one
          named-component object_name="\\_SB_.DMA1"
            map flags=1 output_base=0x41 output=two
        """
    ),
    needs=("IORT",),
)
def several_smmus(board: TablesBoard) -> Iterator[Finding]:
    """One finding a component, at the first mapping that leads to another SMMU."""
    table = board.machine.iort
    for node in nodes(board, NamedComponent):
        walks = list(component_ids(table, node, board.version)) if table else []
        if not walks or table is None:
            continue
        first = walks[0].node
        refused = _refused(table, node, len(walks))
        other = next((walk for walk in walks if walk.node is not first), None)
        if refused:
            yield _finding(node, len(walks), first, refused)
        elif other:
            yield _finding(node, other.steps[0].mapping.entry, first, other.node)


def _refused(table: Iort, node: NamedComponent, used: int) -> IortNode | None:
    """The SMMU at which Linux gives up: what ends its search at one is another driver."""
    end = node.mappings[used] if used < len(node.mappings) else None
    target = supplier(table, end) if end and end.single else None
    return target if isinstance(target, SMMUS) else None


def _finding(node: NamedComponent, entry: int, first: IortNode, other: IortNode) -> Finding:
    mapping = node.mappings[entry]
    refused = type(other) is not type(first)
    return several_smmus.finding(
        mapping,
        f"mappings[{entry}] of {node.name} leads to {other.name}, "
        f"but earlier mappings lead to {first.name}",
        property_name="output",
        supplier=other,
        related=(first,),
        severity=Severity.ERROR if refused else None,
        effect="Linux keeps one IOMMU for a device, and gives up as the second has another "
        "driver: the device has none, and where the SMMUs refuse what they do not know, its DMA "
        "fails"
        if refused
        else f"Linux sets up stream ID {mapping.output_base:#x} at {first.name} as well, and not "
        "at "
        f"{other.name}: there the device's DMA is refused, or continues untranslated",
        fix="Write one named component for each SMMU, each with its own device in the namespace.",
    )
