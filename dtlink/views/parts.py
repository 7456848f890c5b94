"""What the commands beside ``lint`` tell of one tree, as JSON data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtlink.board.device_cycles import relaxed_steps
from dtlink.links.components import waves
from dtlink.links.reference import Link

if TYPE_CHECKING:
    from dtlink.board.cycle_breaks import DeviceStep
    from dtlink.board.tree import Board
    from dtlink.boot.devlink.ordering import Ordering
    from dtlink.firmware.tree import Node, Tree
    from dtlink.links.graph import Graph

Entry = dict[str, Any]


def link(graph: Graph, item: Link) -> Entry:
    """One link. ``followed`` says whether the kernel's fw_devlink makes it, by default."""
    reason = graph.not_followed(item.reference)
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
        "optional": item.binding.optional is not None,
        "followed": not reason,
        "why_not": reason or None,
    }


def links(graph: Graph) -> list[Entry]:
    """Every link, as they stand in the blob."""
    return [link(graph, item) for item in graph.links]


def cycles(board: Board) -> list[Entry]:
    """Each component of devices that wait for each other, and a short cycle as steps.

    ``breaks`` are steps whose suppliers, given to ``post-init-providers``, leave no cycle;
    ``relaxed`` are those that the kernel does not order.
    """
    return [
        {
            "nodes": [board.tree.path(device) for device in cycle.devices],
            "chain": [_step(board.tree, step) for step in cycle.chain],
            "breaks": [_step(board.tree, step) for step in cycle.breaks],
            "links": len(cycle.links),
            "relaxed": [
                _step(board.tree, step) for step in relaxed_steps(board.tree, board.order, cycle)
            ],
        }
        for cycle in board.cycles
    ]


def _step(tree: Tree, step: DeviceStep) -> Entry:
    first = step.references[0] if step.references else None
    return {
        "consumer": tree.path(step.consumer),
        "supplier": tree.path(step.supplier),
        "property": tree.property_name(first.at) if first else None,
        "index": first.entry if first else None,
    }


def order(ordering: Ordering) -> list[list[str]]:
    """The devices in waves, each a list of paths: a device's suppliers and parent come earlier."""
    arcs = ordering.arcs()
    numbers = {path: number for number, path in enumerate(arcs)}
    found = waves({numbers[a]: [numbers[b] for b in arcs[a]] for a in arcs}, numbers.values())
    paths = list(arcs)
    return [[paths[number] for number in wave] for wave in found]


def why(board: Board, node: Node) -> Entry:
    """What a node waits for, nested; what was told once is only named when it comes again."""
    graph, ordering = board.graph_for(node), board.order
    top: Entry = {"node": node.path, "suppliers": []}
    told = {node.path}
    todo = _children(graph, node, top, ordering)
    while todo:
        entry, supplier = todo.pop()
        entry["told_above"] = supplier.path in told
        if not entry["told_above"]:
            told.add(supplier.path)
            todo += _children(graph, supplier, entry, ordering)
    return top


def _children(
    graph: Graph, node: Node, entry: Entry, ordering: Ordering
) -> list[tuple[Entry, Node]]:
    """Put a node's suppliers below its entry; return them in the order in which to pop them."""
    needs = _needs(graph, node)
    for below, supplier in needs:
        below["relaxed"] = below["followed"] and ordering.relaxes(node.path, supplier.path)
    entry["suppliers"] = [below for below, _ in needs]
    return needs[::-1]


def _needs(graph: Graph, node: Node) -> list[tuple[Entry, Node]]:
    """The suppliers that order a node's probing, one entry each, and its parent."""
    entries: dict[str, tuple[Entry, Node]] = {}
    for item in graph.suppliers.get(node.index, ()):
        supplier = item.supplier
        if graph.orders(item.reference) and supplier.index != node.index:
            reason = graph.not_followed(item.reference)
            entry = {
                "supplier": supplier.path,
                "binding": item.binding.name,
                "property": item.property_name,
                "index": item.index,
                "enabled": supplier.enabled,
                "followed": not reason,
                "relaxed": False,
                "told_above": False,
                "suppliers": [],
            }
            entries.setdefault(supplier.path, (entry, supplier))
    parent = node.parent
    if parent is not None and parent.parent is not None and parent.path not in entries:
        entry = {
            "supplier": parent.path,
            "binding": "parent",
            "property": None,
            "index": None,
            "enabled": parent.enabled,
            "followed": True,
            "relaxed": False,
            "told_above": False,
            "suppliers": [],
        }
        entries[parent.path] = entry, parent
    return list(entries.values())
