"""A reference leads to no structure.

What it finds: offsets of nodes that are 0, outside the table, or not the first byte of a node: the
output of ID mappings, and of the ranges and endpoints of a VIOT.
Why it matters: Linux hardly checks them. It takes whatever bytes are there for a node: the devices
get a wrong IOMMU or ITS, none, or the kernel crashes.
What to do: write the byte offset, from the start of the table, of the node's first byte.
References: Arm DEN0049, ID mapping, output reference; ACPI specification 6.5, 5.2.34, output node;
RISC-V IO Mapping Table specification, ID mapping structure; Linux, drivers/acpi/arm64/iort.c,
iort_node_map_id(), iort_node_get_id(); drivers/acpi/viot.c, viot_get_iommu();
drivers/acpi/riscv/rimt.c, rimt_node_map_id().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.rules.acpi import _references as refs
from dtlink.rules.acpi._effects import Effect, effect_of
from dtlink.rules.acpi._rows import CheckedTable, OffsetReference, checked_tables
from dtlink.rules.model import Example, Finding, Safety, Severity, Tables, rule

_DEFAULT: Effect[OffsetReference] = Effect(
    "a reader takes the bytes there for a node, or finds none: the consumer has no supplier"
)


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
        ),
        Example(
            about="VIOT",
            bad=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci function=0x8
                  range: pci-range bdf_end=0xff output=iommu+8
                """,
                finds=("range:output",),
            ),
            good=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci function=0x8
                  range: pci-range bdf_end=0xff output=iommu
                """
            ),
        ),
        Example(
            about="RIMT",
            bad=Tables(
                """
                RIMT
                  iommu: iommu base=0x3010000 hardware_id="RSCV0004"
                  rc: root-complex segment=0
                    map count=0x10000 output=iommu+8
                """,
                finds=("rc:mappings",),
            ),
            good=Tables(
                """
                RIMT
                  iommu: iommu base=0x3010000 hardware_id="RSCV0004"
                  root-complex segment=0
                    map count=0x10000 output=iommu
                """
            ),
        ),
    ),
)
def dangling_reference(board: TablesBoard) -> Iterator[Finding]:
    """One finding a structure for the offset 0, and one for other offsets."""
    for checked in checked_tables(board):
        dangling = [each for each in refs.references(checked) if each.target is None]
        if dangling and not refs.is_without_targets(checked):
            for some in refs.grouped((each.value == 0, each) for each in dangling):
                yield _finding(checked, some)


def _finding(checked: CheckedTable, some: Sequence[OffsetReference]) -> Finding:
    first = some[0]
    effect = effect_of(checked.rows.references.dangling, first, checked.version, _DEFAULT)
    same = len({each.value for each in some}) == 1
    where = f"{first.value:#x}, which is {refs.lies(first)}"
    if not same:
        where = f"values that are not offsets of nodes; the first is {where}"
    return dangling_reference.finding(
        first.where,
        f"{refs.named(some)} {refs.verb(some, 'has', 'have')} {first.field} {where}",
        property_name=first.field,
        effect=effect.of(first),
        fix=refs.fix(checked, some),
        severity=effect.severity,
        alias=checked.alias(dangling_reference.id),
    )
