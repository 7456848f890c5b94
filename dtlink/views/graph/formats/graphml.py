"""GraphML (http://graphml.graphdrawing.org): the nodes and edges with all that is known of them."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.escaping import xml
from dtlink.typed import TYPE_CHECKING
from dtlink.views.graph.formats import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtlink.views.graph.rows import GraphEdge, GraphNode
    from dtlink.views.graph.view import GraphView

_NODE_KEYS = ("path", "state", "label", "compatible", "driver", "modules", "when", "wave", "role")
_EDGE_KEYS = ("effect", "entries", "bindings", "outcome", "wait", "if_missing")


def render(view: GraphView) -> str:
    """The document."""
    return xml.document("\n".join(_lines(view)) + "\n")


def _lines(view: GraphView) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for kind, keys in (("node", _NODE_KEYS), ("edge", _EDGE_KEYS)):
        for key in keys:
            type_ = "int" if key == "wave" else "string"
            yield (f'  <key id="{kind}-{key}" for="{kind}" attr.name="{key}" attr.type="{type_}"/>')
    named = xml.attribute(view.model or view.input or "board")
    yield f'  <graph id={named} edgedefault="directed">'
    for number, node in enumerate(view.nodes):
        yield f'    <node id="n{number}">{_data("node", _node(node))}</node>'
    for edge in view.edges:
        ends = f'source="n{edge.consumer}" target="n{edge.supplier}"'
        yield f"    <edge {ends}>{_data('edge', _edge(edge))}</edge>"
    yield "  </graph>"
    yield "</graphml>"


def _node(node: GraphNode) -> Mapping[str, str]:
    return {
        "path": node.path,
        "state": node.state.value,
        "label": node.label or "",
        "compatible": " ".join(node.compatible or ()),
        "driver": node.driver or "",
        "modules": " ".join(node.modules or ()),
        "when": node.when.value if node.when else "",
        "wave": str(node.wave) if isinstance(node.wave, int) else "",
        "role": node.role or "",
    }


def _edge(edge: GraphEdge) -> Mapping[str, str]:
    entries = edge.entries or ()
    return {
        "effect": edge.effect.value,
        "entries": " ".join(dict.fromkeys(map(words.entry, entries))),
        "bindings": " ".join(dict.fromkeys(each.binding for each in entries)),
        "outcome": edge.outcome.value if edge.outcome else "",
        "wait": edge.wait or "",
        "if_missing": edge.if_missing.value if edge.if_missing else "",
    }


def _data(kind: str, values: Mapping[str, str]) -> str:
    return "".join(
        f'<data key="{kind}-{key}">{xml.content(value)}</data>'
        for key, value in values.items()
        if value
    )
