"""The page: :mod:`dtlink.page.graph` with a graph as its data."""

from __future__ import annotations

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.views.graph.view import GraphView


def render(view: GraphView) -> str:
    """The whole file."""
    from dtlink.page.graph import page

    title = f"{view.model or view.input or 'Board'} · dependencies"
    counts = f"{len(view.nodes)} nodes and {len(view.edges)} edges."
    return page(title, view.to_json(), without_scripts=counts).html()
