"""Compare the IOMMU and MSI mappings in a devicetree and in the ACPI tables of one machine.

Only requesters that exist count; differences for other requester IDs are kept separate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dtlink.enums import Enum
from dtlink.firmware.errors import InputError
from dtlink.links import hosts as pci_hosts
from dtlink.links import requesters
from dtlink.links.acpi.translation import holder, of_machine
from dtlink.links.hosts import Host
from dtlink.links.id_ranges import IdRange, Ids, joined, merged, side_by_side, without
from dtlink.links.requesters import Evidence
from dtlink.links.translation import (
    IdTranslation,
    IdTranslations,
    Key,
    SupplierKind,
    Translation,
    of_tree,
)
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree

DEVICETREE, ACPI = "the devicetree", "ACPI"
#: Upper bound on the pieces of all maps; a mask of 0xfff8 makes 8,192 of one.
_MAX_PIECES = 12_000
#: Tables of machines whose interrupts go to no GIC.
_WITHOUT_GIC = frozenset(("DMAR", "IVRS", "RIMT"))


class Aspect(Enum):
    """What differs. IDs are compared only if the supplier is the same."""

    IOMMU = "IOMMU"
    STREAM = "stream ID"
    MSI = "MSI controller"
    DEVICE = "device ID"


class DifferingIds(NamedTuple):
    """Requester IDs with different mappings; ``None`` means that they are not mapped."""

    span: IdRange
    devicetree: IdTranslation | None
    acpi: IdTranslation | None


class Difference(NamedTuple):
    """The ranges that differ in one aspect, for the same pair of suppliers."""

    aspect: Aspect
    rows: Sequence[DifferingIds]

    @property
    def ids(self) -> str:
        """The name of the supplier's IDs: device IDs, endpoint IDs or stream IDs."""
        if self.aspect in (Aspect.MSI, Aspect.DEVICE):
            return "device IDs"
        way = self.rows[0].devicetree or self.rows[0].acpi
        virtio = way is not None and way.supplier.kind is SupplierKind.VIRTIO
        return "endpoint IDs" if virtio else "stream IDs"

    @property
    def spans(self) -> list[IdRange]:
        """The requester IDs that differ."""
        return merged(row.span for row in self.rows)


def widened(found: Difference, others: Sequence[Difference]) -> Difference:
    """Return a difference extended by requesters that need not exist, for the same suppliers."""
    rows = list(found.rows)
    for other in others:
        if other.aspect is found.aspect and _keys(other) == _keys(found):
            rows += other.rows
    joined_rows: list[DifferingIds] = []
    for row in sorted(rows, key=lambda row: row.span):
        previous = joined_rows[-1] if joined_rows else row
        if previous.span.last + 1 == row.span.first and _ids_of(previous) == _ids_of(row):
            joined_rows[-1] = previous._replace(span=IdRange(previous.span.first, row.span.last))
        else:
            joined_rows.append(row)
    return Difference(found.aspect, joined_rows)


def _keys(found: Difference) -> tuple[Key | None, Key | None]:
    return _key(found.rows[0].devicetree), _key(found.rows[0].acpi)


def _ids_of(row: DifferingIds) -> tuple[Ids | None, ...]:
    return tuple(way and way.ids for way in (row.devicetree, row.acpi))


class HostComparison(NamedTuple):
    """One PCI host: the requesters that exist, their differences and those of the other IDs."""

    host: Host
    evidence: Sequence[Evidence]
    differences: Sequence[Difference]
    others: Sequence[IdRange]
    elsewhere: Sequence[Difference]


class MachineComparison(NamedTuple):
    """The comparison of a devicetree with the ACPI tables of the same machine."""

    hosts: Sequence[HostComparison]
    notes: Sequence[str]

    @property
    def agree(self) -> bool:
        """Whether all requesters that exist have the same mappings."""
        return not any(each.differences for each in self.hosts)


#: Requesters that exist according to the user: IDs by segment, and the option's name.
Chosen = tuple[Mapping[int, Sequence[IdRange]], str]


def compare(tree: Tree, machine: Machine, chosen: Chosen | None = None) -> MachineComparison:
    """Compare the mappings of the requesters of each PCI host in the devicetree.

    Raises :class:`InputError` for too many PCI hosts, and for maps in too many pieces.
    """
    hosts = pci_hosts.of_tree(tree, machine)
    segments = pci_hosts.segments(hosts)
    compared, pieces = [], 0
    both = _in_both(machine, hosts)
    tables = {number: of_machine(machine, number) for number in {host.segment for host in both}}
    for host in both:
        sides = {
            DEVICETREE: of_tree(tree, host.node, segments),
            ACPI: tables[host.segment],
        }
        pieces += sum(len(side.iommu) + len(side.msi) for side in sides.values())
        if pieces > _MAX_PIECES:
            raise InputError(
                f"cannot compare requester IDs that are mapped in more than {_MAX_PIECES} ranges "
                f"({host.path}, iommu-map-mask or msi-map-mask)"
            )
        if not _has_gic(machine):
            # Without one, the MSI controllers of the two cannot be matched.
            sides = {name: side._replace(msi=()) for name, side in sides.items()}
        if chosen is None:
            evidence = requesters.known(tree, machine, host, sides)
        else:
            evidence = requesters.chosen(chosen[0].get(host.segment, ()), host, chosen[1])
        compared.append(_host(host, sides[DEVICETREE], sides[ACPI], evidence))
    return MachineComparison(compared, list(_notes(machine, hosts, chosen)))


def _has_gic(machine: Machine) -> bool:
    """Whether the tables describe the MSI controllers: those of a GIC, in the MADT."""
    others = machine.iort is None and machine.tables.keys() & _WITHOUT_GIC
    return machine.madt is not None and not others


def _in_both(machine: Machine, hosts: Sequence[Host]) -> list[Host]:
    """The hosts whose segment is in the tables; all hosts if the tables have no segments."""
    known = set(machine.mcfg.segments) if machine.mcfg else set()
    known |= {host.segment for host in hosts if holder(machine, host.segment)}
    return [host for host in hosts if not known or host.segment in known]


def _host(
    host: Host, devicetree: Translation, acpi: Translation, evidence: Sequence[Evidence]
) -> HostComparison:
    existing = merged(item.span for item in evidence)
    others = without([host.ids], existing)
    return HostComparison(
        host,
        evidence,
        differences(devicetree, acpi, existing),
        others,
        differences(devicetree, acpi, others),
    )


def differences(
    devicetree: Translation, acpi: Translation, spans: Sequence[IdRange]
) -> list[Difference]:
    """Return the differences of two descriptions for ranges of requester IDs."""
    rows = [
        *_rows(devicetree.iommu, acpi.iommu, spans, Aspect.IOMMU, Aspect.STREAM),
        *_rows(devicetree.msi, acpi.msi, spans, Aspect.MSI, Aspect.DEVICE),
    ]
    groups: dict[tuple[Aspect, Key | None, Key | None], list[DifferingIds]] = {}
    for aspect, row in rows:
        groups.setdefault((aspect, _key(row.devicetree), _key(row.acpi)), []).append(row)
    return [Difference(aspect, ranges) for (aspect, _, _), ranges in groups.items()]


def _key(way: IdTranslation | None) -> Key | None:
    return None if way is None else way.supplier.key


def _rows(
    left: IdTranslations,
    right: IdTranslations,
    spans: Sequence[IdRange],
    suppliers: Aspect,
    ids: Aspect,
) -> Iterator[tuple[Aspect, DifferingIds]]:
    for whole in spans:
        for span, (one, other) in joined(side_by_side(left, right, whole)):
            if _key(one) != _key(other):
                yield suppliers, DifferingIds(span, one, other)
            elif one is not None and other is not None and _ids_matter(one, other):
                for part in _unlike(span, one, other):
                    yield ids, DifferingIds(part, one, other)


def _ids_matter(one: IdTranslation, other: IdTranslation) -> bool:
    """Whether the supplier uses the IDs: a GICv2m frame or plain MSI controller does not."""
    return not {one.supplier.kind, other.supplier.kind} & {SupplierKind.FRAME, SupplierKind.MSI}


def _unlike(span: IdRange, one: IdTranslation, other: IdTranslation) -> Iterator[IdRange]:
    """The requesters of a range that map to different IDs.

    If one side maps all of them to one ID, both sides may agree for one requester.
    """
    a, b = one.ids, other.ids
    if a.step == b.step:
        if a.offset != b.offset:
            yield span
        return
    meet = (b.offset - a.offset) // (a.step - b.step)
    yield from without([span], [IdRange(meet, meet)])


def _notes(machine: Machine, hosts: Sequence[Host], chosen: Chosen | None) -> Iterator[str]:
    """Notes about what was not compared, and why."""
    segments = {host.segment for host in hosts}
    if machine.madt is None:
        yield "no MADT (APIC): MSI controllers and device IDs are not compared"
    elif not _has_gic(machine):
        yield "MSI controllers are compared for a GIC only"
    if not machine.tables.keys() & {"IORT", "VIOT", *_WITHOUT_GIC}:
        yield "no IORT and no VIOT: ACPI describes no IOMMU"
    both = _in_both(machine, hosts)
    for host in hosts:
        if host not in both:
            yield f"segment {host.segment:04x} ({host.path}) is not in ACPI's tables: not compared"
    for segment in sorted(machine.mcfg.segments - segments if machine.mcfg else ()):
        yield f"segment {segment:04x} is only in the MCFG of ACPI: not compared"
    for segment, spans in sorted(chosen[0].items()) if chosen else ():
        ids = [host.ids for host in hosts if host.segment == segment]
        for span in without(spans, ids):
            buses = f"{span.first >> 8:02x}" + f"-{span.last >> 8:02x}" * (span.size > 256)
            yield f"no host has bus {buses} of segment {segment:04x}"
