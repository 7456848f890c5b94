"""An ITS group names an ITS that the MADT does not have.

What it finds: ids of ITS groups that no GIC ITS entry of the MADT has, nor a GICv5 ITS translate
frame (which Linux reads since 7.0), where there is a MADT.
Why it matters: Linux knows the ITSs from the MADT. An ID that is translated to one that is not
there gets no MSI domain: no message says so, and the devices fall back to wired interrupts, to
the GICv2m frames of the MADT if it has any, or their drivers fail.
What to do: the id that the MADT gives to the ITS. On a machine without ITS, no ITS group, and no
mapping to one.
References: ACPI specification, 5.2.12, GIC ITS structure; Arm DEN0049, ITS group node; Linux,
drivers/acpi/arm64/iort.c, iort_get_device_domain(); drivers/irqchip/irq-gic-v2m.c;
drivers/irqchip/irq-gic-v5-its.c, gic_acpi_parse_madt_its_translate().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.behaviours import READS_TRANSLATE_FRAMES
from dtlink.firmware.acpi.iort import ItsGroup
from dtlink.firmware.acpi.madt import GicMsiFrame
from dtlink.links.acpi.its import its_ids
from dtlink.rules.iort._nodes import listed, nodes, targets
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        APIC
          gicd version=3
          its id=1
        IORT
          its: its-group ids=0
          root-complex segment=0
            map count=0xffff output=its
        """,
        finds=("its:ids",),
    ),
    good=Tables(
        """
        APIC
          gicd version=3
          its id=1
        IORT
          its: its-group ids=1
          root-complex segment=0
            map count=0xffff output=its
        """
    ),
    needs=("IORT",),
)
def its_not_in_madt(board: TablesBoard) -> Iterator[Finding]:
    """One finding a group."""
    table, madt = board.machine.iort, board.machine.madt
    if table is None or madt is None:
        return
    used = targets(table)
    known = its_ids(madt, board.version)
    there = listed([str(each) for each in sorted(known)])
    frames = any(isinstance(each, GicMsiFrame) for each in madt.entries)
    for group in nodes(board, ItsGroup):
        missing = [each for each in group.ids if each not in known]
        if missing and madt.frame_ids.issuperset(missing):
            yield _unread(group)
        elif missing:
            # Linux asks for the first id of a group only.
            is_used = group.start in used and missing[0] == group.ids[0]
            yield _finding(group, missing, there, is_used=is_used, frames=frames)


def _finding(
    group: ItsGroup, missing: list[int], there: str, *, is_used: bool, frames: bool
) -> Finding:
    return its_not_in_madt.finding(
        group,
        f"{group.name}: the MADT has no ITS {listed([str(each) for each in missing])}, "
        + (f"only ITS {there}" if there else "and no other"),
        property_name="ids",
        severity=None if is_used and not frames else Severity.INFO,
        effect=_consequence(is_used=is_used, frames=frames),
        fix="List the ID that the MADT gives to the ITS."
        if there
        else "Remove the ITS group and the mappings to it, or add the ITS to the MADT.",
    )


def _unread(group: ItsGroup) -> Finding:
    since = READS_TRANSLATE_FRAMES.since
    return its_not_in_madt.finding(
        group,
        f"{group.name} is a GICv5 translate frame, which Linux reads since {since}",
        property_name="ids",
        severity=Severity.INFO,
        effect=f"Linux before {since} does not start on a GICv5 with ACPI",
        fix=f"No change is needed for Linux {since} and later.",
    )


def _consequence(*, is_used: bool, frames: bool) -> str:
    if not is_used:
        return "none in Linux: no mapping leads there, or the group has an ITS before it"
    if frames:
        return "Linux finds no ITS, and uses the GICv2m frames of the MADT for PCI devices instead"
    return "the devices whose IDs lead here get no MSI domain: no MSIs, and no message"
