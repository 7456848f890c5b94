"""The count of an ID mapping is one too many.

What it finds: a range whose last ID is the first of another range of the node, as it is where the
count is the number of IDs; it should be one less. And ranges of a root complex that end at 0x10000,
the first number that is no requester ID.
Why it matters: the specification leaves open who has the ID that two ranges share. Linux complains
each time it looks the ID up, and lets the range that begins with it have it; kernels older than
this workaround (of 2020), and other systems, send it by the first range, to the wrong SMMU or ITS:
the first function of a bus loses its DMA or its interrupts.
What to do: write the number of IDs less one.
References: Arm DEN0049, ID mapping, number of IDs; Linux, drivers/acpi/arm64/iort.c, iort_id_map().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import IdMapping, IortNode, NamedComponent, RootComplex
from dtlink.links.id_ranges import REQUESTER_IDS
from dtlink.rules.iort._nodes import listed, nodes
from dtlink.rules.iort._overlaps import Overlap, overlaps
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule
from dtlink.wording import and_more


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "what the last ID of the range is for is known to the firmware only"),
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          rc: root-complex segment=0
            map count=0x100 output=smmu
            map input_base=0x100 count=0xfeff output_base=0x100 output=its
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          rc: root-complex segment=0
            map count=0xff output=smmu
            map input_base=0x100 count=0xfeff output_base=0x100 output=its
        """
    ),
    needs=("IORT",),
)
def off_by_one(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node."""
    for node in nodes(board, IortNode):
        shared = [each for each in overlaps(node, board.version) if each.slipped]
        # The worst first: where Linux needs its workaround.
        shared.sort(key=lambda each: not _needs_workaround(each))
        beyond = [each for each in node.mappings if _ends_beyond(node, each)]
        if shared:
            yield _shared(node, shared, beyond)
        elif beyond:
            yield _beyond(node, beyond)


def _needs_workaround(overlap: Overlap) -> bool:
    """Whether the range that is too long is first, and the ID has another output there."""
    return overlap.slipped is overlap.first and not overlap.agrees


def _ends_beyond(node: IortNode, mapping: IdMapping) -> bool:
    last = mapping.inputs[-1]
    is_range = mapping.count and not mapping.single
    return isinstance(node, RootComplex) and bool(is_range) and last == REQUESTER_IDS.last + 1


def _shared(node: IortNode, shared: Sequence[Overlap], beyond: Sequence[IdMapping]) -> Finding:
    worst = shared[0]
    long = worst.slipped or worst.first
    other = worst.second if long is worst.first else worst.first
    wrong = [each.slipped for each in shared if each.slipped] + list(beyond)
    more = f", {and_more(len(wrong) - 1)} are like this" if len(wrong) > 1 else ""
    severity, consequence = _outcome(node, worst)
    return off_by_one.finding(
        long,
        f"mappings[{long.entry}] of {node.name} ends with ID {worst.ids.first:#x}, where "
        f"mappings[{other.entry}] begins{more}: count seems to be the number of IDs, but must be "
        f"one less",
        property_name="count",
        severity=severity,
        effect=consequence,
        fix=_fix(node, wrong),
    )


def _fix(node: IortNode, wrong: Sequence[IdMapping]) -> Fix:
    """With edits unless another range begins with the ID that is then the last."""
    from dtlink.firmware.edits import set_field

    once = {each.entry: each for each in wrong}
    told = [f"mappings[{at}] to {each.count - 1:#x}" for at, each in once.items()]
    ranges = [each for each in node.mappings if not each.single]
    counts = {each.entry: each.count - (each.entry in once) for each in ranges}
    first = {each.input_base for each in ranges}
    if any(counts[each.entry] and each.inputs[counts[each.entry]] in first for each in ranges):
        return Fix(f"Set count of {listed(told)}.")
    edits = tuple(set_field(each, "count", each.count - 1) for each in once.values())
    return Fix(f"Set count of {listed(told)}.", edits)


def _outcome(node: IortNode, worst: Overlap) -> tuple[Severity, str]:
    ident = f"{worst.ids.first:#x}"
    if isinstance(node, NamedComponent):
        return Severity.INFO, "none on Linux, which has no input ID for a platform device"
    if worst.slipped is worst.second:
        return Severity.INFO, (
            f"none: mappings[{worst.first.entry}] is first, and has ID {ident}, as was meant"
        )
    told = (
        f'"ACPI: IORT: [Firmware Bug]: [map …] conflicting mapping for input ID {ident}", '
        '"applying workaround"'
    )
    if worst.agrees:
        return Severity.INFO, f"{told}, each time; both give the ID the same output"
    return Severity.WARNING, (
        f"{told}: Linux sends ID {ident} by mappings[{worst.second.entry}]; systems without this "
        f"workaround by mappings[{worst.first.entry}], to the wrong place"
    )


def _beyond(node: IortNode, beyond: Sequence[IdMapping]) -> Finding:
    first = beyond[0]
    return off_by_one.finding(
        first,
        f"mappings[{first.entry}] of {node.name} ends with ID {first.inputs[-1]:#x}, but "
        f"requester IDs have 16 bits: count seems to be the number of IDs, but must be one less",
        property_name="count",
        severity=Severity.INFO,
        effect="none by itself: no function has this ID",
        fix=_fix(node, beyond),
    )
