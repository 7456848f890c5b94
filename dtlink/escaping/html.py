"""HTML: text is text. Data of a page is JSON, see :func:`dtlink.escaping.jsontext.in_html`."""

from __future__ import annotations

import html

from dtlink.escaping.text import name


def content(text: str) -> str:
    """Text in one line, between tags or in a value that has quotation marks."""
    return html.escape(name(text))
