"""The names that a source includes, found without compiling it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: The name in its quotes; a macro in its place has none.
_DIRECTIVE: Final = re.compile(
    rb"#[ \t]*include[ \t]*([\"<][^\">\n]*|[A-Za-z_])|/inc(?:lude|bin)/[\s(]*(\"[^\"\n]*)"
)


class IncludedName(NamedTuple):
    """What a directive includes."""

    name: str
    """Empty: it is a macro, which may be any name."""
    quoted: bool
    """Whether it is looked for beside the file first."""


def included(data: bytes) -> Sequence[IncludedName]:
    """The names that the directives of a file have, each once.

    Those under a condition and in comments are among them: none is missed.
    """
    found = dict.fromkeys(
        match[1] or match[2] for match in _DIRECTIVE.finditer(data) if _is_directive(data, match)
    )
    return [
        IncludedName(each[1:].decode("utf-8", "surrogateescape"), each[:1] == b'"')
        for each in found
    ]


def _is_directive(data: bytes, match: re.Match[bytes]) -> bool:
    """Whether a name has quotes, or a macro is in its place: not a word of a comment."""
    if match[1] is None or match[1][:1] in b'"<':
        return True
    start = data.rfind(b"\n", 0, match.start()) + 1
    return not data[start : match.start()].strip()
