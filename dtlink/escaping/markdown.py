"""Markdown of any dialect: text in code spans, where neither it nor HTML has a meaning."""

from __future__ import annotations

import re

from dtlink.escaping.text import name


def code(text: str, longest: int) -> str:
    """Text in one line as a code span, with a fence longer than any in the text."""
    plain = name(text)
    plain = plain if len(plain) <= longest else plain[: longest - 1] + "…"
    if not plain:
        return ""
    fence = "`" * (1 + max(map(len, re.findall("`+", plain)), default=0))
    pad = " " if plain[0] in "` " or plain[-1] in "` " else ""
    return f"{fence}{pad}{plain}{pad}{fence}"
