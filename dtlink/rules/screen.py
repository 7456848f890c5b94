"""Which rules may have anything to say of a board, without importing any."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from operator import attrgetter

from dtlink.rules.index import INDEX
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.rules.catalogue import ChosenRule


def may_speak(board: AnyBoard, needs: Collection[str], asks: str) -> bool:
    """Whether the input has one of the names that a rule needs, and the board what it asks for.

    A part of the board that cannot be had is for the rule to fail on: that is reported.
    """
    if needs and board.holdings.isdisjoint(needs):
        return False
    try:
        return not asks or bool(_getter(asks)(board))
    except Exception:  # noqa: BLE001 - as in run.check()
        return True


def speaking(board: AnyBoard, chosen: Iterable[ChosenRule]) -> list[ChosenRule]:
    """The rules that may have anything to say. One that the index lacks may always."""
    have_nothing = board.holdings.isdisjoint
    found: list[ChosenRule] = []
    for each in chosen:
        needs, asks = INDEX.get(each.id, _ALWAYS)
        # As most: it lacks what they need, or nothing else is asked.
        if (not needs or not have_nothing(needs)) and (not asks or may_speak(board, (), asks)):
            found.append(each)
    return found


_getter = lru_cache(maxsize=256)(attrgetter)


def asks_nothing(rule_id: str) -> bool:
    """Whether a rule is run for every board that has one of the names that it needs."""
    return not INDEX.get(rule_id, _ALWAYS)[1]


_ALWAYS: tuple[tuple[str, ...], str] = ((), "")
