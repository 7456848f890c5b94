"""dtlink: a linter, and a library, for the dependencies that firmware declares.

>>> import dtlink
>>> tree = dtlink.read("board.dtb")                    # doctest: +SKIP
>>> for link in dtlink.Graph.of(tree).links:           # doctest: +SKIP
...     print(link.consumer.path, link.supplier.path, link.entry)
>>> report = dtlink.lint(["board.dtb"])                # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtlink.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtlink.board.settings import Settings
    from dtlink.board.tree import Board
    from dtlink.firmware.errors import InputError
    from dtlink.firmware.read import read
    from dtlink.links.graph import Graph
    from dtlink.report.model import Report
    from dtlink.rules.model import Finding

__all__ = [
    "Board",
    "Finding",
    "Graph",
    "InputError",
    "Report",
    "Settings",
    "__version__",
    "lint",
    "read",
]

# Where the public names live: they are imported when somebody asks for them, because the command
# line asks for few of them at a time.
_HOMES = {
    "Board": "dtlink.board.tree",
    "Settings": "dtlink.board.settings",
    "Finding": "dtlink.rules.model",
    "Graph": "dtlink.links.graph",
    "InputError": "dtlink.firmware.errors",
    "Report": "dtlink.report.model",
    "read": "dtlink.firmware.read",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dtlink' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def lint(
    paths: Iterable[str], *, select: Iterable[str] = (), ignore: Iterable[str] = (), jobs: int = 1
) -> Report:
    """Lint files and folders with the chosen rules or families (all if none is chosen).

    What can't be read is told in the report's ``error``. Raises :class:`ValueError` for a word in
    ``select`` or ``ignore`` that names no rule or family.
    """
    from functools import partial

    from dtlink import engine
    from dtlink.report.model import Report
    from dtlink.rules.catalogue import check_words

    check_words((*(select := tuple(select)), *(ignore := tuple(ignore))))
    chosen = partial(engine.lint, select=select, ignore=ignore)
    task = engine.Task(chosen, chosen)
    return Report("lint", list(engine.run(list(engine.expand(paths)), task, jobs=jobs)))
