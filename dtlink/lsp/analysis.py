"""One board as an editor has its files: read, linted, and where its nodes are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property

from dtlink import engine
from dtlink.board.boards import board_of
from dtlink.config.model import LintSettings
from dtlink.config.plan import LintPlan
from dtlink.config.resolve import settings_of
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.firmware.source.read import SourcePlaces
from dtlink.firmware.tree import Tree
from dtlink.lsp.options import ServerOptions
from dtlink.report.model import InputFault, InputReport
from dtlink.stamps import look_anew
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.firmware.source.lookup import SourceLookup
    from dtlink.lsp.documents import OpenFiles
    from dtlink.report.answer import InputAnswer


class Analysis:
    """A board under its settings, and what a lint finds.

    ``board`` is ``None`` for a source that can't be read: then the report has the errors.
    """

    def __init__(
        self,
        path: str,
        report: InputReport,
        settings: LintSettings,
        board: TreeBoard | None,
        notes: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.report = report
        self.settings = settings
        self.board = board
        self.notes = [*notes, *report.notes]
        """What was assumed, and what was not checked."""
        base = board.tree.overlaid.base if board and board.tree.overlaid else None
        tree = base or (board.tree if board else None)
        origins = tree.origins if tree else None
        self.places = origins if isinstance(origins, SourcePlaces) else None

    @property
    def tree(self) -> Tree | None:
        """The devicetree."""
        return self.board.tree if self.board else None

    @cached_property
    def lookup(self) -> SourceLookup | None:
        """What an editor asks of the source."""
        return self.places.lookup() if self.places else None

    @cached_property
    def files(self) -> frozenset[str]:
        """The files that the source was made of, real paths; none of one with errors."""
        found = self.lookup.files if self.lookup else ()
        return frozenset(map(os.path.realpath, found))

    @cached_property
    def opened(self) -> Mapping[str, Mapping[tuple[int, int], str]]:
        """By file, line and column the paths of the nodes that are opened there."""
        found: dict[str, dict[tuple[int, int], str]] = {}
        real: dict[str, str] = {}
        for path, at in self.lookup.openings() if self.lookup else ():
            if at.macro:
                continue
            name = real.get(at.file) or real.setdefault(at.file, os.path.realpath(at.file))
            found.setdefault(name, {})[at.line, at.column] = path
        return found


def analyse(
    path: str, options: ServerOptions, files: OpenFiles, *, schema: bool = True
) -> Analysis:
    """Read and lint a board as its files are now; never raises for what is in them.

    ``schema``: also run dtschema's validator, if it is configured.
    """
    look_anew()  # at a kernel, an initramfs and bases, of which no editor reports changes
    try:
        item, settings, plan = _planned(path, options)
    except (InputError, ValueError) as error:
        report = InputReport(path, error=InputFault(str(error)))
        return Analysis(path, report, LintSettings(), None)
    if plan is None:
        left = "not checked: the configuration leaves this file out"
        return Analysis(path, InputReport(path), settings, None, [left])
    if settings.board.schema and not schema:
        settings = settings._replace(board=settings.board._replace(schema=False))
    boards: list[TreeBoard] = []

    def tree(firmware: Tree) -> InputAnswer:
        board = board_of(firmware, settings.board)
        boards.append(board)
        answer = engine.lint_board(board, settings.selected, settings.ignore)
        from dtlink.engine.written import with_written

        with_written(firmware, answer, None)
        return answer

    task = engine.Task(tree, sources=settings.board.sources, storage=files)
    report = _counted(engine.process(item, task, digest=False), settings, plan)
    return Analysis(path, report, settings, boards[0] if boards else None, plan.notes)


def _planned(path: str, options: ServerOptions) -> tuple[Input, LintSettings, LintPlan | None]:
    """The input of a board and its settings, as ``dtlink lint`` has them; no plan: left out."""

    def of(name: str) -> LintSettings:
        return settings_of(name, options.given, file=options.config, isolated=options.isolated)

    plan = LintPlan.of([path], of)
    found = [each for each in plan.inputs if each.path == path]
    if not found:
        return Input(path), of(path), None
    return found[0], plan.settings(found[0]), plan.with_inputs(found[:1], plan.check())


def _counted(report: InputReport, settings: LintSettings, plan: LintPlan) -> InputReport:
    """The report without what the configuration and the baseline accept."""
    from dtlink.config.apply import apply

    report = apply(report, settings)
    if not settings.baseline:
        return report
    from dtlink.report.baseline import read
    from dtlink.report.known import BaselineComparison

    try:
        known = BaselineComparison(read(settings.baseline), list(plan.inputs))
    except InputError as error:
        return report._replace(error=InputFault(str(error)))
    return next(iter(plan.compare([report], {settings.baseline: known})))
