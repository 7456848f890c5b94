"""The formats of other tools that a graph can be written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from dtlink.typed import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from dtlink.views.graph.view import GraphView

#: Each format with what it is for; ``html`` is of the whole input, the others of what is in view.
FORMATS: Mapping[str, str] = {
    "html": "a page to look at, in one file",
    "dot": "Graphviz",
    "mermaid": "Mermaid, as Markdown of code hosts draws it",
    "graphml": "GraphML, for networkx, yEd and Gephi",
    "json": "JSON data",
}
#: The format of a file by the end of its name.
SUFFIXES: Mapping[str, str] = {
    ".html": "html",
    ".htm": "html",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".graphml": "graphml",
    ".json": "json",
}


def _text(form: str) -> Callable[[GraphView], str]:
    """The function of a module here, which is imported only when it is called."""

    def render(view: GraphView) -> str:
        module = import_module(f"dtlink.views.graph.formats.{form}")
        return cast("Callable[[GraphView], str]", module.render)(view)

    return render


#: What makes the text of each format; of ``json``, :mod:`dtlink.report.json` makes a report.
TEXTS: Mapping[str, Callable[[GraphView], str]] = {
    form: _text(form) for form in FORMATS if form != "json"
}
