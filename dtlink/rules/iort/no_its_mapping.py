"""PCI functions have no way to an ITS.

What it finds: root complexes without any mapping, and requester IDs that go to an SMMU which does
not map their stream IDs to an ITS group, on a machine whose MADT has an ITS (and no GICv2m frame,
which Linux would use instead).
Why it matters: Linux finds the MSI controller of a function on the way of its ID. Where the way
ends at the SMMU, the function has no MSI domain: its driver falls back to a wired interrupt, or
fails where there is none, as is usual on Arm.
What to do: map the stream IDs to the ITS group in the SMMU's node. Where an SMMU serves nothing but
devices without MSIs, root complexes should not lead to it.
References: Arm DEN0049, SMMUv3 node; Linux, drivers/acpi/arm64/iort.c, iort_get_device_domain();
drivers/pci/msi/irqdomain.c, pci_msi_get_device_domain().
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.iort import Iort, IortNode, ItsGroup, RootComplex
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.acpi.madt import GicMsiFrame
from dtlink.links.acpi.iort_pieces import output, own_index, pieces, taken
from dtlink.links.acpi.iort_walk import SMMUS, supplier
from dtlink.links.acpi.its import its_ids
from dtlink.links.id_ranges import IdRange, MappedRange, filled, merged, within
from dtlink.records import NamedTuple
from dtlink.rules.iort._mappings import bus_ids, root_complexes, spans
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import and_more, noun

#: The stream IDs that an SMMU maps.
Served = Sequence[MappedRange[bool]]


class _Lost(NamedTuple):
    """Requester IDs of a root complex that find no ITS, and the SMMU at which they end."""

    node: RootComplex
    ids: list[IdRange]
    smmu: IortNode | None


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
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
          rc: root-complex segment=1
            map count=0xffff output_base=0x10000 output=smmu
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        APIC
          gicd version=3
          its id=0
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0x1ffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
          rc: root-complex segment=1
            map count=0xffff output_base=0x10000 output=smmu
        """
    ),
    needs=("IORT",),
)
def no_its_mapping(board: TablesBoard) -> Iterator[Finding]:
    """One finding for all."""
    table, madt = board.machine.iort, board.machine.madt
    if table is None or madt is None or not its_ids(madt, board.version):
        return
    if any(isinstance(each, GicMsiFrame) for each in madt.entries):
        return
    smmus = [node for node in table.nodes if isinstance(node, SMMUS)]
    served = {node.start: _served(table, node, board.version) for node in smmus}
    # Each of n mappings may meet each of m; no table that is meant to be used comes near its bytes.
    steps = iter(range(len(table.data)))
    losses = (_lost(board.machine, table, node, served, steps) for node in root_complexes(table))
    found = [each for each in losses if each]
    if found:
        yield _finding(found)


def _finding(found: list[_Lost]) -> Finding:
    node, ids, smmu = found[0]
    others = len(found) - 1
    like = f"{noun(others, 'is', 'are')} like it"
    more = f", {and_more(others, 'root complex', 'root complexes')} {like}" if others else ""
    way = (
        f"end at {smmu.name}, which has no mapping for their stream IDs"
        if smmu
        else "have no mapping"
    )
    return no_its_mapping.finding(
        node,
        f"requester IDs {spans(ids)} of {node.name} {way}{more}",
        property_name="mappings",
        supplier=smmu,
        related=[each.node for each in found[1:33]],
        effect="these functions have no MSIs: their drivers fall back to wired interrupts, or "
        "fail where there are none",
        fix=f"Map these stream IDs to the ITS group in {smmu.name}."
        if smmu
        else "Map them to the SMMU, or to the ITS group.",
    )


def _lost(
    machine: Machine,
    table: Iort,
    node: RootComplex,
    served: Mapping[int, Served | None],
    steps: Iterator[int],
) -> _Lost | None:
    """What a root complex loses, as far as ``steps`` go: one is taken for each part of its way."""
    ids = bus_ids(machine, node)
    if not node.mapping_count:
        return _Lost(node, ids, None)
    lost: list[IdRange] = []
    ends: list[IortNode] = []
    for span, mapping in (part for each in ids for part in within(pieces(node), each)):
        onward = served.get(mapping.output)
        if onward is None:
            continue
        first = output(mapping, span.first)
        given = IdRange(first, first if mapping.single else first + span.size - 1)
        parts = zip(steps, filled(onward, given), strict=False)
        if rest := [part.span for _, part in parts if part.value is None]:
            ends.append(table.by_offset[mapping.output])
            back = span.first - first
            lost += [span] if mapping.single else [IdRange(a + back, b + back) for a, b in rest]
    return _Lost(node, merged(lost), ends[0]) if lost else None


def _served(table: Iort, smmu: IortNode, version: KernelVersion) -> Served | None:
    """The stream IDs that an SMMU maps to ITS groups; ``None`` where its mappings are not as they
    should be, and other rules report why.
    """
    own = own_index(smmu, version)
    right = len(smmu.mappings) == smmu.mapping_count and all(
        isinstance(supplier(table, each), ItsGroup)
        and (each.single if each.entry == own else not each.single and bool(taken(each)))
        for each in smmu.mappings
    )
    all_ids = merged(piece.span for piece in pieces(smmu, version))
    return [MappedRange(each, True) for each in all_ids] if right else None
