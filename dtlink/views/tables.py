"""What the commands beside ``lint`` tell of the ACPI tables of a machine, as JSON data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dtlink.views.parts import Entry

if TYPE_CHECKING:
    from dtlink.board.tables import TablesBoard
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.links.acpi.graph import AcpiGraph
    from dtlink.links.acpi.link import AcpiLink


def link(item: AcpiLink) -> Entry:
    """One link. ``inputs`` are its first and last ID, ``output`` what the first becomes."""
    told = item.table_link
    return {
        "consumer": item.consumer.path,
        "supplier": item.supplier.path,
        "binding": item.binding.name,
        "kind": item.binding.kind,
        "origin": item.binding.origin.value,
        "node": item.node.path,
        "property": item.property_name,
        "index": item.index,
        "args": list(item.args),
        "optional": False,
        "followed": False,
        "why_not": told.why_not or None,
        "used_by_linux": item.used_by_linux,
        "inputs": [told.inputs[0], told.inputs[-1]] if told.inputs else None,
        "output": told.output,
        "through": told.through.path if told.through else None,
    }


def links(graph: AcpiGraph) -> list[Entry]:
    """Every link, as they stand in the tables."""
    return [link(item) for item in graph.links]


def cycles(board: TablesBoard) -> list[Entry]:
    """Each component of nodes that need each other, and a short cycle as steps."""
    return [
        {
            "nodes": [node.path for node in cycle.nodes],
            "chain": [
                _step(node, after, step)
                for node, after, step in zip(
                    cycle.chain, (*cycle.chain[1:], cycle.chain[0]), cycle.steps, strict=True
                )
            ],
            "breaks": [],
            "links": len(cycle.links),
            "relaxed": [],
        }
        for cycle in board.cycles
    ]


def _step(node: Struct, supplier: Struct, step: AcpiLink | None) -> Entry:
    return {
        "consumer": node.path,
        "supplier": supplier.path,
        "property": step.property_name if step else None,
        "index": step.index if step else None,
    }


def order(board: TablesBoard) -> list[list[str]]:
    """The nodes in waves, each a list of paths: a node's suppliers come earlier."""
    return [[node.path for node in wave] for wave in board.waves]


def why(graph: AcpiGraph, node: Struct) -> Entry:
    """What a node needs, nested; what was told once is only named when it comes again."""
    top: Entry = {"node": node.path, "suppliers": []}
    told = {node.path}
    todo = [(top, node)]
    while todo:
        entry, consumer = todo.pop()
        below = list(_needs(graph.suppliers.get(consumer.index, ())))
        entry["suppliers"] = [each for each, _ in below]
        for each, supplier in below:
            each["told_above"] = supplier.path in told
            if not each["told_above"]:
                told.add(supplier.path)
                todo.append((each, supplier))
    return top


def _needs(links: Iterable[AcpiLink]) -> Iterable[tuple[Entry, Struct]]:
    """A consumer's suppliers, each once for every kind of link; one that Linux uses goes first."""
    entries: dict[tuple[str, str], tuple[Entry, Struct]] = {}
    for item in sorted(links, key=lambda item: not item.used_by_linux):
        key = (item.supplier.path, item.binding.name)
        entry = {
            "supplier": item.supplier.path,
            "binding": item.binding.name,
            "property": item.property_name,
            "index": item.index,
            "enabled": True,
            "followed": False,
            "used_by_linux": item.used_by_linux,
            "why_not": item.table_link.why_not or None,
            "kind": item.binding.kind,
            "relaxed": False,
            "told_above": False,
            "suppliers": [],
        }
        entries.setdefault(key, (entry, item.supplier))
    return entries.values()
