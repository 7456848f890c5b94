"""From paths to input reports: read, ask, gather; in this process or in several."""

from dtlink.engine.chosen import ChosenInputs, choose
from dtlink.engine.inputs import expand, members
from dtlink.engine.linting import lint, lint_board
from dtlink.engine.runner import run
from dtlink.engine.task import Task, process, report_of

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
