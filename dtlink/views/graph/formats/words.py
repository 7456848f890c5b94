"""What pictures call nodes and edges."""

from __future__ import annotations

from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.views.graph.rows import EdgeEntry, GraphEdge, GraphNode


def name(node: GraphNode) -> str:
    """The last component of a path, with its parent's where that is a bus's or a chip's."""
    parts = node.path.split("/")
    return "/".join(parts[-2:]) if len(parts) > 2 else node.path


def state(node: GraphNode) -> str:
    """The state of a node, with its modules."""
    modules = f" {' or '.join(node.modules)}" if node.modules else ""
    return f"{node.state.value}{modules}"


def entries(edge: GraphEdge, most: int = 3) -> str:
    """The entries of an edge, each property once."""
    names = list(dict.fromkeys(map(entry, edge.entries or ()))) or [edge.effect.value]
    return listed(names, most)


def entry(each: EdgeEntry) -> str:
    """``property[index]``."""
    return f"{each.property_name}[{each.index}]"
