"""A named component has mappings that Linux does not use.

What it finds: components that have ranges of IDs only; and components whose search for stream IDs
ends at a range, or at an ITS, before an SMMU that comes later.
Why it matters: Linux has no input ID for a platform device (only the fsl-mc bus gives one). It
takes the mappings in their order, single ones only, and ends at the first that is none or that
leads to no SMMU. A device that gets no stream ID runs without its IOMMU: untranslated where the
SMMU lets it, refused where it does not.
What to do: a single mapping for each stream ID, those to the SMMU first, that to the ITS last.
References: Linux, drivers/acpi/arm64/iort.c, iort_nc_iommu_map(), iort_node_get_id(); Arm DEN0049,
named component node.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.iort import IdMapping, Iort, ItsGroup, NamedComponent
from dtlink.links.acpi.iort_walk import SMMUS, component_ids, supplier
from dtlink.rules.iort._mappings import entries
from dtlink.rules.iort._nodes import named, nodes
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          dma: named-component object_name="\\_SB_.DMA0"
            map flags=1 output_base=0x40 output=its
            map flags=1 output_base=0x40 output=smmu
        """,
        finds=("dma:mappings",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          dma: named-component object_name="\\_SB_.DMA0"
            map flags=1 output_base=0x40 output=smmu
            map flags=1 output_base=0x40 output=its
        """
    ),
    needs=("IORT",),
)
def unused_component(board: TablesBoard) -> Iterator[Finding]:
    """One finding for all components that have ranges only, and one for each whose order is "
    "wrong.
    """
    table = board.machine.iort
    if table is None:
        return
    ranged = []
    for node in nodes(board, NamedComponent):
        smmus = [each for each in node.mappings if isinstance(supplier(table, each), SMMUS)]
        if smmus and not any(each.single for each in node.mappings):
            ranged.append(node)
        elif any(each.single for each in smmus):
            singles = [each for each in smmus if each.single]
            yield from _ended(table, node, singles, board.version)
    if ranged:
        yield _ranged(table, ranged)


def _ended(
    table: Iort, node: NamedComponent, smmus: Sequence[IdMapping], version: KernelVersion
) -> Iterator[Finding]:
    """The single mappings to SMMUs that come after the end of the search, and why it ended."""
    used = len(list(component_ids(table, node, version)))
    late = [each for each in smmus if each.entry > used]
    end = node.mappings[used] if late else None
    target = supplier(table, end) if end else None
    # Other rules report other ends: no node, a node of the wrong kind, SMMUs of two drivers.
    if end is None or target is None or (end.single and not isinstance(target, ItsGroup)):
        return
    yield unused_component.finding(
        late[0],
        f"{entries(late)} of {node.name} {'follows' if len(late) == 1 else 'follow'} "
        f"mappings[{end.entry}], {'a mapping to an ITS' if end.single else 'a range'}, at which "
        f"Linux ends its search for stream IDs",
        effect="the device gets no stream ID from these: "
        + (
            "it runs without its IOMMU, and its DMA fails if the SMMU refuses unknown stream IDs"
            if not used
            else "its DMA with them is refused by the SMMU, or continues untranslated"
        ),
        fix="Move the single mappings to SMMUs to the front.",
    )


def _ranged(table: Iort, ranged: Sequence[NamedComponent]) -> Finding:
    number = len(ranged)
    return unused_component.finding(
        table,
        f"{number} named component{'s have' if number > 1 else ' has'} ranges of IDs and no single "
        f"mapping: {named(ranged)}",
        severity=Severity.INFO,
        related=ranged[:32],
        effect="Linux has no input ID for a platform device, and gives these no IOMMU "
        "(only devices on the fsl-mc bus have an input ID); systems with IDs for them use the "
        "ranges",
        fix="For Linux, write one single mapping (flags 1, count 0) for each stream ID.",
    )
