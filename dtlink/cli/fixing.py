"""``dtlink lint --fix`` and ``--diff``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import click

if TYPE_CHECKING:
    from dtlink.cli.options import Command
    from dtlink.config.plan import LintPlan
    from dtlink.engine.fixing import FixOutcome
    from dtlink.report.model import InputReport


def fix_options(command: Command) -> Command:
    """The options about fixes."""
    for option in (
        click.option(
            "--fix-shared",
            is_flag=True,
            help="Also fix what stands in a file that boards without the finding include.",
        ),
        click.option(
            "--fix-only", multiple=True, metavar="RULE", help="Fix only this rule or family."
        ),
        click.option(
            "--unsafe-fixes", is_flag=True, help="Also make fixes that may change what works."
        ),
        click.option("--diff", is_flag=True, help="Print the fixes as a patch; write nothing."),
        click.option("--fix", is_flag=True, help="Write the fixes into the source."),
    ):
        command = option(command)
    return command


class FixRequest(NamedTuple):
    """What the user wants fixed."""

    fix: bool
    diff: bool
    unsafe: bool
    only: tuple[str, ...]
    shared: bool

    @property
    def is_given(self) -> bool:
        """Whether anything is to be fixed."""
        return self.fix or self.diff

    def check(self, *, since: str | None, changes_baseline: bool) -> None:
        """Raise :class:`click.UsageError` for options that do not go together."""
        if self.fix and self.diff:
            raise click.UsageError("--fix writes the fixes, --diff prints them: give one")
        if (self.unsafe or self.only or self.shared) and not self.is_given:
            raise click.UsageError(
                "--unsafe-fixes, --fix-only and --fix-shared go with --fix or --diff"
            )
        if self.is_given and (since is not None or changes_baseline):
            raise click.UsageError(
                "--fix and --diff are about all findings, and no baseline changes"
            )
        from dtlink.rules.catalogue import check_words

        try:
            check_words(self.only)
        except ValueError as error:
            raise click.UsageError(f"--fix-only: {error}") from error

    def run(
        self,
        plan: LintPlan,
        compare: Callable[[Iterable[InputReport]], Iterable[InputReport]],
        *,
        jobs: int,
    ) -> Iterable[InputReport]:
        """Fix; the reports of what is left. With ``--diff`` print the patch, and exit."""
        from dtlink.api.fixing import fix_plan, write
        from dtlink.engine.fixing import WantedFixes

        wanted = WantedFixes(self.only, self.unsafe, self.shared)
        outcome = fix_plan(plan, wanted, compare, jobs=jobs)
        if self.diff:
            self._print(outcome, plan)
        failed = write(outcome)
        _tell(outcome, "fixed", failed)
        if failed:
            sys.exit(2)
        return [*outcome.reports.values(), *plan.unread]

    def _print(self, outcome: FixOutcome, plan: LintPlan) -> NoReturn:
        from dtlink.cli.options import complain
        from dtlink.firmware.text_edits import patch

        out = sys.stdout.buffer
        for path in sorted(outcome.contents):
            for line in patch(path, *outcome.contents[path]):
                out.write(line.encode("utf-8", "surrogateescape"))
        out.flush()
        reports = [*outcome.reports.values(), *plan.unread]
        complain(reports, "")
        _tell(outcome, "would be fixed", ())
        broken = any(each.error for each in reports)
        sys.exit(2 if broken else 1 if outcome.contents else 0)


def _tell(outcome: FixOutcome, done: str, failed: Sequence[str]) -> None:
    """What was fixed and what was not, on standard error."""
    from dtlink.cli.options import tell

    tell(outcome.told(done))
    for each in failed:
        click.echo(f"dtlink: {each}", err=True)
