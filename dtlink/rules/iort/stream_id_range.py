"""A mapping gives stream IDs that an SMMUv1 or SMMUv2 cannot have.

What it finds: output bases for an SMMUv1 beyond 15 bits, or for an SMMUv2 beyond 16. (Of an SMMUv3
the table does not say how many it has.)
Why it matters: Linux takes the upper 16 bits of the number as a mask, and the lower as the stream
ID: the device gets the streams of others as well, or is refused.
What to do: write the stream ID as the SMMU sees it, without the bits that route to it. The segments
behind one SMMUv2 have to share its stream IDs.
References: Arm DEN0049, ID mapping, output base; Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c,
arm_smmu_probe_device(); Arm IHI 0062, SMMU_IDR0.NUMSIDB and EXIDS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import IdMapping, IortNode, Smmu
from dtlink.links.acpi.iort_walk import supplier
from dtlink.rules.iort._mappings import entries, verb
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.model import Finding, Severity, Tables, rule

#: The models that are SMMUv1: the generic one, MMU-400 and MMU-401.
_VERSION_1 = (0, 2, 4)


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IORT
          smmu: smmu base=0x15000000
            global-interrupts gsiv=97
            context-interrupt gsiv=128
          root-complex segment=0
            map count=0xffff output=smmu
          rc: root-complex segment=1
            map count=0xffff output_base=0x10000 output=smmu
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        IORT
          smmu: smmu base=0x15000000
            global-interrupts gsiv=97
            context-interrupt gsiv=128
          root-complex segment=0
            map count=0x7fff output=smmu
          rc: root-complex segment=1
            map count=0x7fff output_base=0x8000 output=smmu
        """
    ),
    needs=("IORT",),
)
def stream_id_range(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each SMMU that the mappings of a node name."""
    table = board.machine.iort
    for node in nodes(board, IortNode):
        found: dict[int, tuple[Smmu, list[IdMapping]]] = {}
        for mapping in node.mappings:
            smmu = supplier(table, mapping) if table else None
            if isinstance(smmu, Smmu) and mapping.output_base >> _bits(smmu):
                found.setdefault(smmu.start, (smmu, []))[1].append(mapping)
        for smmu, some in found.values():
            yield _finding(node, smmu, some)


def _bits(smmu: Smmu) -> int:
    return 15 if smmu.model in _VERSION_1 else 16


def _finding(node: IortNode, smmu: Smmu, some: Sequence[IdMapping]) -> Finding:
    first = some[0]
    ident, bits = first.output_base, _bits(smmu)
    mask = ident >> 16
    return stream_id_range.finding(
        first,
        f"{entries(some)} of {node.name} {verb(some, 'gives', 'give')} stream ID {ident:#x} "
        f"to {smmu.name}, which has {bits} bits at most",
        property_name="output_base",
        supplier=smmu,
        effect=f"Linux takes it for stream ID {ident & 0xFFFF:#x} with the mask {mask:#x}, "
        "which "
        "others match too"
        if mask
        else f'the devices get no IOMMU: "stream ID {ident:#x} out of range for SMMU (0x7fff)"',
        fix=f"Set output_base to the stream ID as {smmu.name} sees it, at most "
        f"{(1 << bits) - 1:#x}.",
    )
