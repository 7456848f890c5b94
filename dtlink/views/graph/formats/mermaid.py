"""Mermaid flowcharts: in Markdown, between lines of three backquotes."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.escaping.graphs import mermaid
from dtlink.typed import TYPE_CHECKING
from dtlink.views.graph.formats import words
from dtlink.views.graph.rows import EdgeEffect, NodeState

if TYPE_CHECKING:
    from dtlink.views.graph.view import GraphView

#: What opens and closes a node of a state.
_SHAPES = {
    NodeState.INITRAMFS: ("(", ")"),
    NodeState.MODULE: ("([", "])"),
    NodeState.MISSING: ("{{", "}}"),
    NodeState.DISABLED: ("[/", "/]"),
    NodeState.NO_DEVICE: (">", "]"),
    NodeState.NONE_NEEDED: ("[[", "]]"),
}
_ARROWS = {
    EdgeEffect.WAITS: "==>",
    EdgeEffect.RELAXED: "-.->",
    EdgeEffect.IGNORED: "-.->",
    EdgeEffect.NONE: "-.->",
    EdgeEffect.SYNC_STATE_ONLY: "-.->",
}
_COLOURS = {
    NodeState.BUILT_IN: "#dcefe0",
    NodeState.INITRAMFS: "#dbe9fb",
    NodeState.MODULE: "#fdf0d0",
    NodeState.MISSING: "#fbdad7",
    NodeState.DISABLED: "#e4e6e9",
}


def render(view: GraphView) -> str:
    """The flowchart."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: GraphView) -> Iterator[str]:
    yield "flowchart LR"
    for number, node in enumerate(view.nodes):
        opens, closes = _SHAPES.get(node.state, ("[", "]"))
        label = f"{mermaid(words.name(node))}<br>{mermaid(words.state(node))}"
        yield f'  n{number}{opens}"{label}"{closes}'
    for edge in view.edges:
        arrow = _ARROWS.get(edge.effect, "-->")
        yield f'  n{edge.consumer} {arrow}|"{mermaid(words.entries(edge))}"| n{edge.supplier}'
    for state, colour in _COLOURS.items():
        there = [f"n{at}" for at, node in enumerate(view.nodes) if node.state is state]
        if there:
            yield f"  classDef {state.name.lower()} fill:{colour},color:#1a2027,stroke:#545d68"
            yield f"  class {','.join(there)} {state.name.lower()}"
    for number in view.view.nodes if view.view else ():
        yield f"  style n{number} stroke-width:3px"
