"""A graph for networkx, which has the algorithms that dtlink does not need itself."""

from __future__ import annotations

from dtlink.firmware.tree import Node
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.links.graph import Graph


def to_networkx(graph: Graph[Any]) -> Any:
    """See :meth:`Graph.to_networkx`."""
    try:
        import networkx as nx
    except ImportError as error:
        needs = "to_networkx() needs the Python package networkx, which is not installed"
        raise ImportError(f"{needs} (pip install networkx)") from error
    made = nx.MultiDiGraph()
    for link in graph.links:
        for node in (link.consumer, link.supplier):
            made.add_node(node.path, **_attributes(node))
        made.add_edge(
            link.consumer.path,
            link.supplier.path,
            binding=link.binding.name,
            kind=link.binding.kind,
            entry=link.entry,
            node=link.node.path,
            followed=not graph.not_followed(link.reference),
        )
    return made


def _attributes(node: Node | Struct) -> dict[str, Any]:
    if isinstance(node, Node):
        return {
            "name": node.name,
            "compatible": node.compatible,
            "enabled": node.enabled,
            "label": node.label,
        }
    return {"name": node.name, "type": node.WORD, "identity": node.identity}
