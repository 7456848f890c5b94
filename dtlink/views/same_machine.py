"""A devicetree beside the ACPI tables of the same machine, as JSON data and as text."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dtlink.links.acpi.translation import iommu_keys, root_complex
from dtlink.links.hosts import segments
from dtlink.links.id_ranges import IdRange, merged
from dtlink.links.same_machine import ACPI, DEVICETREE, Aspect, widened
from dtlink.links.translation import SupplierKind, supplier_of
from dtlink.report.layout import BOLD, DIM, STYLES, Line, line, paragraph
from dtlink.report.layout import Span as Words
from dtlink.report.rows import counted
from dtlink.views import same_machine_advice as advice

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree
    from dtlink.links.hosts import Host
    from dtlink.links.same_machine import Difference, HostComparison, MachineComparison
    from dtlink.links.translation import IdTranslation, Key
    from dtlink.report.model import InputReport

Entry = dict[str, Any]

#: So many spans of IDs are named before the rest is counted.
_SPANS = 6


def as_json(found: MachineComparison, tree: Tree, machine: Machine) -> Entry:
    """The member ``same_machine``: what was compared, and in what the two differ."""
    labels = _labels(tree, [each.host for each in found.hosts])
    described: Mapping[str, Container[Key]] = {DEVICETREE: labels, ACPI: iommu_keys(machine)}
    return {
        "agree": found.agree,
        "hosts": [_host(each, labels, described, machine) for each in found.hosts],
        "notes": list(found.notes),
    }


def _labels(tree: Tree, hosts: Sequence[Host]) -> Mapping[Key, str]:
    """How a devicetree's own source names its IOMMUs and MSI controllers."""
    labels: dict[Key, str] = {}
    numbers = segments(hosts)
    for cells in ("#iommu-cells", "msi-controller"):
        for node in tree.holders(cells):
            path = tree.path(node)
            label = tree.labels.get(path)
            key = supplier_of(tree, node, cells, numbers).key
            labels.setdefault(key, f"&{label}" if label else f"&{{{path}}}")
    return labels


def _host(
    found: HostComparison,
    labels: Mapping[Key, str],
    described: Mapping[str, Container[Key]],
    machine: Machine,
) -> Entry:
    host = found.host
    return {
        "segment": host.segment,
        "node": host.path,
        "known_by": host.known_by,
        "ids": _span(host.ids),
        "compared": [{**_span(item.span), "reason": item.reason} for item in found.evidence],
        "differences": [
            {
                **_difference(each),
                "consequence": advice.board(each, described),
                **_fixes(each, found, labels, machine),
            }
            for each in found.differences
        ],
        "not_compared": {
            "ids": [_span(span) for span in found.others],
            "differences": [_difference(each) for each in found.elsewhere],
        },
    }


def _fixes(
    found: Difference, comparison: HostComparison, labels: Mapping[Key, str], machine: Machine
) -> Entry:
    """What to write in either. Who has nothing yet is given what the other has for all."""
    host, row = comparison.host, found.rows[0]
    everybody = widened(found, comparison.elsewhere)
    node = root_complex(machine, host.segment)
    holder = node.path if node else f"a root complex of segment {host.segment}"
    if row.devicetree is not None and row.devicetree.supplier.kind is SupplierKind.VIRTIO:
        holder = "a PCI range of the VIOT"
    return {
        "if_acpi_is_right": advice.if_acpi_is_right(
            found if row.devicetree else everybody, host, labels
        ),
        "if_devicetree_is_right": advice.if_devicetree_is_right(
            found if row.acpi else everybody, holder
        ),
    }


def _span(span: IdRange) -> Entry:
    return {"first": span.first, "last": span.last}


def _difference(found: Difference) -> Entry:
    return {
        "aspect": found.aspect.value,
        "id_name": found.ids,
        "ids": [
            {**_span(row.span), "devicetree": _ids(row, 1), "acpi": _ids(row, 2)}
            for row in found.rows
        ],
        "devicetree": _side([row.devicetree for row in found.rows]),
        "acpi": _side([row.acpi for row in found.rows]),
    }


def _ids(row: Sequence[Any], side: int) -> Entry | None:
    """The IDs that a side gives the requesters of a row."""
    way: IdTranslation | None = row[side]
    return None if way is None else _span(way.ids.of(row[0]))


def _side(ways: Sequence[IdTranslation | None]) -> Entry | None:
    """What a side gives, and the entries that say so: they are of one node, or a node each."""
    first = ways[0]
    if first is None:
        return None
    return {
        "supplier": first.supplier.path,
        "name": advice.name(first.supplier),
        "entries": [
            {"node": path, "property": name, "index": number}
            for path, name, number in dict.fromkeys(way.entry for way in ways if way)
        ],
    }


def lines(item: InputReport, beside: InputReport, width: int | None) -> Iterator[Line]:
    """What was compared, what differs, what the board shows and what to write."""
    part = item.part["same_machine"]
    model = f" · {item.model}" if item.model else ""
    who = f" ({item.compatible[0]})" if item.compatible else ""
    yield line(Words(item.path, BOLD), model, who)
    yield line(Words(beside.path, BOLD), f" · {beside.model}" if beside.model else "")
    for host in part["hosts"]:
        yield line()
        yield from _host_lines(host, width)
    for note in part["notes"]:
        yield line()
        yield from paragraph("note:", note, width)
    yield line()
    differences = sum(len(host["differences"]) for host in part["hosts"])
    told = f"they differ in {counted(differences, 'point')}" if differences else "they agree"
    yield line(Words(told, BOLD), " about the requesters that were compared")


def _host_lines(host: Entry, width: int | None) -> Iterator[Line]:
    name = f"segment {host['segment']:04x}"
    known = f", known by {host['known_by']}"
    yield line(Words(name, BOLD), f" · {host['node']}", Words(known, DIM))
    compared = host["compared"]
    reasons = dict.fromkeys(each["reason"] for each in compared)
    told = [
        f"{_requesters([each for each in compared if each['reason'] == reason])} ({reason})"
        for reason in reasons
    ]
    nobody = "nobody of whom anything is known: nothing was compared"
    yield from paragraph("  exist:", "; ".join(told) or nobody, width)
    for each in host["differences"]:
        yield line()
        yield from _difference_lines(each, width)
    yield from _rest(host["not_compared"], width)


def _difference_lines(found: Entry, width: int | None) -> Iterator[Line]:
    who = _requesters(found["ids"])
    yield line(Words(f"  {found['aspect']}", STYLES["error"]), Words(f" of {who}", BOLD))
    for label, side in (("  DT:", "devicetree"), ("  ACPI:", "acpi")):
        yield from paragraph(label, _given(found, side), width)
    yield from paragraph("  board:", found["consequence"], width)
    yield from paragraph("  fix:", "find out what the hardware does, then mend the other", width)
    yield from paragraph("", f"if ACPI is right, {found['if_acpi_is_right']}", width)
    yield from paragraph(
        "", f"if the devicetree is right, {found['if_devicetree_is_right']}", width
    )


def _given(found: Entry, side: str) -> str:
    """What a side gives, and where it says so."""
    way = found[side]
    of_iommu = found["aspect"] in (Aspect.IOMMU.value, Aspect.STREAM.value)
    if way is None:
        return "no IOMMU" if of_iommu else "no MSI controller"
    ids = _some([_hex(row[side]) for row in found["ids"]])
    who = f"{way['name']} ({way['supplier']})"
    return f"{who}, {found['id_name']} {ids}, by {_entries(way['entries'])}"


def _entries(entries: Sequence[Entry]) -> str:
    nodes: dict[str, list[str]] = {}
    for each in entries:
        number = "" if each["index"] is None else f"[{each['index']}]"
        nodes.setdefault(each["node"], []).append(f"{each['property']}{number}")
    return _some([f"{_some(names)} of {node}" for node, names in nodes.items()])


def _rest(rest: Entry, width: int | None) -> Iterator[Line]:
    """What the two say otherwise of buses of which nothing says that they exist."""
    label = "  rest:"
    for each in rest["differences"]:
        dt, acpi = (each[side]["name"] if each[side] else "none" for side in ("devicetree", "acpi"))
        told = f"{each['aspect']}: {dt} by DT, {acpi} by ACPI"
        if dt == acpi:
            told = f"other {each['aspect']}s at {dt}"
        yield from paragraph(label, f"{_requesters(each['ids'])}, {told}", width)
        label = ""
    if rest["differences"]:
        hint = "(nothing says that these exist; if some do, name them with --bus or --lspci)"
        yield from paragraph("", hint, width)


def _requesters(spans: Iterable[Entry]) -> str:
    """Requester IDs as buses, where they are all of a bus, and as functions."""
    whole = merged(IdRange(each["first"], each["last"]) for each in spans)
    buses = [span for span in whole if span.first & 0xFF == 0 and span.last & 0xFF == 0xFF]
    told = [_bus(span) for span in buses]
    word = "bus" if len(buses) == 1 and buses[0].size == 256 else "buses"
    functions = [_functions(span) for span in whole if span not in buses]
    return ", ".join([f"{word} {_some(told)}"] * bool(told) + [_some(functions)] * bool(functions))


def _bus(span: IdRange) -> str:
    first, last = span.first >> 8, span.last >> 8
    return f"{first:02x}" if first == last else f"{first:02x}-{last:02x}"


def _functions(span: IdRange) -> str:
    first, last = (f"{rid >> 8:02x}:{rid >> 3 & 31:02x}.{rid & 7}" for rid in span)
    return first if first == last else f"{first}-{last}"


def _hex(span: Entry) -> str:
    first, last = span["first"], span["last"]
    return f"{first:#x}" if first == last else f"{first:#x}-{last:#x}"


def _some(words: Sequence[str]) -> str:
    rest = len(words) - _SPANS
    return ", ".join(words[:_SPANS]) + (f" and {rest} more" if rest > 0 else "")
