"""XML 1.0: what it can hold arrives as it is, all else as U+FFFD.

What :mod:`~dtlink.escaping.text` replaces is a character reference in the document.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from dtlink.escaping.text import COMMAND, REPLACEMENT, UNSEEN, is_plain

#: What XML 1.0 has no form for (2.2, Characters); a return, which readers make a newline of.
_FORBIDDEN = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: A colon first in a line may begin a command, see :func:`dtlink.escaping.text.row`.
_UNSAFE = re.compile(rf"[{UNSEEN}]|{COMMAND}|(?<![^\n]):(?=:)|(?<=[^\S\n]):(?=:)")


def legal(text: str) -> str:
    """Text that XML can hold, with newlines as its only line ends."""
    return _FORBIDDEN.sub(REPLACEMENT, text.replace("\r\n", "\n").replace("\r", "\n"))


def content(text: str) -> str:
    """Text between tags."""
    return escape(legal(text))


def attribute(text: str) -> str:
    """A value, in its quotation marks."""
    return quoteattr(legal(text))


def document(text: str) -> str:
    """A whole document, whose texts are as :func:`legal` has them."""
    return "\n".join(map(_row, text.split("\n")))


def _row(text: str) -> str:
    if is_plain(text) and not text.lstrip().startswith("::"):
        return text
    return _UNSAFE.sub(lambda found: f"&#{ord(found[0])};", text)
