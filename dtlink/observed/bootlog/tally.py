"""The lines of a log, counted: those that do no harm, and how many are explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from dtlink.facts.loglines import Harm
from dtlink.facts.loglines.system import NO_ROOT
from dtlink.observed.bootlog.model import HiddenLines, RootCause
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.observed.bootlog.history import History, LoggedMessage
    from dtlink.observed.bootlog.outcomes import Outcomes

_CAME_LATER = "The device was not put off in the end: it came later, or no driver wants it."
_HARMLESS = {
    "sync-state-pending": "The consumer that the supplier waited for has bound since.",
    "no-map-entry": "The IOMMU itself is left out of its host's map, as it must be.",
    "link-refused": "A link that would order sync_state() alone (bit 0x80 of its flags) was "
    "refused: it does not defer any probe.",
}


def _clusters(some: Iterable[LoggedMessage]) -> int:
    """How many cycles a number of pairs are about: those that share a node are one."""
    home: dict[str, str] = {}

    def top(name: str) -> str:
        while home.setdefault(name, name) != name:
            name = home[name]
        return name

    for said in some:
        home[top(said.match.groups["node"])] = top(said.match.groups["of"])
    return sum(name == above for name, above in home.items())


def put_away(history: History, outcomes: Outcomes) -> list[HiddenLines]:
    """What does no harm, by kind; lines that would, but for what came after them, apart."""
    groups: dict[tuple[str, str], list[LoggedMessage]] = {}
    for said in history.said:
        message = said.match.message
        if outcomes.fate(said) == "harmless":
            meaning = message.meaning
            if message.kind.startswith(NO_ROOT):
                meaning = "The root filesystem was found after all."
            elif message.harm is not Harm.HARMLESS:
                meaning = _HARMLESS.get(message.kind, _CAME_LATER)
            groups.setdefault((message.kind, meaning), []).append(said)
    return [
        HiddenLines(
            kind,
            meaning,
            tuple(said.line.number for said in some),
            _clusters(some) if kind == "cycle" else 0,
        )
        for (kind, meaning), some in groups.items()
    ]


def counts(history: History, outcomes: Outcomes, causes: Iterable[RootCause]) -> dict[str, int]:
    """How many lines there are of each fate, the harmful ones by whether they are explained."""
    fates = Counter(outcomes.fate(said) for said in history.said)
    unclear = {
        victim.device
        for cause in causes
        if not cause.origin.root.is_known
        for victim in cause.victims
    }
    not_explained = sum(
        outcomes.fate(said) == "harmful" and said.match.groups.get("device") in unclear
        for said in history.said
    )
    return {
        "explained": fates["harmful"] - not_explained,
        "unclear": not_explained,
        "harmless": fates["harmless"],
        "open": fates["open"] + fates["own"],
    }
