"""dtlink: a linter, and a library, for the dependencies that firmware declares.

>>> import dtlink
>>> report = dtlink.lint("board.dtb")                                 # doctest: +SKIP
>>> board = dtlink.Board.read("board.dtb", kernel_version="6.12")     # doctest: +SKIP
>>> print(board.why("/soc/ethernet@30be0000"))                        # doctest: +SKIP

- ``lint``, ``lint_iter``: find faults in files and folders, all at once or as they come;
  ``fix`` corrects devicetree source.
- ``Board``: one input, with a method for each command about one: ``links()``, ``cycles()``,
  ``order()``, ``why()``, ``devlink()``, ``drivers()``, ``modules()``, ``iommu()`` and others.
- ``diff``, ``same_machine``, ``history``: compare builds, and firmware of both kinds.
- ``log``, ``inspect``, ``explain``: a boot log, a file, the rules.
- ``read``, ``read_tree``, ``read_tables``, ``Graph``: firmware as data.

What cannot be read raises ``InputError``; a wrong argument raises ``TypeError`` or
``ValueError``, which names it. The names in ``__all__`` are public; the modules are not.
"""

from __future__ import annotations

from dtlink import process
from dtlink.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dtlink.api.board import Board
    from dtlink.api.diff import diff, same_machine
    from dtlink.api.fixing import fix
    from dtlink.api.history import history
    from dtlink.api.inspect import inspect
    from dtlink.api.lint import lint
    from dtlink.api.log import log
    from dtlink.api.rules import explain
    from dtlink.api.streaming import lint_iter
    from dtlink.board.settings import Settings
    from dtlink.engine.executors import ExecutorError
    from dtlink.engine.fixing import FixOutcome, Proposal
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.errors import InputError
    from dtlink.firmware.read import read, read_tables, read_tree
    from dtlink.firmware.tree import Node, Tree
    from dtlink.links.acpi.graph import AcpiGraph
    from dtlink.links.acpi.link import AcpiLink
    from dtlink.links.graph import Graph
    from dtlink.links.reference import Link
    from dtlink.report.entries import Json
    from dtlink.report.model import InputReport, Report
    from dtlink.rules.model import Finding, Rule, Severity
    from dtlink.views.cycles import CyclesView
    from dtlink.views.devlink import DevlinkView
    from dtlink.views.diff.view import DiffView
    from dtlink.views.drivers import DriversView
    from dtlink.views.graph.view import GraphView
    from dtlink.views.history.view import HistoryView
    from dtlink.views.inspect import InspectView
    from dtlink.views.iommu.view import IommuView
    from dtlink.views.iort import IortView
    from dtlink.views.links import LinksView
    from dtlink.views.log import LogView
    from dtlink.views.modules import ModulesView
    from dtlink.views.modules_union import ModulesUnion
    from dtlink.views.order import OrderView
    from dtlink.views.preprocess import PreprocessView
    from dtlink.views.same_machine import SameMachineView
    from dtlink.views.why import WhyView

__all__ = [
    "AcpiGraph",
    "AcpiLink",
    "Board",
    "CyclesView",
    "DevlinkView",
    "DiffView",
    "DriversView",
    "ExecutorError",
    "Finding",
    "FixOutcome",
    "Graph",
    "GraphView",
    "HistoryView",
    "InputError",
    "InputReport",
    "InspectView",
    "IommuView",
    "IortView",
    "Json",
    "KernelVersion",
    "Link",
    "LinksView",
    "LogView",
    "Machine",
    "ModulesUnion",
    "ModulesView",
    "Node",
    "OrderView",
    "PreprocessView",
    "Proposal",
    "Report",
    "Rule",
    "SameMachineView",
    "Settings",
    "Severity",
    "Struct",
    "Tree",
    "WhyView",
    "__version__",
    "diff",
    "explain",
    "fix",
    "history",
    "inspect",
    "lint",
    "lint_iter",
    "log",
    "read",
    "read_tables",
    "read_tree",
    "same_machine",
]

# Where the public names are: each is imported when it is asked for, because the command line asks
# for few of them at a time.
_HOMES = {
    "AcpiGraph": "dtlink.links.acpi.graph",
    "AcpiLink": "dtlink.links.acpi.link",
    "Board": "dtlink.api.board",
    "CyclesView": "dtlink.views.cycles",
    "DevlinkView": "dtlink.views.devlink",
    "DiffView": "dtlink.views.diff.view",
    "DriversView": "dtlink.views.drivers",
    "ExecutorError": "dtlink.engine.executors",
    "Finding": "dtlink.rules.model",
    "FixOutcome": "dtlink.engine.fixing",
    "Graph": "dtlink.links.graph",
    "HistoryView": "dtlink.views.history.view",
    "InputError": "dtlink.firmware.errors",
    "InputReport": "dtlink.report.model",
    "InspectView": "dtlink.views.inspect",
    "GraphView": "dtlink.views.graph.view",
    "IommuView": "dtlink.views.iommu.view",
    "IortView": "dtlink.views.iort",
    "Json": "dtlink.report.entries",
    "KernelVersion": "dtlink.facts.kernels",
    "Link": "dtlink.links.reference",
    "LinksView": "dtlink.views.links",
    "LogView": "dtlink.views.log",
    "Machine": "dtlink.firmware.acpi.machine",
    "ModulesUnion": "dtlink.views.modules_union",
    "ModulesView": "dtlink.views.modules",
    "Node": "dtlink.firmware.tree",
    "OrderView": "dtlink.views.order",
    "PreprocessView": "dtlink.views.preprocess",
    "Proposal": "dtlink.engine.fixing",
    "Report": "dtlink.report.model",
    "Rule": "dtlink.rules.model",
    "SameMachineView": "dtlink.views.same_machine",
    "Settings": "dtlink.board.settings",
    "Severity": "dtlink.rules.model",
    "Struct": "dtlink.firmware.acpi.layout",
    "Tree": "dtlink.firmware.tree",
    "WhyView": "dtlink.views.why",
    "diff": "dtlink.api.diff",
    "explain": "dtlink.api.rules",
    "fix": "dtlink.api.fixing",
    "history": "dtlink.api.history",
    "inspect": "dtlink.api.inspect",
    "lint": "dtlink.api.lint",
    "lint_iter": "dtlink.api.streaming",
    "log": "dtlink.api.log",
    "read": "dtlink.firmware.read",
    "read_tables": "dtlink.firmware.read",
    "read_tree": "dtlink.firmware.read",
    "same_machine": "dtlink.api.diff",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dtlink' has no attribute {name!r}")
    from importlib import import_module

    home = _HOMES[name]
    found = globals()[name] = getattr(import_module(home), name)
    if not process.is_command:
        from dtlink.hints import arm

        arm(home)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
