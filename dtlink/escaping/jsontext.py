r"""JSON: every text arrives as it is, and no character of the document controls anything.

What :mod:`~dtlink.escaping.text` replaces is written as a ``\u`` escape: the data is the same.
A surrogate, of which a file name has one for each byte that is not UTF-8 (PEP 383), is such an
escape too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dtlink.escaping.text import COMMAND, UNSEEN, is_plain
from dtlink.late import pattern
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re

_CONSTANTS = {None: "null", True: "true", False: "false"}
#: What JSON never has in a string as it is.
_ESCAPES = {number: f"\\u{number:04x}" for number in range(0x20)} | {
    ord(each): f"\\{letter}" for each, letter in zip('"\\\b\f\n\r\t', '"\\bfnrt', strict=True)
}
_UNSAFE = pattern(f"[{UNSEEN}]|{COMMAND}")
#: What ends or begins something in HTML.
_MARKUP = pattern("[<>&]")


def document(data: Mapping[str, Any] | list[Any]) -> str:
    """An indented document, ending in a newline."""
    return _escaped("".join(_laid_out(data))) + "\n"


def pieces(
    data: Mapping[str, Any], lists: Mapping[str, Iterable[Any]], depth: int = 1
) -> Iterator[str]:
    """An indented document in pieces, of which each entry of long lists is one.

    ``lists`` are members of the document at this depth, in its order; in ``data`` they are empty.
    """
    text, start = document(data), "\n" + " " * depth
    for name, entries in lists.items():
        # A newline is never in a string: each is between members.
        before, text = text.split(f'{start}"{name}": []', 1)
        yield f'{before}{start}"{name}": ['
        between = ""
        for each in entries:
            entry = document(each).rstrip("\n").replace("\n", f"{start} ")
            yield f"{between}{start} {entry}"
            between = ","
        yield f"{start}]" if between else "]"
    yield text


def line(data: Mapping[str, Any]) -> str:
    """A document in one line, of ASCII alone, without a newline."""
    import json

    return _escaped(json.dumps(data, separators=(",", ":")))


def value(data: Any) -> str:
    """A value in one line, as TOML has it too."""
    import json

    return _escaped(json.dumps(data, ensure_ascii=False))


def in_html(data: Any) -> str:
    """A document for a ``<script>``: no markup is in it."""
    import json

    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _MARKUP.sub(_code, _escaped(text))


def _laid_out(data: Any, newline: str = "\n") -> Iterator[str]:
    """The pieces of what ``json.dumps(data, indent=1, ensure_ascii=False)`` returns.

    To import json, with its reader and the expressions of that, takes a tenth of a cold lint.
    """
    inner = newline + " "
    if isinstance(data, str):
        yield _quoted(data)
    elif data is None or isinstance(data, bool):
        yield _CONSTANTS[data]
    elif isinstance(data, int):
        yield int.__repr__(data)
    elif isinstance(data, Mapping | list | tuple):
        first, last = "{}" if isinstance(data, Mapping) else "[]"
        begin = first + inner
        for key in data if isinstance(data, Mapping) else range(len(data)):
            yield f"{begin}{_quoted(key)}: " if isinstance(key, str) else begin
            held: Any = data
            yield from _laid_out(held[key], inner)
            begin = f",{inner}"
        yield f"{newline}{last}" if data else f"{first}{last}"
    else:
        yield value(data)  # a float: rare


def _quoted(text: str) -> str:
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{text.translate(_ESCAPES)}"'


def _escaped(text: str) -> str:
    if text.isascii() and "\x7f" not in text and "##" not in text:
        return text
    if is_plain(text.replace("\n", "")):
        return text
    return "\n".join(row if is_plain(row) else _UNSAFE.sub(_code, row) for row in text.split("\n"))


def _code(found: re.Match[str]) -> str:
    # Two escapes for what UTF-16 needs two units for.
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
