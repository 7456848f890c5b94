"""The match tables of one C file: their compatible strings, and what uses them.

Distinguished as include/linux/of.h, linux/module.h and the buses do: a table that a driver points
to (``.of_match_table``) or that makes module aliases (``MODULE_DEVICE_TABLE()``) is a driver's;
what ``OF_DECLARE`` macros name, and tables that go to ``of_irq_init()`` or ``of_clk_init()``, the
kernel starts early and without a device; any other table helps something to look for nodes.

Not found, because only a compiler sees them: tables filled in by code; entries without
``.compatible =`` before the string; strings made by macros of headers that are found only through
a compiler's ``-I``. Left out: ``CPU_METHOD_OF_DECLARE()`` and ``CPUIDLE_METHOD_OF_DECLARE()``
(they name values of ``enable-method``, some of them the same as a board's compatible) and
``OF_EARLYCON_DECLARE()`` (a console before consoles, that starts no node).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dtlink.kernel.source.code import Code, TableEntry, end_of, up_to_next
from dtlink.kernel.source.macros import DECLARATIONS, arguments

# No word boundary comes first in these: a search for plain letters is many times faster.
_TABLE = re.compile(
    r"of_device_id\b(?P<words>[\w\s]{0,200})\[[^\[\]]{0,200}\]"
    r"(?P<after>(?:\([^()]*\)|[\w\s)])*?)(?:=\s*)?\{"
)
_COMPATIBLE = re.compile(
    r"\.\s*compatible\s*=\s*((?:\"(?:\\.|[^\"\\])*\"|\w+)(?:\s*(?:\"(?:\\.|[^\"\\])*\"|\w+))*)"
)
_ALIASES = re.compile(r"MODULE_DEVICE_TABLE\s*\(\s*of\s*,\s*(\w+)\s*\)")
_POINTED = re.compile(r"of_match_table\s*=\s*((?:[^,;{}()]|\((?:[^()]|\([^()]*\))*\))*)")
_STARTED = re.compile(r"of_(?:irq|clk)_init\s*\(\s*(\w+)\s*\)")
_DECLARED = re.compile(rf"\b({'|'.join(DECLARATIONS)})(?=\s*\()")
#: Words about a table that are not its name.
_ATTRIBUTE = re.compile(r"const|static|__\w+")


@dataclass
class Table:
    """A match table; without a name if it is defined where it is used."""

    name: str
    static: bool
    entries: list[TableEntry]


@dataclass
class FileTables:
    """What one file holds: tables, tables it uses, nodes it declares, names it binds by."""

    tables: list[Table] = field(default_factory=list)
    driver_uses: set[str] = field(default_factory=set)
    early_uses: set[str] = field(default_factory=set)
    declared: list[TableEntry] = field(default_factory=list)
    names: list[TableEntry] = field(default_factory=list)


def read_tables(code: Code) -> FileTables:
    """Find the tables of a file."""
    found = FileTables()
    for match, stop in up_to_next(_TABLE, code.text):
        _table(code, match, stop, found)
    found.driver_uses.update(_ALIASES.findall(code.text))
    for match in _POINTED.finditer(code.text):
        found.driver_uses.update(re.findall(r"\w+", match[1]))
    found.early_uses.update(_STARTED.findall(code.text))
    # Few files have such, and looking for all these words takes long.
    for match in _DECLARED.finditer(code.text) if "_DECLARE" in code.text else ():
        given = arguments(code.text, match.end())
        place = DECLARATIONS[match[1]]
        if given is not None and len(given[0]) > place:
            found.declared += code.entry(given[0][place], match.start())
    return found


def _table(code: Code, match: re.Match[str], stop: int, found: FileTables) -> None:
    end = end_of(code.text, match.end(), stop)
    entries = [
        entry
        for item in _COMPATIBLE.finditer(code.text, match.end(), end)
        for entry in code.entry(item[1], item.start())
    ]
    before = re.split(r"[;{}#]", code.text[max(0, match.start() - 200) : match.start()])[-1]
    names = [word for word in match["words"].split() if not _ATTRIBUTE.fullmatch(word)]
    name = names[-1] if names else ""
    if not name and re.search(r"of_match_table\s*=", before):
        name = f"<{match.start()}>"
        found.driver_uses.add(name)
    static = "static" in before.split() or not name.isidentifier()
    if entries:
        found.tables.append(Table(name, static, entries))
