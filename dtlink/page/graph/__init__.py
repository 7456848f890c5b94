"""The page of ``dtlink graph``: small ES modules, joined into one script."""

from __future__ import annotations

import re
from functools import cache

from dtlink.page.embed import Page, asset
from dtlink.typed import Any

#: The modules, each after those that it imports from.
MODULES = (
    *("model", "words", "route", "blast", "search", "drawstyle", "draw"),
    *("parts", "why", "details", "edge", "home", "focus", "timeline", "cycles", "without"),
    *("flow", "iommu", "change", "keys", "main"),
)
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|let|function) (\w+))", re.MULTILINE)


def page(title: str, data: Any, *, without_scripts: str = "") -> Page:
    """The page of a graph; ``data`` is :meth:`dtlink.views.graph.view.GraphView.to_json`."""
    return Page(
        title=title,
        main=asset("graph/main.html"),
        styles=(asset("graph/graph.css"),),
        scripts=(asset("vendor/dagre.min.js"), asset("vendor/cytoscape.min.js"), script()),
        data={"graph": data},
        inserted_styles=(CYTOSCAPE_STYLE,),
        without_scripts=without_scripts,
    )


#: The style sheet that cytoscape.js inserts (src/extensions/renderer/base).
CYTOSCAPE_STYLE = ".__________cytoscape_container { position: relative; }"


@cache
def script() -> str:
    """All modules as one script: each a function that returns what it exports."""
    return '"use strict";\n' + "\n".join(map(_module, MODULES))


def _module(name: str) -> str:
    text = asset(f"graph/{name}.js")
    exports = ", ".join(_EXPORT.findall(text))
    body = _EXPORT.sub("", _IMPORT.sub(r"const \1 = module_\2;", text))
    return f"const module_{name} = (() => {{\n{body}return {{ {exports} }};\n}})();"
