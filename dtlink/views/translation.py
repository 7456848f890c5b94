"""What becomes of one requester's ID in an IORT and a VIOT, entry by entry, as JSON data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dtlink.firmware.acpi.iort import IortNode, ItsGroup, NamedComponent, RootComplex
from dtlink.firmware.acpi.viot import VirtioIommuPci
from dtlink.links.acpi.iort_walk import SMMUS, End, Walked, component_ids, map_id, supplier
from dtlink.views.parts import Entry

if TYPE_CHECKING:
    from dtlink.firmware.acpi.iort import Iort
    from dtlink.firmware.acpi.machine import Machine


def of_function(machine: Machine, segment: int, requester: int) -> Entry:
    """The translation of a PCI function: ``requester`` is bus << 8 | device << 3 | function."""
    table = machine.iort
    host = next((node for node in _hosts(table) if node.segment == segment), None)
    return {
        "requester": function_name(segment, requester),
        "id": requester,
        "node": host.path if host else None,
        "walks": list(_both(table, host, requester)) if table and host else [],
        "viot": _viot(machine, segment, requester),
    }


def of_component(machine: Machine, node: NamedComponent) -> Entry:
    """The translation of a named component, which has no ID of its own."""
    table = machine.iort
    walks: list[Entry] = []
    if table:
        walks += [_walk("IOMMU", "linux", each) for each in component_ids(table, node)]
        walks += _entries(table, node, used=len(walks))
    return {
        "requester": node.object_name,
        "id": None,
        "node": node.path,
        "walks": walks,
        "viot": None,
    }


def _hosts(table: Iort | None) -> Iterator[RootComplex]:
    for node in table.nodes if table else ():
        if isinstance(node, RootComplex):
            yield node


def _both(table: Iort, host: RootComplex, ident: int) -> Iterator[Entry]:
    """The walks to the SMMU and to the ITS: as Linux does them and, if that differs, as written."""
    for sought, kinds in (("IOMMU", SMMUS), ("MSI controller", (ItsGroup,))):
        linux = map_id(table, host, ident, kinds)
        yield _walk(sought, "linux", linux)
        specified = map_id(table, host, ident, kinds, linux=False)
        if specified != linux:
            yield _walk(sought, "specification", specified)


def _entries(table: Iort, node: NamedComponent, used: int) -> Iterator[Entry]:
    """The way of each entry's first ID, for the MSIs, and for what Linux does not use."""
    for mapping in node.mappings:
        target = supplier(table, mapping)
        if target is None:
            continue
        reading = "linux" if mapping.single else "specification"
        if not isinstance(target, ItsGroup) and mapping.entry >= used:
            yield _first(table, node, mapping.entry, "IOMMU", SMMUS, reading)
        walk = _first(table, node, mapping.entry, "MSI controller", (ItsGroup,), reading)
        if walk["end"] is None:
            yield walk


def _first(
    table: Iort,
    node: NamedComponent,
    entry: int,
    sought: str,
    kinds: tuple[type[IortNode], ...],
    reading: str,
) -> Entry:
    mapping = node.mappings[entry]
    target = table.by_offset[mapping.output]
    rest = map_id(table, target, mapping.output_base, kinds, linux=reading == "linux")
    told = _walk(sought, reading, rest)
    first = {
        "node": node.path,
        "index": entry,
        "id_in": None if mapping.single else mapping.input_base,
        "id_out": mapping.output_base,
        "target": target.path,
    }
    return {**told, "steps": [first, *told["steps"]]}


def _walk(sought: str, reading: str, walked: Walked) -> Entry:
    steps = walked.steps
    targets = [*(step.node.path for step in steps[1:]), walked.node.path][: len(steps)]
    return {
        "sought": sought,
        "reading": reading,
        "steps": [
            {
                "node": step.node.path,
                "index": step.mapping.entry,
                "id_in": None if step.mapping.single else step.id_in,
                "id_out": step.id_out,
                "target": target,
            }
            for step, target in zip(steps, targets, strict=True)
        ],
        "found": walked.found.path if walked.found else None,
        "id": walked.id if walked.found else None,
        "end": None if walked.end is End.FOUND else walked.end.value,
    }


def _viot(machine: Machine, segment: int, requester: int) -> Entry | None:
    """The virtio-iommu that serves a function by the VIOT (viot_pci_dev_iommu_init())."""
    table = machine.viot
    nodes = table.ranges if table else ()
    # Linux puts each range in front of those before it.
    covering = [node for node in nodes if node.covers(segment, requester)]
    if table is None or not covering:
        return None
    node = covering[-1]
    iommu = table.iommu_of(node)
    itself = isinstance(iommu, VirtioIommuPci) and (iommu.segment, iommu.function) == (
        segment,
        requester,
    )
    end = "it is the IOMMU itself" if itself else None if iommu else "it names no IOMMU"
    return {
        "node": node.path,
        "found": None if end or iommu is None else iommu.path,
        "id": None if end else node.endpoint_id(segment, requester),
        "end": end,
    }


def function_name(segment: int, requester: int) -> str:
    """A PCI function as ``lspci -D`` names it."""
    return f"{segment:04x}:{requester >> 8:02x}:{requester >> 3 & 31:02x}.{requester & 7}"
