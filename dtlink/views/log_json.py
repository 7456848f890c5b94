"""The JSON data of an explained log: of lists, as many rows as results have at most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized

from dtlink.observed.bootlog.model import CauseKind, DeviceEffect
from dtlink.typed import TYPE_CHECKING
from dtlink.views.bounds import Room, left_out
from dtlink.views.data import ABSENT

if TYPE_CHECKING:
    from dtlink.observed.bootlog.model import (
        Explanation,
        HiddenLines,
        RootCause,
        UndecidedDevice,
        Victim,
    )
    from dtlink.report.entries import Json


def data(found: Explanation, tree: str | None) -> Json:
    """The causes, what is left open, and what does no harm; ``tree`` is the path of the tree."""
    room = _LogRoom()
    causes, undecided, failures = room.of(found)
    return {
        "kernel": found.kernel or None,
        "command_line": found.command_line or None,
        "model": found.model or None,
        "lines": found.lines,
        "tree": tree,
        "harmful": found.harmful,
        "causes": [room.cause(cause) for cause in causes],
        "open": [_undecided(item) for item in undecided],
        "own_failures": [_undecided(item) for item in failures],
        "put_away": [room.hidden(item) for item in found.put_away],
        "told": dict(found.told),
        "notes": list(found.notes),
        "look_at": list(found.look_at),
        **_more(
            causes=(found.causes, causes),
            open=(found.open, undecided),
            own_failures=(found.own_failures, failures),
        ),
    }


class _LogRoom:
    """What is left for the rows of each kind, of all lists that have it together."""

    def __init__(self) -> None:
        self._causes, self._names, self._victims = Room(), Room(), Room()
        self._devices, self._lines = Room(), Room()

    def of(
        self, found: Explanation
    ) -> tuple[Sequence[RootCause], Sequence[UndecidedDevice], Sequence[UndecidedDevice]]:
        """The causes, the open devices and those with failures of their own, as many as fit."""
        return (
            self._causes.first(found.causes, _texts_of_cause),
            self._devices.first(found.open, _texts_of_device),
            self._devices.first(found.own_failures, _texts_of_device),
        )

    def cause(self, cause: RootCause) -> Json:
        """A cause, with as many names and devices as fit."""
        origin = cause.origin
        also, candidates = self._first(cause.also), self._first(origin.candidates)
        victims = self._victims.first(cause.victims, _texts_of_victim)
        return {
            "root": _word(origin.root),
            "subject": origin.subject,
            "also": also,
            "detail": origin.detail or None,
            "confidence": "sure" if cause.sure else "likely",
            "candidates": candidates,
            "cure": origin.cure or None,
            "rule": origin.rule or None,
            "victims": [_victim(victim) for victim in victims],
            **_more(
                also=(cause.also, also),
                candidates=(origin.candidates, candidates),
                victims=(cause.victims, victims),
            ),
        }

    def _first(self, names: Iterable[str]) -> list[str]:
        return self._names.first(names, lambda name: (name,))

    def hidden(self, item: HiddenLines) -> Json:
        """A kind of harmless lines, with as many numbers of lines as fit."""
        lines = self._lines.first(item.lines, lambda _: ())
        return {
            "kind": item.kind,
            "meaning": item.meaning,
            "lines": lines,
            "cycles": item.clusters or None,
            **_more(lines=(item.lines, lines)),
        }


def _more(**lists: tuple[Sized, Sized]) -> Mapping[str, Json]:
    """A member that counts what is left out, where anything is."""
    more = left_out(**lists)
    return {} if more is ABSENT else {"left_out": dict(more)}


def _texts_of_cause(cause: RootCause) -> Iterable[str]:
    return cause.origin.subject, cause.origin.detail, cause.origin.cure


def _texts_of_device(item: UndecidedDevice) -> Iterable[str]:
    return item.device, item.node or "", item.words, item.meaning


def _texts_of_victim(victim: Victim) -> Iterable[str]:
    return victim.device, victim.node or "", victim.words, victim.note, *victim.via


def _word(item: CauseKind | DeviceEffect) -> str:
    return item.name.lower().replace("_", "-")


def _victim(victim: Victim) -> Json:
    return {
        "device": victim.device or None,
        "node": victim.node,
        "effect": _word(victim.effect),
        "words": victim.words or None,
        "note": victim.note or None,
        "line": victim.line,
        "time": victim.time,
        "via": list(victim.via),
        "confidence": "sure" if victim.sure else "likely",
        "lines": victim.lines,
    }


def _undecided(item: UndecidedDevice) -> Json:
    return {
        "device": item.device,
        "node": item.node,
        "words": item.words or None,
        "meaning": item.meaning or None,
        "line": item.line,
        "time": item.time,
    }
