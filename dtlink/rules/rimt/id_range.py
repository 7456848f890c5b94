"""A mapping has no IDs, or invalid IDs.

What it finds: mappings whose number of IDs is 0; whose source IDs of a root complex go beyond
FFFFh, or of a device beyond 32 bits; or whose device IDs go beyond 24 bits.
Why it matters: an ID of PCI has 16 bits, one of a RISC-V IOMMU at most 24. A count of IDs
less one, as in an IORT, is 0 for one ID: by the specification there is no device, while Linux (6.18
to 7.2) takes one.
What to do: write the number of IDs itself, and bases that leave room for it.
References: RISC-V IO Mapping Table specification, ID mapping structure; RISC-V IOMMU specification,
device_id; Linux, drivers/acpi/riscv/rimt.c, rimt_id_map().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.rimt import Mapped, RimtMapping, RimtRootComplex
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule
from dtlink.rules.rimt._nodes import entry, ids, more, nodes


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "Linux maps other IDs than before"),
    bad=Tables(
        """
        RIMT
          iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
          uart: platform-device id=1 object_name="\\_SB_.COM0"
            map source_base=0 count=0 output_base=0x20 output=iommu
        """,
        finds=("uart:mappings",),
    ),
    good=Tables(
        """
        RIMT
          iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
          uart: platform-device id=1 object_name="\\_SB_.COM0"
            map source_base=0 count=1 output_base=0x20 output=iommu
        """
    ),
    needs=("RIMT",),
)
def id_range(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node and a kind of fault, at the first entry that has it."""
    for node in nodes(board, Mapped):
        faults: dict[str, list[tuple[RimtMapping, str]]] = {}
        for mapping in node.mappings:
            if fault := _fault(node, mapping):
                faults.setdefault(fault[1], []).append((mapping, fault[0]))
        for consequence, found in faults.items():
            mapping, wrong = found[0]
            yield id_range.finding(
                mapping,
                f"{entry(node, mapping)} {wrong}{more(found)}",
                property_name="count",
                effect=consequence,
                fix=_fix(node, [each for each, _ in found]),
            )


def _fix(node: Mapped, those: list[RimtMapping]) -> Fix | str:
    """One ID, or as many as there are from the first; with edits where that says all of them."""
    text = "Set count to the number of IDs that the device or the bus range has."
    last = 1 << (16 if isinstance(node, RimtRootComplex) else 32)
    fitting = [max(1, min(each.count, last - each.source_base)) for each in those]
    ends = (each.source_base + count for each, count in zip(those, fitting, strict=True))
    outputs = (each.output_base + count for each, count in zip(those, fitting, strict=True))
    if len(node.mappings) > 1 or max(ends) > last or max(outputs) > 1 << 24:
        return text
    return Fix.setting(
        text, *((each, "count", count) for each, count in zip(those, fitting, strict=True))
    )


def _fault(node: Mapped, mapping: RimtMapping) -> tuple[str, str] | None:
    bits = 16 if isinstance(node, RimtRootComplex) else 32
    if not mapping.count:
        return "has no ID", "by the table no IOMMU serves the device; Linux takes the first ID"
    if mapping.inputs.stop > 1 << bits:
        wrong = f"takes the IDs {ids(mapping.inputs)}, which need more than {bits} bits"
        return wrong, "there are no such IDs; where the sum wraps, others are missed"
    if mapping.outputs.stop > 1 << 24:
        wrong = f"gives the device IDs {ids(mapping.outputs)}, which need more than 24 bits"
        return wrong, "no IOMMU has these device IDs: their DMA faults"
    return None
