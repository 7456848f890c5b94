"""``dtlink lint --fix`` and ``--diff``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping

from dtlink.api.fix_outputs import FixOutputs
from dtlink.cli.messages import say, tell
from dtlink.cli.overwriting import refuse_overwritten
from dtlink.cli.usage import usage_error
from dtlink.escaping import shell
from dtlink.firmware.errors import InputError
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from dtlink.cli.targets import Target
    from dtlink.config.confined import Effective
    from dtlink.config.plan import LintPlan
    from dtlink.engine.fixing import FixOutcome, WantedFixes
    from dtlink.engine.runner import Workers
    from dtlink.firmware.inputs import Input
    from dtlink.report.model import InputReport

    #: Takes out of reports what a baseline accepts.
    Compare = Callable[[Iterable[InputReport]], Iterable[InputReport]]


class FixRequest(NamedTuple):
    """What the user wants fixed."""

    fix: bool
    diff: bool
    unsafe: bool
    only: tuple[str, ...]
    shared: bool
    outputs: FixOutputs

    @classmethod
    def of(
        cls,
        *,
        fix: bool,
        diff: bool,
        unsafe_fixes: bool,
        fix_only: tuple[str, ...],
        fix_shared: bool,
        in_place: bool,
        blob_out: str,
        overlay_out: str,
        tables_out: str,
        acpi_override_out: str,
    ) -> FixRequest:
        """What these options ask for."""
        made = FixOutputs(in_place, blob_out, overlay_out, tables_out, acpi_override_out)
        return cls(fix, diff, unsafe_fixes, fix_only, fix_shared, made)

    @property
    def is_given(self) -> bool:
        """Whether anything is to be fixed."""
        return self.fix or self.diff

    def check(self, *, since: str | None, changes_baseline: bool) -> None:
        """Raise :class:`click.UsageError` for options that do not go together."""
        if self.fix and self.diff:
            raise usage_error("--fix writes the fixes, --diff prints them: give one")
        if self.outputs.is_given and not self.fix:
            raise usage_error(
                "--in-place, --blob-out, --overlay-out, --tables-out and --acpi-override-out "
                "need --fix"
            )
        if (self.unsafe or self.only or self.shared) and not self.is_given:
            raise usage_error("--unsafe-fixes, --fix-only and --fix-shared go with --fix or --diff")
        if self.is_given and since is not None:
            raise usage_error("--fix and --diff do not go with --since: they fix all findings")
        if self.is_given and changes_baseline:
            raise usage_error(
                "--fix and --diff do not go with --write-baseline and --prune-baseline"
            )
        if problem := self.outputs.problem:
            raise usage_error(problem)
        from dtlink.rules.catalogue import check_words

        try:
            check_words(self.only)
        except ValueError as error:
            raise usage_error(f"--fix-only: {error}") from error

    def check_reports(self, targets: Iterable[Target]) -> None:
        """Raise :class:`click.UsageError` for a report, which ``--diff`` does not make."""
        for form, path in targets if self.diff else ():
            if path is not None:
                raise usage_error(
                    f"{path}: --diff makes no report, and prints a patch: redirect it with > FILE"
                )
            if form != "text":
                raise usage_error(
                    f"--format {form}: --diff prints a patch, and makes no report "
                    "(the edits of fixes are in the json of a lint without --diff)"
                )

    def run(
        self,
        plan: LintPlan,
        compare: Compare,
        origins: Effective | None,
        *,
        jobs: Workers,
    ) -> Iterable[InputReport]:
        """Fix; the reports of what is left. With ``--diff`` print the patch, and exit.

        ``origins``: see :func:`~dtlink.api.fixing.write_files`.
        """
        from dtlink.api.fixing import fix_plan, write_files
        from dtlink.engine.fixing import WantedFixes

        wanted = WantedFixes(self.only, self.unsafe, self.shared)
        if self.outputs.is_given:
            return self._whole(plan, wanted, compare, origins)
        outcome = fix_plan(plan, wanted, compare, jobs=jobs)
        if self.diff:
            self._print(outcome, plan)
        if failed := write_files(outcome, plan.inputs, origins):
            say(f"dtlink: {failed}")
            sys.exit(2)
        _tell(outcome, "fixed")
        return [*outcome.reports.values(), *plan.unread]

    def _whole(
        self, plan: LintPlan, wanted: WantedFixes, compare: Compare, origins: Effective | None
    ) -> Iterable[InputReport]:
        """Fix copies of blobs and tables, and write what the user asked for."""
        from dtlink.api.fixing import put
        from dtlink.api.fixing_whole import files_of, fix_input, told

        if self.outputs.needs_one_input and len(plan.inputs) != 1:
            raise usage_error(
                "--blob-out, --overlay-out, --tables-out and --acpi-override-out take one input, "
                f"not {len(plan.inputs)}"
            )
        reports = []
        for item in plan.inputs:
            self._check_place(item, origins)
            expected = self._before(item)
            outcome = fix_input(plan, item, wanted, self.outputs, compare)
            files = files_of(item, outcome, self.outputs)
            refuse_overwritten()
            put(files, expected)
            tell(told(item, outcome, files, self.outputs))
            reports.append(outcome.report)
        return [*reports, *plan.unread]

    def _before(self, item: Input) -> Mapping[str, bytes]:
        """What a file has that is written in place. Raises :class:`InputError`."""
        import os

        from dtlink.firmware.read import load

        is_file = not item.member and not os.path.isdir(item.path)  # noqa: PTH112 - any text
        return {item.path: load(item.path)} if self.outputs.in_place and is_file else {}

    def _check_place(self, item: Input, origins: Effective | None) -> None:
        """Raise :class:`InputError` for a blob in a folder that is a link to one elsewhere."""
        from dtlink.config.confined import foreign_source

        if not (self.outputs.in_place and origins):
            return
        if refused := foreign_source([item.path], [item], origins):
            raise InputError(refused)

    def _print(self, outcome: FixOutcome, plan: LintPlan) -> NoReturn:
        from pathlib import Path

        from dtlink.cli.complaints import complain

        _print_patch(outcome.patch())
        reports = [*outcome.reports.values(), *plan.unread]
        complain(reports, "")
        _tell(outcome, "would be fixed")
        here = Path.cwd()
        if outcome.contents and (folder := Path(outcome.folder)) != here:
            apply = f"git -C {shell.word(str(folder))} apply"
            tell([f"the names in the patch begin at {folder}: {apply}"])
        broken = any(each.error for each in reports)
        sys.exit(2 if broken else 1 if outcome.contents else 0)


def _print_patch(patch: str) -> None:
    """The bytes of a patch, which must be those of the source; to a terminal, what can be seen."""
    if sys.stdout.isatty():
        from dtlink.report.layout import line, plain

        sys.stdout.write(plain(map(line, patch.split("\n")[:-1])))
        return
    sys.stdout.buffer.write(patch.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


def _tell(outcome: FixOutcome, done: str) -> None:
    """What was fixed and what was not, on standard error."""
    tell(outcome.told(done))
