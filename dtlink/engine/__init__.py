"""From paths to input reports: read, ask, gather; in this process or in several."""

from dtlink.engine.inputs import expand
from dtlink.engine.linting import lint_tables, lint_tree
from dtlink.engine.runner import run
from dtlink.engine.task import Task, process

__all__ = ["Task", "expand", "lint_tables", "lint_tree", "process", "run"]
