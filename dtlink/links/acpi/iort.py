"""The links of an IORT: root complexes and named components to SMMUs and interrupt services.

Each mapping of a node to another is a link; what goes on from an SMMU to an ITS is one more, of
the consumer behind the SMMU. Sources: Arm DEN0049; Linux, drivers/acpi/arm64/iort.c.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from dtlink.facts.behaviours import READS_IWB, READS_RMR
from dtlink.facts.binding import SupplierBinding
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.acpi.iort import (
    IdMapping,
    Iort,
    IortNode,
    ItsGroup,
    Iwb,
    NamedComponent,
    Pmcg,
    Rmr,
    RootComplex,
    Smmu,
    SmmuV3,
)
from dtlink.links.acpi.iort_pieces import IDS, output, own_index, pieces
from dtlink.links.acpi.iort_walk import SMMUS, component_ids, component_msi, supplier
from dtlink.links.acpi.link import TableLink, row
from dtlink.links.id_ranges import REQUESTER_IDS, IdRange, MappedRange, within
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine

IOMMU = row("iort-iommu", "IOMMU")
MSI = row("iort-msi", "MSI controller")
BEHIND = row("iort-behind", "MSI controller of the devices behind it", orders=False)
OWN_MSI = row("iort-own-msi", "MSI controller of its own interrupts")
COUNTED = row("iort-counts-for", "what it counts for", orders=False)
RESERVED = row("iort-reservation", "IOMMU at which the ranges are reserved", orders=False)

ILLEGAL = row("iort-illegal", "a node that can be no target")

Kinds = tuple[type[IortNode], ...]
#: Whom the mappings of each kind of node may name. An ITS group has none.
TARGETS: dict[type[IortNode], Kinds] = {
    RootComplex: (ItsGroup, *SMMUS),
    NamedComponent: (ItsGroup, *SMMUS),
    Smmu: (ItsGroup,),
    SmmuV3: (ItsGroup,),
    Pmcg: (ItsGroup,),
    Rmr: SMMUS,
    Iwb: (ItsGroup,),
}

#: The first table revision whose RMR nodes Linux reads (iort_find_rmrs()).
RMR_SINCE = 5
NO_IWB = f"Linux before {READS_IWB.since} does not use IWB nodes"
NO_RMR = f"Linux before {READS_RMR.since} does not read RMR nodes"

# Why Linux does not use an entry.
RANGE = "Linux has no input ID for a platform device, and takes single mappings only"
BEHIND_RANGE = "Linux ends its search at an entry before it"
SECOND = "Linux takes the first root complex of a segment"
SECOND_ITS = "Linux takes the first way to an ITS"
TAKEN = "earlier entries take all of its IDs"
WRAPS = "its last ID has more than 32 bits"
NO_REQUESTER = "no requester ID has more than 16 bits"
NULL_FIRST = "the node's first entry names no node, and Linux reads no further"
SINGLE = "Linux skips single mappings of such a node"
OLD_RMR = "Linux reads RMR nodes of tables from revision 5 on"
WIRED = "its interrupt is wired"
NOT_SINGLE = "Linux takes a single mapping only"
STRAY = "no such node can be a target"


def links(machine: Machine, version: KernelVersion = DEFAULT) -> Iterator[TableLink]:
    """The links of a machine's IORT, not more of them than the table has bytes.

    (Each of n entries may meet each of m behind an SMMU, but in no table that is meant to be used.)
    """
    table = machine.iort
    if table is not None:
        yield from islice(_links(table, version), len(table.data))


def _links(table: Iort, version: KernelVersion) -> Iterator[TableLink]:
    segments: set[int] = set()
    for node in table.nodes:
        if isinstance(node, RootComplex):
            second = SECOND if node.segment in segments else ""
            yield from _root_complex(table, node, version, second)
            segments.add(node.segment)
        elif isinstance(node, NamedComponent):
            yield from _component(table, node, version)
        elif isinstance(node, SMMUS):
            yield from _smmu(table, node, version)
        elif isinstance(node, Pmcg):
            yield from _pmcg(table, node)
        else:
            yield from _other(table, node, version)
        yield from _illegal(table, node)


def _illegal(table: Iort, node: IortNode) -> Iterator[TableLink]:
    """The entries that name a node of a kind that they may not: Linux follows some of them."""
    legal = TARGETS.get(type(node), ())
    for mapping in node.mappings:
        target = supplier(table, mapping)
        if target is not None and not isinstance(target, legal):
            yield _table_link(node, target, ILLEGAL, mapping, STRAY)


def _root_complex(
    table: Iort, node: RootComplex, version: KernelVersion, why_not: str
) -> Iterator[TableLink]:
    used = {piece.value.entry for piece in within(pieces(node), REQUESTER_IDS)}
    for mapping in node.mappings:
        reason = why_not or ("" if mapping.entry in used else _unused(node, mapping))
        yield from _requester(table, node, mapping, version, reason, reason)


def _unused(node: IortNode, mapping: IdMapping) -> str:
    """Why Linux takes no ID by an entry."""
    if node.mappings[0].output == 0:
        return NULL_FIRST
    if not mapping.single and mapping.inputs.stop > IDS:
        return WRAPS
    if (
        isinstance(node, RootComplex)
        and not mapping.single
        and mapping.input_base > REQUESTER_IDS.last
    ):
        return NO_REQUESTER
    return TAKEN


def _component(table: Iort, node: NamedComponent, version: KernelVersion) -> Iterator[TableLink]:
    used = {walked.steps[0].mapping.entry for walked in component_ids(table, node, version)}
    msi = component_msi(table, node, version)
    for mapping in node.mappings:
        iommu_reason = msi_reason = "" if mapping.single else RANGE
        if mapping.single and mapping.entry not in used:
            iommu_reason = BEHIND_RANGE
        if mapping.single and msi is not None and mapping is not msi:
            msi_reason = SECOND_ITS
        yield from _requester(table, node, mapping, version, iommu_reason, msi_reason)


def _requester(
    table: Iort,
    node: IortNode,
    mapping: IdMapping,
    version: KernelVersion,
    iommu_reason: str,
    msi_reason: str,
) -> Iterator[TableLink]:
    """The link of an entry and, where it goes to an SMMU, those to the services behind that."""
    target = supplier(table, mapping)
    if isinstance(target, ItsGroup):
        yield _table_link(node, target, MSI, mapping, msi_reason)
    elif isinstance(target, SMMUS):
        yield _table_link(node, target, IOMMU, mapping, iommu_reason)
        services = _to_services(table, target, version)
        yield from _through(table, node, mapping, target, services, msi_reason)


def _through(
    table: Iort,
    node: IortNode,
    mapping: IdMapping,
    smmu: IortNode,
    services: Sequence[MappedRange[IdMapping]],
    why_not: str,
) -> Iterator[TableLink]:
    """The MSIs of what is behind an SMMU: where the stream IDs of both entries meet."""
    given = IdRange(mapping.outputs[0], mapping.outputs[-1])
    back = mapping.input_base - mapping.output_base
    for (first, last), onward in within(services, given):
        inputs = range(0) if mapping.single else range(first + back, last + back + 1)
        target = table.by_offset[onward.output]
        yield TableLink(node, target, MSI, mapping, inputs, output(onward, first), smmu, why_not)


@lru_cache(maxsize=512)
def _to_services(
    table: Iort, node: IortNode, version: KernelVersion
) -> Sequence[MappedRange[IdMapping]]:
    """The pieces of a node that go to an ITS."""
    return [each for each in pieces(node, version) if _is_msi(table, each.value)]


def _is_msi(table: Iort, mapping: IdMapping) -> bool:
    return isinstance(supplier(table, mapping), ItsGroup)


def _smmu(table: Iort, node: IortNode, version: KernelVersion) -> Iterator[TableLink]:
    own = own_index(node, version)
    used = {piece.value.entry for piece in pieces(node, version)}
    for mapping in node.mappings:
        target = supplier(table, mapping)
        if not isinstance(target, ItsGroup):
            continue
        if mapping.entry == own:
            yield _table_link(node, target, OWN_MSI, mapping, "" if mapping.single else NOT_SINGLE)
        else:
            unused = SINGLE if mapping.single else _unused(node, mapping)
            yield _table_link(
                node, target, BEHIND, mapping, "" if mapping.entry in used else unused
            )


def _pmcg(table: Iort, node: Pmcg) -> Iterator[TableLink]:
    counted = table.by_offset.get(node.reference)
    if counted is not None and isinstance(counted, (*SMMUS, RootComplex, NamedComponent)):
        yield TableLink(node, counted, COUNTED, node)
    for mapping in node.mappings[:1]:
        target = supplier(table, mapping)
        if isinstance(target, ItsGroup):
            reason = WIRED if node.overflow_gsiv else "" if mapping.single else NOT_SINGLE
            yield _table_link(node, target, OWN_MSI, mapping, reason)


def _other(table: Iort, node: IortNode, version: KernelVersion) -> Iterator[TableLink]:
    """Reserved ranges, and wire bridges."""
    for mapping in node.mappings:
        target = supplier(table, mapping)
        if isinstance(node, Rmr) and isinstance(target, SMMUS):
            reason = "" if table.revision >= RMR_SINCE else OLD_RMR
            reason = reason if READS_RMR.on(version) else NO_RMR
            yield _table_link(node, target, RESERVED, mapping, reason)
        elif isinstance(node, Iwb) and isinstance(target, ItsGroup):
            unread = "" if READS_IWB.on(version) else NO_IWB
            yield _table_link(node, target, MSI, mapping, unread)


def _table_link(
    node: IortNode, target: IortNode, binding: SupplierBinding, mapping: IdMapping, why_not: str
) -> TableLink:
    inputs = range(0) if mapping.single else mapping.inputs
    return TableLink(node, target, binding, mapping, inputs, mapping.output_base, None, why_not)
