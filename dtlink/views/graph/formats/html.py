"""The page: :mod:`dtlink.page.graph` with a graph as its data."""

from __future__ import annotations

from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.views.graph.view import GraphView


def render(view: GraphView) -> str:
    """The whole file."""
    from dtlink.page.graph import page

    title = f"{view.model or view.input or 'Board'} · dependencies"
    counts = f"{counted(len(view.nodes), 'node')} and {counted(len(view.edges), 'edge')}."
    return page(title, view.to_json(), without_scripts=counts).html()
