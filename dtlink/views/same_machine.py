"""``dtlink diff --same-machine``: a devicetree and the ACPI tables of the same machine."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from dtlink.facts.pci import bdf
from dtlink.firmware.dts_text import reference
from dtlink.firmware.errors import InputError
from dtlink.links.acpi.translation import holder, iommu_keys
from dtlink.links.hosts import segments
from dtlink.links.id_ranges import IdRange, merged
from dtlink.links.same_machine import ACPI, DEVICETREE, Aspect, compare, widened
from dtlink.links.translation import SupplierKind, supplier_of
from dtlink.report.layout import BOLD, DIM, STYLES, Line, line, paragraph
from dtlink.report.layout import Span as Words
from dtlink.report.rows import counted
from dtlink.typed import TYPE_CHECKING
from dtlink.views import same_machine_advice as advice
from dtlink.views.data import ABSENT, Absent, CommandResult, JsonRow, plain
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree
    from dtlink.links.hosts import Host
    from dtlink.links.same_machine import Chosen, Difference, HostComparison
    from dtlink.links.translation import IdTranslation, Key
    from dtlink.report.entries import Json

#: Upper bound on the spans of IDs in one list.
_SPANS = 6


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class IdSpanRow(JsonRow):
    """IDs from the first to the last."""

    first: int
    last: int


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class EvidenceRow(JsonRow):
    """Requester IDs that exist, and why."""

    first: int
    last: int
    reason: str


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class RequesterRow(JsonRow):
    """Requester IDs, and the IDs that each side gives them."""

    first: int
    last: int
    devicetree: IdSpanRow | None
    acpi: IdSpanRow | None


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class EntryRow(JsonRow):
    """An entry of a property, or of a table."""

    node: str
    property_name: str
    index: int | None


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class SideRow(JsonRow):
    """What a side gives: the entries are of one node, or a node each."""

    supplier: str
    name: str
    entries: tuple[EntryRow, ...]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class DifferenceRow(JsonRow):
    """Requesters that a devicetree and the tables treat in different ways."""

    aspect: Aspect
    id_name: str
    ids: tuple[RequesterRow, ...]
    devicetree: SideRow | None
    acpi: SideRow | None
    consequence: str | Absent = ABSENT
    """For requesters that were compared, as the next two."""
    if_acpi_is_right: str | Absent = ABSENT
    if_devicetree_is_right: str | Absent = ABSENT


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class NotComparedRow(JsonRow):
    """Requesters of which nothing says that they exist."""

    ids: tuple[IdSpanRow, ...]
    differences: tuple[DifferenceRow, ...]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class HostRow(JsonRow):
    """A PCI host that both sides have."""

    segment: int
    node: str
    known_by: str
    ids: IdSpanRow
    compared: tuple[EvidenceRow, ...]
    differences: tuple[DifferenceRow, ...]
    not_compared: NotComparedRow


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class SameMachineView(CommandResult):
    """A devicetree compared with the ACPI tables of the same machine.

    Made by :func:`dtlink.same_machine`.
    """

    member: ClassVar[str] = "diff"
    agree: bool
    hosts: tuple[HostRow, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, tree: Tree, machine: Machine, there: Chosen | None = None) -> SameMachineView:
        """Compare the two; ``there`` are the requesters that the user says exist.

        Raises :class:`InputError` if there is no PCI host to compare.
        """
        found = compare(tree, machine, there)
        if not found.hosts:
            raise InputError("it has no PCI host whose requesters could be compared")
        labels = _labels(tree, [each.host for each in found.hosts])
        described: Mapping[str, Container[Key]] = {DEVICETREE: labels, ACPI: iommu_keys(machine)}
        return cls(
            agree=found.agree,
            hosts=tuple(_host(each, labels, described, machine) for each in found.hosts),
            notes=tuple(found.notes),
        )

    def to_json(self) -> Json:
        """The part ``diff`` of a report's input, which has one member for each kind of diff."""
        return {"same_machine": plain(self)}

    def text(self, width: int | None = None) -> Iterator[Line]:
        """What was compared, what differs, the effect, and what to write."""
        for host in self.hosts:
            yield line()
            yield from _host_lines(host, width)
        for note in self.notes:
            yield line()
            yield from paragraph("note:", note, width)
        yield line()
        differences = sum(len(host.differences) for host in self.hosts)
        told = f"they differ in {counted(differences, 'point')}" if differences else "they agree"
        yield line(Words(told, BOLD), " about the requesters that were compared")


def _labels(tree: Tree, hosts: Sequence[Host]) -> Mapping[Key, str]:
    """How a devicetree's source names its IOMMUs and MSI controllers."""
    labels: dict[Key, str] = {}
    numbers = segments(hosts)
    for cells in ("#iommu-cells", "msi-controller"):
        for node in tree.holders(cells):
            path = tree.path(node)
            label = tree.labels.get(path, "")
            key = supplier_of(tree, node, cells, numbers).key
            labels.setdefault(key, reference(path, label))
    return labels


def _host(
    found: HostComparison,
    labels: Mapping[Key, str],
    described: Mapping[str, Container[Key]],
    machine: Machine,
) -> HostRow:
    host = found.host
    return HostRow(
        segment=host.segment,
        node=host.path,
        known_by=host.known_by,
        ids=_span(host.ids),
        compared=tuple(
            EvidenceRow(first=item.span.first, last=item.span.last, reason=item.reason)
            for item in found.evidence
        ),
        differences=tuple(
            replace(
                _with_fixes(each, found, labels, machine), consequence=advice.board(each, described)
            )
            for each in found.differences
        ),
        not_compared=NotComparedRow(
            ids=tuple(map(_span, found.others)),
            differences=tuple(map(_difference, found.elsewhere)),
        ),
    )


def _with_fixes(
    found: Difference, comparison: HostComparison, labels: Mapping[Key, str], machine: Machine
) -> DifferenceRow:
    """What to write in either. A side that has nothing yet gets what the other has for all."""
    host, row = comparison.host, found.rows[0]
    everybody = widened(found, comparison.elsewhere)
    node = holder(machine, host.segment)
    place = node.path if node else f"a root complex of segment {host.segment}"
    if row.devicetree is not None and row.devicetree.supplier.kind is SupplierKind.VIRTIO:
        place = "a PCI range of the VIOT"
    tree_side = found if row.devicetree else everybody
    table_side = found if row.acpi else everybody
    return replace(
        _difference(found),
        if_acpi_is_right=advice.if_acpi_is_right(tree_side, host, labels),
        if_devicetree_is_right=advice.if_devicetree_is_right(table_side, place),
    )


def _span(span: IdRange) -> IdSpanRow:
    return IdSpanRow(first=span.first, last=span.last)


def _difference(found: Difference) -> DifferenceRow:
    return DifferenceRow(
        aspect=found.aspect,
        id_name=found.ids,
        ids=tuple(
            RequesterRow(
                first=row.span.first,
                last=row.span.last,
                devicetree=_ids(row.span, row.devicetree),
                acpi=_ids(row.span, row.acpi),
            )
            for row in found.rows
        ),
        devicetree=_side([row.devicetree for row in found.rows]),
        acpi=_side([row.acpi for row in found.rows]),
    )


def _ids(requesters: IdRange, way: IdTranslation | None) -> IdSpanRow | None:
    """The IDs that a side gives some requesters."""
    return None if way is None else _span(way.ids.of(requesters))


def _side(ways: Sequence[IdTranslation | None]) -> SideRow | None:
    first = ways[0]
    if first is None:
        return None
    return SideRow(
        supplier=first.supplier.path,
        name=advice.name(first.supplier),
        entries=tuple(
            EntryRow(node=path, property_name=name, index=number)
            for path, name, number in dict.fromkeys(way.entry for way in ways if way)
        ),
    )


def _host_lines(host: HostRow, width: int | None) -> Iterator[Line]:
    name = f"segment {host.segment:04x}"
    yield line(Words(name, BOLD), f" · {host.node}", Words(f", known by {host.known_by}", DIM))
    reasons = dict.fromkeys(each.reason for each in host.compared)
    told = [
        f"{_requesters([each for each in host.compared if each.reason == reason])} ({reason})"
        for reason in reasons
    ]
    none = "no requester is known to exist: nothing was compared"
    yield from paragraph(" exist:", "; ".join(told) or none, width)
    for each in host.differences:
        yield line()
        yield from _difference_lines(each, width)
    yield from _rest(host.not_compared, width)


def _difference_lines(found: DifferenceRow, width: int | None) -> Iterator[Line]:
    requesters = _requesters(found.ids)
    yield line(Words(f"  {found.aspect.value}", STYLES["error"]), Words(f" of {requesters}", BOLD))
    ids = [row.devicetree for row in found.ids]
    yield from paragraph(" DT:", _given(found, found.devicetree, ids), width)
    ids = [row.acpi for row in found.ids]
    yield from paragraph(" ACPI:", _given(found, found.acpi, ids), width)
    yield from paragraph(" effect:", str(found.consequence), width)
    check = "check the hardware documentation, then correct the wrong one"
    yield from paragraph(" fix:", check, width)
    yield from paragraph("", f"if ACPI is right, {found.if_acpi_is_right}", width)
    yield from paragraph("", f"if the devicetree is right, {found.if_devicetree_is_right}", width)


def _given(found: DifferenceRow, side: SideRow | None, spans: Sequence[IdSpanRow | None]) -> str:
    """What a side gives, and where it says so."""
    if side is None:
        of_iommu = found.aspect in (Aspect.IOMMU, Aspect.STREAM)
        return "no IOMMU" if of_iommu else "no MSI controller"
    ids = _some([_hex(span) for span in spans if span is not None])
    return f"{side.name} ({side.supplier}), {found.id_name} {ids}, by {_entries(side.entries)}"


def _entries(entries: Sequence[EntryRow]) -> str:
    nodes: dict[str, list[str]] = {}
    for each in entries:
        number = "" if each.index is None else f"[{each.index}]"
        nodes.setdefault(each.node, []).append(f"{each.property_name}{number}")
    return _some([f"{_some(names)} of {node}" for node, names in nodes.items()])


def _rest(rest: NotComparedRow, width: int | None) -> Iterator[Line]:
    """Differences about buses of which nothing says that they exist."""
    label = " rest:"
    for each in rest.differences:
        dt, acpi = (side.name if side else "none" for side in (each.devicetree, each.acpi))
        told = f"{each.aspect.value}: {dt} by DT, {acpi} by ACPI"
        if dt == acpi:
            told = f"other {each.aspect.value}s at {dt}"
        yield from paragraph(label, f"{_requesters(each.ids)}, {told}", width)
        label = ""
    if rest.differences:
        hint = "(not known to exist; if some do, pass --bus or --lspci)"
        yield from paragraph("", hint, width)


def _requesters(spans: Iterable[EvidenceRow | RequesterRow]) -> str:
    """Requester IDs as buses, where they are all of a bus, and as functions."""
    whole = merged(IdRange(each.first, each.last) for each in spans)
    buses = [span for span in whole if span.first & 0xFF == 0 and span.last & 0xFF == 0xFF]
    told = [_bus(span) for span in buses]
    word = "bus" if len(buses) == 1 and buses[0].size == 256 else "buses"
    functions = [_functions(span) for span in whole if span not in buses]
    return ", ".join([f"{word} {_some(told)}"] * bool(told) + [_some(functions)] * bool(functions))


def _bus(span: IdRange) -> str:
    first, last = span.first >> 8, span.last >> 8
    return f"{first:02x}" if first == last else f"{first:02x}-{last:02x}"


def _functions(span: IdRange) -> str:
    first, last = map(bdf, span)
    return first if first == last else f"{first}-{last}"


def _hex(span: IdSpanRow) -> str:
    first, last = span.first, span.last
    return f"{first:#x}" if first == last else f"{first:#x}-{last:#x}"


def _some(words: Sequence[str]) -> str:
    return listed(words, _SPANS)
