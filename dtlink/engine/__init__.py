"""From paths to input reports: read, ask, gather; in this process or in several."""

from __future__ import annotations

from dtlink.engine.chosen import ChosenInputs, choose
from dtlink.engine.inputs import expand, members
from dtlink.engine.runner import run
from dtlink.engine.task import Task, process, report_of
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.engine.linting import lint, lint_board

__all__ = [
    "ChosenInputs",
    "Task",
    "choose",
    "expand",
    "lint",
    "lint_board",
    "members",
    "process",
    "report_of",
    "run",
]

#: What imports all that a board is asked: a run whose results are in the cache asks nothing.
_OF_BOARDS = ("lint", "lint_board")


def __getattr__(name: str) -> Any:
    if name not in _OF_BOARDS:
        raise AttributeError(name)
    from dtlink.engine import linting

    return getattr(linting, name)
