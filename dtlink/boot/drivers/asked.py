"""What drivers ask for, as their facts say: of each set of source files once, for all boards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from dtlink.facts.patterns import fits
from dtlink.facts.resource import Requested
from dtlink.facts.resources import CLOCK
from dtlink.kernel.source.driver_facts import Need
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.kernel.source.driver_facts import Ask, DriverFacts
    from dtlink.kernel.source.index import Source, SourceIndex

_RANKS = {each: rank for rank, each in enumerate(Requested)}
OF_NEED = {
    Need.REQUIRED: Requested.REQUIRED,
    Need.UNKNOWN: Requested.UNKNOWN,
    Need.OPTIONAL: Requested.OPTIONAL,
    Need.IGNORED: Requested.IGNORED,
}
#: Upper bound on the sets of drivers that are remembered.
_REMEMBERED = 32_768


def strongest(found: Iterable[Requested]) -> Requested:
    """What several requests for one supplier come to; ``NO`` if there are none."""
    return min(found, key=_RANKS.__getitem__, default=Requested.NO)


def agreed(found: Iterable[Requested]) -> Requested:
    """What several drivers do of which one has the device; ``UNKNOWN`` if there are none."""
    answers = set(found)
    if answers == {Requested.REQUIRED, Requested.OPTIONAL}:
        return Requested.OPTIONAL
    return answers.pop() if len(answers) == 1 else Requested.UNKNOWN


class KnownFacts:
    """The facts of all drivers that a device may have, and what they come to."""

    def __init__(self, facts: Sequence[DriverFacts | None]) -> None:
        self.facts = facts
        """``None`` for a driver that has none; empty: which driver it is is not known."""
        self._asked: dict[tuple[str, str, int, bool], Requested] = {}
        self._offered: dict[str, bool | None] = {}

    def asked(self, kind: str, name: str, entry: int, *, of_children: bool) -> Requested:
        """Whether the drivers ask for an entry; ``entry`` -1: its name alone says which it is."""
        key = kind, name, entry, of_children
        found = self._asked.get(key)
        if found is None:
            found = self._asked[key] = agreed(
                asked_by(facts, kind, name, entry, of_children=of_children) for facts in self.facts
            )
        return found

    def offers(self, kind: str) -> bool | None:
        """Whether they register a provider of a kind; ``None``: not known, or one of some does."""
        if kind not in self._offered:
            found = {facts.provides(kind) if facts else None for facts in self.facts}
            self._offered[kind] = found.pop() if len(found) == 1 else None
        return self._offered[kind]


class FactsOfSources:
    """The facts of one index, for all boards: these have many drivers in common."""

    def __init__(self, index: SourceIndex) -> None:
        self._index = index
        self._found: dict[tuple[str, ...], KnownFacts] = {}

    def of(self, sources: Iterable[Source]) -> KnownFacts:
        """The facts of the drivers in the files of some tables."""
        files = tuple(sorted({each.file for each in sources}))
        found = self._found.get(files)
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            found = self._found[files] = KnownFacts([self._index.facts(file) for file in files])
        return found


@lru_cache(maxsize=4)
def facts_of_sources(index: SourceIndex) -> FactsOfSources:
    """The :class:`FactsOfSources` of an index."""
    return FactsOfSources(index)


def asked_by(
    facts: DriverFacts | None, kind: str, name: str, entry: int, *, of_children: bool
) -> Requested:
    """Whether one driver asks for an entry; ``entry`` -1: its name alone says which it is."""
    if facts is None:
        return Requested.UNKNOWN
    asks = facts.asks_for(kind, of_children=of_children)
    found = [OF_NEED[ask.need] for ask in asks if is_meant(ask, name, entry)]
    if facts.may_ask(kind) or not (found or _is_telling(facts, kind, asks)):
        found.append(Requested.UNKNOWN)
    return strongest(found)


def _is_telling(facts: DriverFacts, kind: str, asks: Sequence[Ask]) -> bool:
    """Whether what a driver does not ask for is known not to be asked for.

    Where it asks for none of a kind, another module may ask for it, which calls the driver back
    (drivers/ufs/host/ufs-qcom.c, ufs_qcom_init()). The inputs of a clock controller are looked up
    when its clocks are used (drivers/clk/clk.c, clk_core_get()).
    """
    return bool(asks) or (kind == CLOCK.kind and CLOCK.kind in facts.offers)


def is_meant(ask: Ask, name: str, entry: int) -> bool:
    """Whether a request is for an entry."""
    if ask.name == "*":
        return True
    if ask.name == "" or ask.name.startswith("#"):
        return ask.name == f"#{entry}" or (not ask.name and not entry)
    return fits((name,), (ask.name,))
