"""A mapping is single where it cannot be, or is not where it has to be.

What it finds: the single mapping flag on an SMMU's mappings (an SMMUv3's for its own interrupts
aside); on a root complex before other mappings; and with a count that is not 0. A performance
counter (PMCG) without wired interrupt whose mapping lacks the flag.
Why it matters: a single mapping has one output, whatever the ID. Linux skips it on an SMMU: the
devices whose stream IDs it was to map get no MSIs. On a root complex it takes every requester ID,
so that the mappings after it are never used. A counter has no ID, and no interrupt by a range. A
count has no effect in Linux; Windows on Arm requires 0.
What to do: give an SMMU ranges and a counter a single mapping; put a root complex' single mapping
last; write the count 0.
References: Arm DEN0049, ID mapping, flags; Linux, drivers/acpi/arm64/iort.c, iort_id_map(),
iort_set_device_domain(); drivers/perf/arm_smmuv3_pmu.c, smmu_pmu_setup_irq(); edk2-nvidia,
commit a7a4298f (Windows).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import IdMapping, Iort, IortNode, ItsGroup, Pmcg, RootComplex
from dtlink.links.acpi.iort_pieces import own_index, pieces
from dtlink.links.acpi.iort_walk import SMMUS, supplier
from dtlink.rules.iort._mappings import entries, verb
from dtlink.rules.iort._nodes import listed, nodes
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule
from dtlink.wording import counted

_SKIPPED = (
    '"ACPI: IORT: [Firmware Bug]: [map …] SINGLE MAPPING flag not allowed for node type {}, '
    "skipping "
    'ID map", at each ID that is looked up'
)


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "whether the flag or the count is wrong is known to the firmware only"),
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 pri_gsiv=75 gerr_gsiv=77 sync_gsiv=76
            map flags=1 output=its
          root-complex segment=0
            map count=0xffff output=smmu
        """,
        finds=("smmu:mappings",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 pri_gsiv=75 gerr_gsiv=77 sync_gsiv=76
            map count=0xffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
        """
    ),
    needs=("IORT",),
)
def single_mapping(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node, and one for all counts of the table."""
    table = board.machine.iort
    if table is None:
        return
    ranges: list[IdMapping] = []
    for node in table.nodes:
        singles = [each for each in node.mappings if each.single]
        if isinstance(node, SMMUS):
            own = own_index(node, board.version)
            skipped = [each for each in singles if each.entry != own]
            if skipped:
                ranges += skipped
                yield _skipped(board, table, node, skipped)
        elif isinstance(node, RootComplex) and singles:
            behind = node.mappings[singles[0].entry + 1 :]
            if behind:
                yield _hidden(node, singles[0], behind)
        elif isinstance(node, Pmcg) and own_index(node) == 0 and node.mappings and not singles:
            yield _ranged(node)
    counted = [each for each in _singles(board) if each.count]
    if counted:
        yield _counted(table, counted, ranges)


def _singles(board: TablesBoard) -> Iterator[IdMapping]:
    for node in nodes(board, IortNode):
        yield from (each for each in node.mappings if each.single)


def _skipped(
    board: TablesBoard, table: Iort, node: IortNode, skipped: Sequence[IdMapping]
) -> Finding:
    used = [each.value for each in pieces(node, board.version)]
    # Where a mapping leads to no ITS anyway, the flag takes nothing from anybody.
    was_one, is_one = (
        any(isinstance(supplier(table, each), ItsGroup) for each in some)
        for some in (skipped, used)
    )
    none_left = was_one and not is_one
    return single_mapping.finding(
        skipped[0],
        f"{entries(skipped)} of {node.name} {verb(skipped, 'is', 'are')} single, but an "
        f"SMMU needs ranges for the devices behind it",
        property_name="flags",
        severity=Severity.ERROR if none_left else None,
        effect=_SKIPPED.format(node.type)
        + (": what is behind it gets no MSIs" if none_left else ""),
        fix=_as_ranges(skipped),
    )


def _as_ranges(skipped: Sequence[IdMapping]) -> Fix | str:
    """With edits where the entries have a count, as a range has."""
    text = (
        "Write a range of stream IDs, with flags 0; for the interrupts of the SMMUv3 itself, "
        "point device_id_index to the entry."
    )
    if not all(each.count for each in skipped):
        return text
    flags = ((each, "flags", each.flags & ~1) for each in skipped)
    # IDs that the ranges leave out are looked at then.
    return Fix.setting(text, *flags)._replace(reveals=True)


def _hidden(node: RootComplex, single: IdMapping, behind: Sequence[IdMapping]) -> Finding:
    return single_mapping.finding(
        single,
        f"mappings[{single.entry}] of {node.name} is single, and takes every requester ID before "
        f"{entries(behind)}",
        property_name="flags",
        effect=f"Linux never uses {entries(behind)}; all functions that no entry before it "
        "has "
        f"get the one ID {single.output_base:#x}",
        fix="Move the single mapping to the end, or make it a range.",
    )


def _ranged(node: Pmcg) -> Finding:
    return single_mapping.finding(
        node.mappings[0],
        f"mappings[0] of {node.name}, for its overflow interrupt, is a range instead of a "
        f"single mapping",
        property_name="flags",
        effect='"ACPI: IORT: [Firmware Bug]: [node … type 5] Invalid MSI mapping", "Setup '
        'irq failed, PMU @…": the driver gives up, and perf lacks the counters',
        fix=_as_single(node.mappings[0]),
    )


def _as_single(mapping: IdMapping) -> Fix | str:
    """With an edit where the range has one ID, so that its DeviceID is known."""
    text = "Set flags to 1, count to 0, and output_base to the DeviceID of the counter."
    return text if mapping.count else Fix.setting(text, (mapping, "flags", mapping.flags | 1))


def _counted(table: Iort, those: Sequence[IdMapping], ranges: Collection[IdMapping]) -> Finding:
    names = listed(list(dict.fromkeys(each.owner.name for each in those if each.owner)))
    return single_mapping.finding(
        table,
        f"{counted(len(those), 'single mapping')} {verb(those, 'has', 'have')} a "
        f"count that is not 0: {names}",
        severity=Severity.INFO,
        effect="none in Linux, which ignores the count of a single mapping; Windows on Arm "
        "requires 0",
        fix=_without_count(those, ranges),
    )


def _without_count(those: Sequence[IdMapping], ranges: Collection[IdMapping]) -> Fix | str:
    """With edits where none of the entries is to become a range."""
    text = "Set count to 0, or clear the flag of the range."
    if ranges:
        return text
    return Fix.setting(text, *((each, "count", 0) for each in those))
