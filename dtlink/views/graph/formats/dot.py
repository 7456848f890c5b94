"""Graphviz: ``dot -Tsvg``. Consumers are left of their suppliers."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.escaping.graphs import dot
from dtlink.typed import TYPE_CHECKING
from dtlink.views.graph.formats import words
from dtlink.views.graph.rows import EdgeEffect, NodeState

if TYPE_CHECKING:
    from dtlink.views.graph.rows import GraphEdge, GraphNode
    from dtlink.views.graph.view import GraphView

#: The look of a state: its shape too, since some readers, and most printers, have no colours.
_SHAPES = {
    NodeState.BUILT_IN: 'shape=box,fillcolor="#dcefe0"',
    NodeState.INITRAMFS: 'shape=box,style="filled,rounded",fillcolor="#dbe9fb"',
    NodeState.MODULE: 'shape=box,style="filled,rounded,dashed",fillcolor="#fdf0d0"',
    NodeState.MISSING: 'shape=octagon,fillcolor="#fbdad7"',
    NodeState.NONE_NEEDED: 'shape=plain,fillcolor="#f2f4f6"',
    NodeState.DISABLED: 'shape=box,style="filled,dotted",fillcolor="#e4e6e9"',
    NodeState.NO_DEVICE: 'shape=note,fillcolor="#f2f4f6"',
    NodeState.UNKNOWN: 'shape=ellipse,fillcolor="#ffffff"',
}
_STYLES = {
    EdgeEffect.WAITS: 'color="#b3261e",penwidth=2',
    EdgeEffect.RELAXED: 'style=dashed,color="#855000"',
    EdgeEffect.IGNORED: 'style=dotted,color="#855000"',
    EdgeEffect.PARENT: 'arrowhead=empty,color="#838d98"',
    EdgeEffect.NONE: 'style=dotted,color="#838d98"',
    EdgeEffect.SYNC_STATE_ONLY: 'style=dotted,color="#838d98"',
}


def render(view: GraphView) -> str:
    """The digraph."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: GraphView) -> Iterator[str]:
    yield f"digraph {_quoted(view.model or view.input)} {{"
    yield "  rankdir=LR;"
    yield '  node [style=filled,fontname="sans-serif",fontsize=10];'
    yield '  edge [fontname="sans-serif",fontsize=8];'
    asked = view.view.nodes if view.view else ()
    for number, node in enumerate(view.nodes):
        yield f"  n{number} [{_node(node, is_asked=number in asked)}];"
    for edge in view.edges:
        yield f"  n{edge.consumer} -> n{edge.supplier} [{_edge(edge)}];"
    yield "}"


def _node(node: GraphNode, *, is_asked: bool) -> str:
    label = f"{dot(words.name(node))}\\n{dot(words.state(node))}"
    bold = ",penwidth=3" if is_asked else ""
    return f'label="{label}",tooltip={_quoted(node.path)},{_SHAPES[node.state]}{bold}'


def _edge(edge: GraphEdge) -> str:
    style = _STYLES.get(edge.effect, "")
    return f"label={_quoted(words.entries(edge))}" + (f",{style}" if style else "")


def _quoted(text: str) -> str:
    return f'"{dot(text)}"'
