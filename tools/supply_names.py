"""The names of supplies and GPIOs that bindings and drivers know, from a kernel's source.

Names only: what is before ``-supply``, ``-gpios`` or ``-gpio``, each number as ``#``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from dtlink.facts.resources import GPIO, REGULATOR
from dtlink.facts.supply_names import stem, without_numbers
from dtlink.kernel.source.index import SourceIndex

_BINDINGS = "Documentation/devicetree/bindings"
_NAME = re.compile(r"[A-Za-z0-9,_.+-]+-(?:supply|gpios?)\b")
#: No name: it is put together, a number, or a text with blanks.
_OPEN = re.compile(r"[*#\s]|^$")


def of_bindings(tree: Path) -> Iterator[str]:
    """The names in all bindings of a source."""
    for path in sorted((tree / _BINDINGS).rglob("*")):
        if path.suffix in (".yaml", ".txt"):
            yield from filter(None, map(stem, _NAME.findall(path.read_text(errors="replace"))))


def of_drivers(indexes: Iterable[SourceIndex]) -> Iterator[str]:
    """The names that drivers ask for."""
    for index in indexes:
        for row in index.fact_rows:
            facts = index.facts(row[1])
            for ask in facts.asks if facts else ():
                if ask.kind in (REGULATOR.kind, GPIO.kind) and not _OPEN.search(ask.name):
                    yield ask.name


def supply_names(tree: Path, indexes: Iterable[SourceIndex]) -> str:
    """The file of data: a name in each line, in order."""
    names = {*of_bindings(tree), *of_drivers(indexes)}
    return "".join(f"{name}\n" for name in sorted({without_numbers(name) for name in names}))
