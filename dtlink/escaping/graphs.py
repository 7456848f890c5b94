"""Labels of pictures: of Graphviz, and of Mermaid flowcharts."""

from __future__ import annotations

import re

from dtlink.escaping.text import row

#: What means nothing in a quoted label of Mermaid; all else is written as a code.
_PLAIN = re.compile(r"[^A-Za-z0-9 ,@/._+:\[\]-]")


def dot(text: str) -> str:
    """Text between quotation marks: only these and backslashes mean something there."""
    return row(text).replace("\\", "\\\\").replace('"', '\\"')


def mermaid(text: str) -> str:
    """Text between quotation marks."""
    return _PLAIN.sub(lambda found: f"#{ord(found[0])};", row(text))
