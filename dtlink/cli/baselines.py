"""``--baseline``: accepted findings, to be committed with the sources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from dtlink.cli.messages import say
from dtlink.cli.writing import emit

if TYPE_CHECKING:
    from dtlink.cli.options import Command
    from dtlink.config.plan import LintPlan
    from dtlink.report.baseline import Baseline
    from dtlink.report.known import BaselineComparison
    from dtlink.report.model import InputReport, Report


def baseline_options(command: Command) -> Command:
    """The options about baselines."""
    for option in (
        click.option(
            "--prune-baseline", is_flag=True, help="Remove fixed findings from the baseline."
        ),
        click.option(
            "--write-baseline", is_flag=True, help="Write the current findings to the baseline."
        ),
        click.option(
            "--baseline",
            metavar="FILE",
            default="",
            help="Baseline of accepted findings; only new ones are reported.",
        ),
    ):
        command = option(command)
    return command


class Baselines:
    """The baselines of a run: none, one, or one for each configuration.

    Raises :class:`InputError` for one that can't be read.
    """

    def __init__(self, plan: LintPlan, *, write: bool, prune: bool) -> None:
        if write and prune:
            raise click.UsageError("--write-baseline leaves nothing to --prune-baseline")
        if (write or prune) and not plan.baselines:
            raise click.UsageError("there is no baseline to write: name it with --baseline")
        self._plan, self._write, self._prune = plan, write, prune
        self._files = {path: _read(path, may_lack=write) for path in plan.baselines}

    @property
    def told(self) -> str:
        """The baselines, as the report names them."""
        return ", ".join(self._files)

    def compare(self, reports: Iterable[InputReport]) -> Iterable[InputReport]:
        """The reports with what is known taken out of the findings."""
        if not self._files:
            return reports
        if self._write:
            reports = self._rewrite(list(reports))
        return self._plan.compare(reports, self._comparisons())

    def _comparisons(self) -> dict[str, BaselineComparison]:
        from dtlink.report.known import BaselineComparison

        return {
            path: BaselineComparison(known, self._plan.of_baseline(path))
            for path, known in self._files.items()
        }

    def _rewrite(self, reports: list[InputReport]) -> list[InputReport]:
        """Make the baselines of what is found, with what this run can say nothing of kept."""
        from dtlink.report.baseline import write

        before = self._comparisons()
        for _ in self._plan.compare(reports, before):
            pass
        for path, comparison in before.items():
            inputs = set(self._plan.of_baseline(path))
            mine = [item for item in reports if item.input in inputs]
            self._put(path, write(mine, path, comparison.kept()))
        return reports

    def prune(self, report: Report) -> None:
        """Take out what is fixed, if that was asked for."""
        for path in self._files if self._prune else ():
            from dtlink.report.baseline import prune

            inputs = set(self._plan.of_baseline(path))
            mine = [each for each in report.inputs if each.input in inputs]
            self._put(path, prune(self._files[path], mine))

    def _put(self, path: str, text: str) -> None:
        emit(text, path)
        self._files[path] = _read(path)
        say(f"dtlink: {path}: {len(self._files[path].entries)} findings")


def _read(path: str, *, may_lack: bool = False) -> Baseline:
    from pathlib import Path

    from dtlink.report.baseline import Baseline, read

    return Baseline(path, ()) if may_lack and not Path(path).exists() else read(path)
