"""ITSs and ITS groups do not match one to one.

What it finds: ITS groups without an ITS; ITSs that are in two groups, or twice in one; ITSs of
the MADT that are in no group, where there is an IORT.
Why it matters: an ITS group is the set of ITSs to which a device may send its MSIs. An ITS in two
groups would have two devices of one device ID; one in no group serves no device of the tables.
What to do: list each ITS of the MADT in one ITS group.
References: BSA rules ITS_01 and ITS_02; Arm DEN0049, ITS group node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.bsa import ITS_IN_GROUP, ONE_GROUP
from dtlink.firmware.acpi.iort import ItsGroup
from dtlink.firmware.acpi.madt import GicIts
from dtlink.rules.bsa._words import breaks
from dtlink.rules.iort._nodes import listed, nodes
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import noun


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        APIC
          gicd version=3
          its id=0
        IORT
          its-group ids=0
          second: its-group ids=0
        """,
        finds=("second:ids",),
    ),
    good=Tables(
        """
        APIC
          gicd version=3
          its id=0
          its id=1
        IORT
          its-group ids=0
          second: its-group ids=1
        """
    ),
    since="0.2",
    needs=("IORT",),
)
def its_group(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each group that breaks a rule, and one for the ITSs of the MADT."""
    if board.machine.iort is None:
        return
    seen: dict[int, ItsGroup] = {}
    for group in nodes(board, ItsGroup):
        if group.has("id_count") and group.id_count == 0:
            yield _empty(group)
        again = [each for each in group.ids if seen.setdefault(each, group) is not group]
        twice = [each for each, times in Counter(group.ids).items() if times > 1]
        if again or twice:
            yield _repeated(group, again or twice, seen)
    yield from _left_out(board, seen)


def _empty(group: ItsGroup) -> Finding:
    return its_group.finding(
        group,
        f"{group.name} has no ITS",
        property_name="id_count",
        effect=breaks(ITS_IN_GROUP),
        fix="List the ID that the MADT gives to the ITS, or remove the group.",
    )


def _repeated(group: ItsGroup, ids: list[int], seen: dict[int, ItsGroup]) -> Finding:
    other = seen[ids[0]]
    where = "is twice in this group" if other is group else f"is also in {other.name}"
    return its_group.finding(
        group,
        f"{group.name}: ITS {listed([str(each) for each in ids])} {where}",
        property_name="ids",
        related=() if other is group else (other,),
        effect=breaks(ONE_GROUP),
        fix="List each ITS once, in one group.",
    )


def _left_out(board: TablesBoard, seen: dict[int, ItsGroup]) -> Iterator[Finding]:
    madt = board.machine.madt
    entries = [each for each in madt.entries if isinstance(each, GicIts)] if madt else []
    lost = [each for each in entries if each.id not in seen]
    if lost:
        yield its_group.finding(
            lost[0],
            f"{noun(len(lost), 'ITS', 'ITSs')} {listed([str(each.id) for each in lost])} of the "
            f"MADT {noun(len(lost), 'is', 'are')} in no ITS group of the IORT",
            property_name="id",
            effect=f"{breaks(ONE_GROUP)}; no device uses "
            f"{noun(len(lost), 'this ITS', 'these ITSs')} under Linux",
            fix="Add the ID to an ITS group, or a group for it.",
        )
