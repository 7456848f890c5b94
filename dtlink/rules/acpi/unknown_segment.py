"""A PCI segment is not in the MCFG.

What it finds: root complexes of an IORT and a RIMT, and PCIe IOMMUs of a RIMT, on a segment without
an entry in the MCFG, if there is an MCFG.
Why it matters: Linux finds the configuration space of a segment in the MCFG, or where the host
bridge gives its address (_CBA). Without either the segment's devices are not found, and the node is
unused. A PCIe IOMMU that is not found never probes, and its devices wait for it. Often the number
is wrong: then the mappings are missing on the right segment.
What to do: write the segment's number as the MCFG and _SEG have it, or add an entry to the MCFG.
References: PCI Firmware specification, 4.1.2; Arm DEN0049, root complex node, PCI segment number;
RISC-V IO Mapping Table specification, PCIe segment number; Linux, drivers/acpi/pci_mcfg.c,
pci_mcfg_lookup(); arch/arm64/kernel/pci.c; drivers/acpi/riscv/rimt.c, rimt_match_node_callback().
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.layout import Struct
from dtlink.rules.acpi._effects import MOST_RELATED, Effect, effect_of, listed
from dtlink.rules.acpi._rows import CheckedTable, SegmentRows, checked_tables
from dtlink.rules.model import Example, Finding, Fix, Safety, Severity, Tables, rule

#: How many segments of the MCFG a message names.
_SHOWN = 8
_DEFAULT: Effect[Struct] = Effect("there are no such devices")


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "the host bridge may have the segment without an entry of the MCFG"),
    examples=(
        Example(
            about="IORT",
            bad=Tables(
                """
                IORT
                  its: its-group ids=0
                  rc: root-complex segment=1
                    map count=0xffff output=its
                MCFG
                  allocation base=0x4010000000 segment=0
                """,
                finds=("rc:segment",),
            ),
            good=Tables(
                """
                IORT
                  its: its-group ids=0
                  rc: root-complex segment=0
                    map count=0xffff output=its
                MCFG
                  allocation base=0x4010000000 segment=0
                """
            ),
        ),
        Example(
            about="RIMT",
            bad=Tables(
                """
                MCFG
                  allocation base=0x30000000 segment=0
                RIMT
                  iommu: iommu id=0 flags=1 segment=1 function=8 hardware_id="00101400"
                  root-complex id=1 segment=0
                    map source_base=0x100 count=0xff00 output_base=0x100 output=iommu
                """,
                finds=("iommu:segment",),
            ),
            good=Tables(
                """
                MCFG
                  allocation base=0x30000000 segment=0
                RIMT
                  iommu: iommu id=0 flags=1 segment=0 function=8 hardware_id="00101400"
                  root-complex id=1 segment=0
                    map source_base=0x100 count=0xff00 output_base=0x100 output=iommu
                """
            ),
        ),
    ),
)
def unknown_segment(board: TablesBoard) -> Iterator[Finding]:
    """One finding a structure, or one for all of a table."""
    mcfg = board.machine.mcfg
    for checked in checked_tables(board) if mcfg else ():
        known = mcfg.segments if mcfg else frozenset()
        for rows in checked.rows.segments:
            those = rows.among(checked.table)
            absent = [each for each in those if getattr(each, "segment", 0) not in known]
            for some in [absent] if rows.together and absent else [[each] for each in absent]:
                # An MCFG without entries says nothing about a single structure.
                if known or rows.together:
                    used = {getattr(each, "segment", 0) for each in those}
                    yield _finding(checked, rows, some, sorted(known), known - used)


def _finding(
    checked: CheckedTable,
    rows: SegmentRows,
    some: Sequence[Struct],
    known: Sequence[int],
    unused: Collection[int],
) -> Finding:
    has = f"has {listed(list(map(str, known)), _SHOWN)}" if known else "has no entry"
    numbers = dict.fromkeys(str(getattr(each, "segment", 0)) for each in some)
    effect = effect_of(rows.effects, some[0], checked.version, _DEFAULT)
    noun = "segment" if len(numbers) == 1 else "segments"
    return unknown_segment.finding(
        some[0],
        f"{noun} {listed(list(numbers))} of {listed([each.name for each in some])} "
        f"{'is' if len(numbers) == 1 else 'are'} not in the MCFG, which {has}",
        property_name="segment",
        related=some[1 : MOST_RELATED + 1],
        likely=rows.likely,
        effect=effect.of(some[0]),
        fix=_fix(some, unused),
        severity=effect.severity,
        alias=checked.alias(unknown_segment.id),
    )


def _fix(some: Sequence[Struct], unused: Collection[int]) -> Fix | str:
    """With an edit for one structure, where one segment has none."""
    text = "Set segment to the number that the MCFG and _SEG have, or add it to the MCFG."
    if len(some) != 1 or len(unused) != 1:
        return text
    # The mappings are then those of a segment that there is.
    return Fix.setting(text, (some[0], "segment", min(unused)))._replace(reveals=True)
