"""dtlink: a linter, and a library, for the dependencies that firmware declares.

>>> import dtlink
>>> report = dtlink.lint("board.dtb")                                 # doctest: +SKIP
>>> board = dtlink.Board.read("board.dtb", kernel_version="6.12")     # doctest: +SKIP
>>> print(board.why("/soc/ethernet@30be0000"))                        # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtlink.version import __version__

if TYPE_CHECKING:
    from dtlink.api.board import Board
    from dtlink.api.lint import lint
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.errors import InputError
    from dtlink.firmware.read import read, read_tables, read_tree
    from dtlink.firmware.tree import Node, Tree
    from dtlink.links.graph import Graph
    from dtlink.links.reference import Link
    from dtlink.report.model import Report
    from dtlink.rules.model import Finding, Rule, Severity

__all__ = [
    "Board",
    "Finding",
    "Graph",
    "InputError",
    "KernelVersion",
    "Link",
    "Machine",
    "Node",
    "Report",
    "Rule",
    "Severity",
    "Tree",
    "__version__",
    "lint",
    "read",
    "read_tables",
    "read_tree",
]

# Where the public names live: they are imported when somebody asks for them, because the command
# line asks for few of them at a time.
_HOMES = {
    "Board": "dtlink.api.board",
    "Finding": "dtlink.rules.model",
    "Graph": "dtlink.links.graph",
    "InputError": "dtlink.firmware.errors",
    "KernelVersion": "dtlink.facts.kernels",
    "Link": "dtlink.links.reference",
    "Machine": "dtlink.firmware.acpi.machine",
    "Node": "dtlink.firmware.tree",
    "Report": "dtlink.report.model",
    "Rule": "dtlink.rules.model",
    "Severity": "dtlink.rules.model",
    "Tree": "dtlink.firmware.tree",
    "lint": "dtlink.api.lint",
    "read": "dtlink.firmware.read",
    "read_tables": "dtlink.firmware.read",
    "read_tree": "dtlink.firmware.read",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dtlink' has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
