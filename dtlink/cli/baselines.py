"""``--baseline``: accepted findings, to be committed with the sources."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from dtlink.cli.messages import say
from dtlink.cli.overwriting import check_apart
from dtlink.cli.usage import usage_error
from dtlink.cli.writing import emit
from dtlink.firmware.read import STDIN
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.config.confined import Effective
    from dtlink.config.plan import LintPlan
    from dtlink.report.baseline import Baseline
    from dtlink.report.known import BaselineComparison
    from dtlink.report.model import InputReport


class Baselines:
    """The baselines of a run: none, one, or one for each configuration.

    Raises :class:`InputError` for one that can't be read.
    """

    def __init__(self, plan: LintPlan, *, write: bool, prune: bool) -> None:
        if write and prune:
            raise usage_error("--write-baseline leaves nothing to --prune-baseline")
        if (write or prune) and not plan.baselines:
            raise usage_error("there is no baseline to write: name it with --baseline")
        for each in plan.baselines if write or prune else ():
            if each == STDIN:
                raise usage_error("-: a baseline is written to a file, not to standard output")
            check_apart(each, "baseline")
        self._plan, self._write, self._prune = plan, write, prune
        self._files = {path: _read(path, may_lack=write) for path in plan.baselines}
        self._compared: dict[str, BaselineComparison] = {}

    def check_places(self, origins: Effective | None) -> None:
        """Raise :class:`InputError` for one that a configuration must not have written."""
        if origins is None or not (self._write or self._prune):
            return
        from dtlink.config.confined import foreign_baseline
        from dtlink.firmware.errors import InputError

        for path in self._files:
            if refused := foreign_baseline(path, self._plan.of_baseline(path), origins):
                raise InputError(refused)

    @property
    def told(self) -> str:
        """The baselines, as the report names them."""
        return ", ".join(self._files)

    def compare(self, reports: Iterable[InputReport]) -> Iterable[InputReport]:
        """The reports with what is known taken out of the findings."""
        if not self._files:
            return reports
        self._compared = self._comparisons()
        if self._write:
            return self._rewritten(reports)
        return self._plan.compare(reports, self._compared)

    def _comparisons(self) -> dict[str, BaselineComparison]:
        from dtlink.report.known import BaselineComparison

        return {
            path: BaselineComparison(known, self._plan.of_baseline(path))
            for path, known in self._files.items()
        }

    def _rewritten(self, reports: Iterable[InputReport]) -> Iterator[InputReport]:
        """Make the baselines of what is found, with what this run can say nothing of kept.

        The reports have what is found as known: that is what the new baseline will have.
        """
        from dtlink.engine.bounded import omitted_of
        from dtlink.report.baseline import NewBaseline

        made = {path: NewBaseline(path) for path in self._files}
        lacking = dict.fromkeys(self._files, 0)
        for item in reports:
            path = self._plan.baseline_of(item)
            if path not in made:
                yield item
                continue
            deque(self._plan.compare((item,), self._compared), 0)  # for what it keeps of the old
            made[path].add(item)
            lacking[path] += omitted_of(item.truncated, "findings").total()
            yield item._replace(findings=(), known=item.findings)
        for path, baseline in made.items():
            self._put(path, baseline.text(self._compared[path].kept()), lacking[path])

    def prune(self) -> None:
        """Take out what is fixed, if that was asked for."""
        for path in self._files if self._prune else ():
            from dtlink.report.baseline import prune

            self._put(path, prune(self._files[path], self._compared[path].fixed()))

    def _put(self, path: str, text: str, lacking: int = 0) -> None:
        """Write a baseline that can be read again; ``lacking``: how many findings it has not."""
        from dtlink.report.baseline import check_size

        check_size(text, path)
        emit(text, path)
        self._files[path] = _read(path)
        number = len(self._files[path].entries)
        say(f"dtlink: {path}: {counted(number, 'finding')}{_without(lacking)}")


def _without(lacking: int) -> str:
    """That a new baseline has not all findings, and why."""
    if not lacking:
        return ""
    from dtlink.engine.bounded import HELD

    bound = f"a baseline has at most {HELD:,} of one rule for each input"
    return f"; {counted(lacking, 'finding')} left out, since {bound}"


def _read(path: str, *, may_lack: bool = False) -> Baseline:
    from pathlib import Path

    from dtlink.firmware.errors import InputError
    from dtlink.report.baseline import Baseline, read

    if path == STDIN or Path(path).exists():
        return read(path)
    if not may_lack:
        raise InputError("No such file or directory (--write-baseline makes it)", path=path)
    return Baseline(path, ())
