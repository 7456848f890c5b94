"""An ITS group has no ITS, more than one, or mappings.

What it finds: groups of no id; groups of several, of which Linux uses the first only; groups with
mappings, which an ITS group cannot have.
Why it matters: an ID that is translated to a group of no ITS finds no MSI controller; Linux reads
the first id of the group in some places without looking at the count. A group with mappings is
not the end of the way: when Linux looks for the SMMU of an ID that goes to the ITS directly, it
follows the group's mappings.
What to do: one ITS id of the MADT for each group, and no mappings.
References: Arm DEN0049, ITS group node; Linux, drivers/acpi/arm64/iort.c, iort_dev_find_its_id(),
iort_set_device_domain(), iort_node_map_id().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import ItsGroup
from dtlink.rules.iort._nodes import nodes, targets
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "devices get an ITS that they did not have"),
    bad=Tables(
        """
        IORT
          its: its-group
          root-complex segment=0
            map count=0xffff output=its
        """,
        finds=("its:id_count",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          root-complex segment=0
            map count=0xffff output=its
        """
    ),
    needs=("IORT",),
)
def its_group(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each fault of a group."""
    table = board.machine.iort
    used = targets(table) if table else frozenset()
    for group in nodes(board, ItsGroup):
        if group.has("id_count") and group.id_count == 0:
            yield _empty(group, is_used=group.start in used)
        elif group.id_count > 1:
            yield _several(group)
        if group.mappings:
            yield _mapped(group)


def _empty(group: ItsGroup, *, is_used: bool) -> Finding:
    return its_group.finding(
        group,
        f"{group.name} has no ITS" + ("" if is_used else ", and no mapping leads to it"),
        property_name="id_count",
        severity=None if is_used else Severity.INFO,
        effect='"requested ITS ID index [0] overruns ITS entries [0]": the devices whose IDs '
        "lead here get no MSIs"
        if is_used
        else "none: nothing leads to it",
        fix=_fix(group),
    )


def _fix(group: ItsGroup) -> Fix | str:
    """With an edit where the group has the bytes of one ID that is not counted."""
    text = "List the ID that the MADT gives to the ITS, or remove the group."
    has_one = group.end - group.start - group.SIZE == 4 and not group.mapping_count
    return Fix.setting(text, (group, "id_count", 1)) if has_one else text


def _several(group: ItsGroup) -> Finding:
    return its_group.finding(
        group,
        f"{group.name} has {group.id_count} ITSs",
        property_name="id_count",
        severity=Severity.INFO,
        effect="Linux gives all devices of the group the first ITS; the others serve none of them",
        fix="To spread the devices, write one group for each ITS, and mappings to each.",
    )


def _mapped(group: ItsGroup) -> Finding:
    return its_group.finding(
        group,
        f"{group.name} has {len(group.mappings)} mappings; an ITS group translates nothing",
        property_name="mapping_count",
        severity=Severity.WARNING,
        effect="Linux follows them when it looks for the SMMU of an ID that leads here, and "
        "may thus find one that does not serve the device",
        fix="Set mapping_count and mapping_offset to 0, and move the mappings to the node that "
        "they belong to.",
    )
