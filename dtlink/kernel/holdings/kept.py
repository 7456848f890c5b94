"""The facts of a kernel as they are kept: a few as JSON, the many strings as one text."""

from __future__ import annotations

from dtlink.kernel.columns import Columns, ColumnWriter
from dtlink.typed import Any

#: Facts with a string for each name.
_TABLES = ("config", "modules")
#: Those that are lists of strings.
_LISTS = ("builtin", "order")
#: What has aliases, and its tables.
_ALIASES = ("aliases", "builtin_aliases")
_PARTS = ("of", "others", "wild")
#: A list, or ``None`` where nothing is known.
_COMPATIBLES = "builtin_compatibles"


def packed(facts: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The few facts, and the text of the others.

    Raises :class:`ValueError` for strings that cannot be kept.
    """
    columns = ColumnWriter()
    for fact in _TABLES:
        columns.write_table(facts[fact])
    for fact in _LISTS:
        columns.write(facts[fact])
    columns.write(facts[_COMPATIBLES] or ())
    for fact in _ALIASES:
        for part in _PARTS:
            columns.write_table(facts[fact][part])
    few = {name: facts[name] for name in ("release", "sources", "notes")}
    few["knows_compatibles"] = facts[_COMPATIBLES] is not None
    few["folded"] = [facts[fact]["folded"] for fact in _ALIASES]
    few["sizes"] = columns.sizes
    return few, columns.text


def unpacked(few: dict[str, Any], data: bytes, start: int) -> dict[str, Any]:
    """The facts again; ``start``: where the text begins in the data.

    Raises :class:`ValueError` and the like for other data.
    """
    columns = Columns(data, few["sizes"], start)
    facts: dict[str, Any] = {name: few[name] for name in ("release", "sources", "notes")}
    facts |= {fact: columns.read_table() for fact in _TABLES}
    facts |= {fact: columns.read() for fact in _LISTS}
    compatibles = columns.read()
    facts[_COMPATIBLES] = compatibles if few["knows_compatibles"] else None
    for fact, folded in zip(_ALIASES, few["folded"], strict=True):
        facts[fact] = {part: columns.read_table() for part in _PARTS} | {"folded": folded}
    return facts
