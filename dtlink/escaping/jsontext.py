r"""JSON: every text arrives as it is, and no character of the document controls anything.

What :mod:`~dtlink.escaping.text` replaces is written as a ``\u`` escape: the data is the same.
A surrogate, of which a file name has one for each byte that is not UTF-8 (PEP 383), is such an
escape too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from dtlink.escaping.text import COMMAND, UNSEEN
from dtlink.late import pattern
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re

_UNSAFE = pattern(f"[{UNSEEN}]|{COMMAND}")
#: What ends or begins something in HTML.
_MARKUP = pattern("[<>&]")


def document(data: Mapping[str, Any] | list[Any]) -> str:
    """An indented document, ending in a newline."""
    return _escaped(json.dumps(data, indent=1, ensure_ascii=False)) + "\n"


def line(data: Mapping[str, Any]) -> str:
    """A document in one line, of ASCII alone, without a newline."""
    return _escaped(json.dumps(data, separators=(",", ":")))


def value(data: Any) -> str:
    """A value in one line, as TOML has it too."""
    return _escaped(json.dumps(data, ensure_ascii=False))


def in_html(data: Any) -> str:
    """A document for a ``<script>``: no markup is in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _MARKUP.sub(_code, _escaped(text))


def _escaped(text: str) -> str:
    if text.isascii() and "\x7f" not in text and "##" not in text:
        return text
    return _UNSAFE.sub(_code, text)


def _code(found: re.Match[str]) -> str:
    # Two escapes for what UTF-16 needs two units for.
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
