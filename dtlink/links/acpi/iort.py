"""The links of an IORT: root complexes and named components to SMMUs and interrupt services.

Each mapping of a node to another is a link; what goes on from an SMMU to an ITS is one more, of
the consumer behind the SMMU. Sources: Arm DEN0049; Linux 6.12, drivers/acpi/arm64/iort.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dtlink.firmware.acpi.iort import (
    Iort,
    IortNode,
    ItsGroup,
    Iwb,
    Mapping,
    NamedComponent,
    Pmcg,
    Rmr,
    RootComplex,
)
from dtlink.links.acpi.iort_walk import (
    SMMUS,
    component_ids,
    own_index,
    supplier,
    usable,
)
from dtlink.links.acpi.link import Told, row
from dtlink.links.binding import SupplierBinding

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine

IOMMU = row("iort-iommu", "IOMMU")
MSI = row("iort-msi", "MSI controller")
BEHIND = row("iort-behind", "MSI controller of the devices behind it", orders=False)
OWN_MSI = row("iort-own-msi", "MSI controller of its own interrupts")
COUNTED = row("iort-counts-for", "what it counts for", orders=False)
RESERVED = row("iort-reservation", "IOMMU at which the ranges are reserved", orders=False)

#: The first table revision whose RMR nodes Linux reads (iort_find_rmrs()).
RMR_SINCE = 5

# Why Linux does not use an entry.
RANGE = "Linux has no input ID for a platform device, and takes single mappings only"
BEHIND_RANGE = "Linux ends its search at an entry before it"
SECOND = "Linux takes the first root complex of a segment"
TAKEN = "earlier entries take all of its IDs"
SINGLE = "Linux skips single mappings of such a node"
OLD_RMR = "Linux reads RMR nodes of tables from revision 5 on"
WIRED = "its interrupt is wired"
NOT_SINGLE = "Linux takes a single mapping only"


def links(machine: Machine) -> Iterator[Told]:
    """The links of a machine's IORT."""
    table = machine.iort
    if table is None:
        return
    segments: set[int] = set()
    for node in table.nodes:
        if isinstance(node, RootComplex):
            yield from _root_complex(table, node, SECOND if node.segment in segments else "")
            segments.add(node.segment)
        elif isinstance(node, NamedComponent):
            yield from _component(table, node)
        elif isinstance(node, SMMUS):
            yield from _smmu(table, node)
        elif isinstance(node, Pmcg):
            yield from _pmcg(table, node)
        else:
            yield from _other(table, node)


def _root_complex(table: Iort, node: RootComplex, why_not: str) -> Iterator[Told]:
    for mapping in node.mappings:
        reason = why_not or (TAKEN if _is_taken(node, mapping) else "")
        yield from _requester(table, node, mapping, reason)


def _component(table: Iort, node: NamedComponent) -> Iterator[Told]:
    used = {walked.steps[0].mapping.entry for walked in component_ids(table, node)}
    for mapping in node.mappings:
        reason = "" if mapping.single else RANGE
        if mapping.single and mapping.entry not in used and not _is_msi(table, mapping):
            reason = BEHIND_RANGE
        yield from _requester(table, node, mapping, reason)


def _is_msi(table: Iort, mapping: Mapping) -> bool:
    return isinstance(supplier(table, mapping), ItsGroup)


def _is_taken(node: IortNode, mapping: Mapping) -> bool:
    """Whether one earlier entry takes all that this one would."""
    return any(
        earlier.single
        or (
            not mapping.single
            and earlier.inputs.start <= mapping.inputs.start
            and mapping.inputs.stop <= earlier.inputs.stop
            and mapping.inputs.start != earlier.inputs[-1]
        )
        for earlier in node.mappings[: mapping.entry]
    )


def _requester(table: Iort, node: IortNode, mapping: Mapping, why_not: str) -> Iterator[Told]:
    """The link of an entry and, where it goes to an SMMU, those to the services behind that."""
    target = supplier(table, mapping)
    if isinstance(target, ItsGroup):
        yield _told(node, target, MSI, mapping, why_not)
    elif isinstance(target, SMMUS):
        yield _told(node, target, IOMMU, mapping, why_not)
        yield from _through(table, node, mapping, target, why_not)


def _through(
    table: Iort, node: IortNode, mapping: Mapping, smmu: IortNode, why_not: str
) -> Iterator[Told]:
    """The MSIs of what is behind an SMMU: where the stream IDs of both entries meet."""
    outputs = mapping.outputs
    for onward in usable(smmu):
        target = supplier(table, onward)
        both = range(max(outputs.start, onward.inputs.start), min(outputs.stop, onward.inputs.stop))
        if isinstance(target, ItsGroup) and both:
            first = both.start - outputs.start + mapping.input_base
            yield Told(
                node,
                target,
                MSI,
                mapping,
                range(0) if mapping.single else range(first, first + len(both)),
                onward.output_base + both.start - onward.input_base,
                smmu,
                why_not,
            )


def _smmu(table: Iort, node: IortNode) -> Iterator[Told]:
    own = own_index(node)
    for mapping in node.mappings:
        target = supplier(table, mapping)
        if not isinstance(target, ItsGroup):
            continue
        if mapping.entry == own:
            yield _told(node, target, OWN_MSI, mapping, "" if mapping.single else NOT_SINGLE)
        else:
            yield _told(node, target, BEHIND, mapping, SINGLE if mapping.single else "")


def _pmcg(table: Iort, node: Pmcg) -> Iterator[Told]:
    counted = table.by_offset.get(node.reference)
    if counted is not None and isinstance(counted, (*SMMUS, RootComplex, NamedComponent)):
        yield Told(node, counted, COUNTED, node)
    for mapping in node.mappings[:1]:
        target = supplier(table, mapping)
        if isinstance(target, ItsGroup):
            reason = WIRED if node.overflow_gsiv else "" if mapping.single else NOT_SINGLE
            yield _told(node, target, OWN_MSI, mapping, reason)


def _other(table: Iort, node: IortNode) -> Iterator[Told]:
    """Reserved ranges, and wire bridges (which no Linux up to 6.12 knows)."""
    for mapping in node.mappings:
        target = supplier(table, mapping)
        if isinstance(node, Rmr) and isinstance(target, SMMUS):
            reason = "" if table.revision >= RMR_SINCE else OLD_RMR
            yield _told(node, target, RESERVED, mapping, reason)
        elif isinstance(node, Iwb) and isinstance(target, ItsGroup):
            yield _told(node, target, MSI, mapping, "Linux 6.12 knows no IWB")


def _told(
    node: IortNode, target: IortNode, binding: SupplierBinding, mapping: Mapping, why_not: str
) -> Told:
    inputs = range(0) if mapping.single else mapping.inputs
    return Told(node, target, binding, mapping, inputs, mapping.output_base, None, why_not)
