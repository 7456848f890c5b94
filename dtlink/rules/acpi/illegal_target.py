"""A reference leads to a structure of a kind that it must not lead to.

What it finds: in an IORT, output references of root complexes and named components to other nodes
than SMMUs and ITS groups; of SMMUs, performance counters (PMCG) and wire bridges (IWB) to others
than ITS groups; of reserved memory ranges (RMR) to others than SMMUs. In a VIOT and a RIMT, output
references to anything but an IOMMU.
Why it matters: of an IORT, Linux follows the IDs through whatever node it is, by its mappings: they
are translated once more than was meant, or end there, and then the devices get no SMMU and no MSIs.
In a VIOT the devices have no IOMMU; of a RIMT Linux takes the node for an IOMMU.
What to do: write the offset of the IOMMU or ITS group itself, and the IDs as that one sees them.
References: Arm DEN0049, ID mappings of each node; ACPI specification 6.5, 5.2.34, output node;
RISC-V IO Mapping Table specification, ID mapping structure; Linux, drivers/acpi/arm64/iort.c,
iort_node_map_id(), iort_set_device_domain(), iort_node_get_rmr_info(); drivers/acpi/viot.c,
viot_parse_node(); drivers/acpi/riscv/rimt.c, rimt_node_map_id().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.rules.acpi import _references as refs
from dtlink.rules.acpi._effects import Effect, effect_of
from dtlink.rules.acpi._rows import CheckedTable, OffsetReference, checked_tables
from dtlink.rules.model import Example, Finding, Safety, Severity, Tables, rule

_DEFAULT: Effect[OffsetReference] = Effect("a reader finds no supplier there")


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "which structure is meant is known to the firmware only"),
    examples=(
        Example(
            about="IORT",
            bad=Tables(
                """
                IORT
                  its: its-group ids=0
                  smmu: smmu-v3 base=0x9050000
                    map count=0xffff output=counter
                  root-complex segment=0
                    map count=0xffff output=smmu
                  counter: pmcg base=0x90a0000 reference=smmu
                    map flags=1 output=its
                """,
                finds=("smmu:mappings",),
            ),
            good=Tables(
                """
                IORT
                  its: its-group ids=0
                  smmu: smmu-v3 base=0x9050000
                    map count=0xffff output=its
                  root-complex segment=0
                    map count=0xffff output=smmu
                  counter: pmcg base=0x90a0000 reference=smmu
                    map flags=1 output=its
                """
            ),
        ),
        Example(
            about="VIOT",
            bad=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci function=0x8
                  range: pci-range bdf_end=0xff output=iommu
                  mmio: mmio-endpoint base=0x1c000000 endpoint=0x10000 output=range
                """,
                finds=("mmio:output",),
            ),
            good=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci function=0x8
                  range: pci-range bdf_end=0xff output=iommu
                  mmio: mmio-endpoint base=0x1c000000 endpoint=0x10000 output=iommu
                """
            ),
        ),
        Example(
            about="RIMT",
            bad=Tables(
                """
                RIMT
                  iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
                  rc: root-complex id=1 segment=0
                    map count=0x10000 output=gpu
                  gpu: platform-device id=2 object_name="\\_SB_.GPU0"
                    map count=1 output=iommu
                """,
                finds=("rc:mappings",),
            ),
            good=Tables(
                """
                RIMT
                  iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
                  rc: root-complex id=1 segment=0
                    map count=0x10000 output=iommu
                  gpu: platform-device id=2 object_name="\\_SB_.GPU0"
                    map count=1 source_base=0x10000 output=iommu
                """
            ),
        ),
    ),
)
def illegal_target(board: TablesBoard) -> Iterator[Finding]:
    """One finding a structure for each kind of structure that it must not refer to."""
    for checked in checked_tables(board):
        illegal = [each for each in refs.references(checked) if _is_illegal(checked, each)]
        if illegal and not refs.is_without_targets(checked):
            spared = checked.rows.references.spared
            reported = spared(checked.table, checked.version) if spared else frozenset[int]()
            rest = (each for each in illegal if each.where.start not in reported)
            for some in refs.grouped((type(each.target), each) for each in rest):
                yield _finding(checked, some)


def _is_illegal(checked: CheckedTable, reference: OffsetReference) -> bool:
    target, free = reference.target, checked.rows.references.not_judged
    if target is None or (free and free(reference)):
        return False
    return target.WORD not in refs.legal(checked, reference)


def _finding(checked: CheckedTable, some: Sequence[OffsetReference]) -> Finding:
    first = some[0]
    rows = checked.rows.references
    effect = effect_of(rows.illegal, first, checked.version, _DEFAULT)
    target = first.target.name if first.target else ""
    return illegal_target.finding(
        first.where,
        f"{refs.named(some)} {refs.verb(some, 'refers', 'refer')} to {target}, where only "
        f"{' or '.join(refs.legal(checked, first))} is allowed",
        property_name=first.field,
        supplier=first.target if rows.names_target else None,
        effect=effect.of(first),
        fix=refs.fix(checked, some),
        severity=effect.severity,
        alias=checked.alias(illegal_target.id),
    )
