"""``--since REF``: which inputs a change reaches, and which of their findings it brings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dtlink.engine.chosen import spread
from dtlink.firmware.errors import InputError
from dtlink.firmware.git.commit import CommitFile, commit_of, forked_from, top_of
from dtlink.firmware.git.tree import tree_of
from dtlink.firmware.read import STDIN
from dtlink.firmware.source.reach import Reach
from dtlink.firmware.storage import DISK
from dtlink.report.earlier import without_earlier
from dtlink.report.model import InputReport, SinceCommit
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.config.plan import LintPlan
    from dtlink.engine.runner import Workers
    from dtlink.firmware.inputs import Input


class Change:
    """What has changed in a working tree since a commit.

    The commit is that of ``ref`` or, if HEAD does not descend from it, the newest that both have:
    what others did meanwhile is not part of the change. ``paths`` are what is linted; without
    any it is the whole repository of the working folder. Raises :class:`InputError` if there is no
    git, no repository or no such commit.
    """

    def __init__(self, ref: str, paths: Sequence[str]) -> None:
        if STDIN in paths:
            raise InputError("there is no earlier state of standard input", path=STDIN)
        tops = {top_of(_folder(path)): path for path in reversed(paths)} or {top_of("."): "."}
        if len(tops) > 1:
            one, other = [*tops.values()][-2:]
            raise InputError(f"is not in the repository of {other}: lint it alone", path=one)
        named = commit_of(ref, next(iter(tops)))
        self._name = ref
        self._ref = ref if ref.isprintable() else repr(ref)
        self._commit = forked_from(named) or named
        self._is_fork = self._commit != named
        self.paths = paths or [os.path.relpath(named.top)]
        self._tree = tree_of(self._commit)
        self._reach = Reach(self._tree, DISK)
        self._total = self._reached = 0

    @property
    def told(self) -> SinceCommit:
        """The commit, as the report names it."""
        return SinceCommit(self._name, self._commit.name, self._total - self._reached)

    @property
    def has_inputs(self) -> bool:
        """Whether there are inputs, changed or not."""
        return self._total > 0

    @property
    def summary(self) -> str:
        """How many inputs the change reaches, in a sentence."""
        if not self._reached:
            total = counted(self._total, "input")
            return f"{self._since}: none of {total} or the files that they include has changed"
        total = counted(self._total, "input")
        return f"{self._since}: the change reaches {self._reached:,} of {total}"

    @property
    def _since(self) -> str:
        fork = ", where HEAD left it" if self._is_fork else ""
        return f"since {self._ref} ({self._commit.short}{fork})"

    def narrow(self, plan: LintPlan) -> LintPlan:
        """The plan with the inputs that the change reaches, not more than ``max-boards`` allows.

        Inputs that have changed themselves are all among them.
        """
        reached = [each for each in plan.inputs if self._reaches(each, plan)]
        self._total, self._reached = len(plan.inputs), len(reached)
        most = max((plan.settings(each).max_boards for each in reached), default=0)
        by_others = [each for each in reached if not self._has_changed(each)]
        kept = spread(by_others, most) if most else by_others
        if len(kept) == len(by_others):
            return plan.with_inputs(reached)
        left = {*by_others} - {*kept}
        return plan.with_inputs([x for x in reached if x not in left], [self._cut(len(left))])

    def _reaches(self, item: Input, plan: LintPlan) -> bool:
        # One that is not there is an error, which reading it reports.
        include = plan.settings(item).board.include
        return any(
            not os.path.exists(path) or self._reach.reaches(path, include)  # noqa: PTH110 - as given
            for path in item.paths
        )

    def _has_changed(self, item: Input) -> bool:
        folder = os.path.isdir(item.path)  # noqa: PTH112 - paths stay as given
        return folder or any(self._reach.differs(path) for path in item.paths)

    def _cut(self, left: int) -> str:
        return (
            f"{self._since}: of {self._reached:,} inputs that the change reaches, {left:,} that "
            f"include a changed file are not read; the others are spread over all (--max-boards "
            "0: all)"
        )

    def compare(
        self, plan: LintPlan, reports: Iterable[InputReport], *, jobs: Workers
    ) -> Iterator[InputReport]:
        """The reports without what the inputs had at the commit.

        Only inputs with something to report are read from the commit.
        """
        found = list(reports)
        files = {
            item.input: file for item in found if _says(item) if (file := self._earlier(item.path))
        }
        earlier = {item.input: item for item in plan.reports_at(files, jobs=jobs)}
        for item in found:
            yield self._brought(item, files, earlier) if _says(item) else item

    def _earlier(self, path: str) -> CommitFile | None:
        """What an input was at the commit: also where it was, if it is the one of its name."""
        if self._tree.is_file(path) or self._tree.is_folder(path):
            return CommitFile(self._commit, path)
        name = os.path.basename(path)  # noqa: PTH119 - paths stay as given
        gone = [each for each in self._tree.files_named(name) if not DISK.exists(each)]
        return CommitFile(self._commit, os.path.relpath(gone[0])) if len(gone) == 1 else None

    def _brought(
        self,
        item: InputReport,
        files: Mapping[Input, CommitFile],
        earlier: Mapping[Input, InputReport],
    ) -> InputReport:
        file, at = files.get(item.input), f"commit {self._commit.short}"
        if file is None:
            return _all_new(item, f"is not in {at}")
        old = earlier[item.input]
        if file.path != item.path:
            item = item._replace(notes=[*item.notes, f"is compared with {file.path} of {at}"])
        if old.error is not None:
            return _all_new(item, f"could not be read in {at} ({old.error.message})")
        return without_earlier(item, old)


def _folder(path: str) -> str:
    return path if os.path.isdir(path) else os.path.dirname(path)  # noqa: PTH112, PTH120 - paths stay as given


def _says(item: InputReport) -> bool:
    """Whether there is anything that the change may have brought."""
    return bool(item.findings or item.unmet or not all(each.found for each in item.comments))


def _all_new(item: InputReport, why: str) -> InputReport:
    if not item.findings:
        return item
    return item._replace(notes=[*item.notes, f"{why}: all of its findings are new"])
