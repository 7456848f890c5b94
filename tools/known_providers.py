"""The devices whose drivers are known to register a provider that no cells property marks.

They are made of the shipped indexes, which are made of kernels' sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dtlink.boot.drivers.asked import FactsOfSources
from dtlink.facts.bindings import BINDINGS
from dtlink.kernel.source.index import SourceIndex

#: The kinds of the properties with a whole name whose entries have no cells.
KINDS = sorted({row.kind for row in BINDINGS if row.is_plain})


def known_providers(indexes: Iterable[SourceIndex]) -> str:
    """The file of data: a line for each compatible string, with the kinds."""
    answers: dict[tuple[str, str], set[bool | None]] = {}
    for index in indexes:
        for name, kind, offered in _of_index(index):
            answers.setdefault((name, kind), set()).add(offered)
    kinds: dict[str, list[str]] = {}
    for name, kind in sorted(answers):
        if answers[name, kind] == {True}:
            kinds.setdefault(name, []).append(kind)
    return "".join("\t".join((name, *found)) + "\n" for name, found in kinds.items())


def _of_index(index: SourceIndex) -> Iterator[tuple[str, str, bool | None]]:
    facts = FactsOfSources(index)
    for name in index:
        drivers = [each for each in index.entries(name) if each.kind == "driver"]
        if drivers and ":" not in name:  # an alias of a bus, which no devicetree has
            found = facts.of(drivers)
            yield from ((name, kind, found.offers(kind)) for kind in KINDS)
