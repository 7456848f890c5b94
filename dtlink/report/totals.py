"""What a report counts: over all inputs of a run, also those whose reports are not kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from dtlink.rules.finding import Severity
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.report.entries import Json
    from dtlink.report.model import InputReport


#: The numbers that are added up.
_SUMS = (
    *("inputs", "unreadable", "unchecked", "known", "fixed", "ignored", "unmet", "unused"),
    *("passed", "tried"),
)


class Totals:
    """Numbers of a run, taken in input by input."""

    def __init__(self) -> None:
        self.inputs: int = 0
        self.unreadable: int = 0
        self.unchecked: int = 0
        """Inputs that no chosen rule is about."""
        self.findings: Counter[Severity] = Counter()
        """Also those that reports lack, as are all numbers."""
        self.omitted: Counter[tuple[Severity, str]] = Counter()
        """The findings that reports lack, by severity and rule."""
        self.known: int = 0
        self.fixed: int = 0
        self.ignored: int = 0
        self.unmet: int = 0
        """Expected findings that are missing."""
        self.unused: int = 0
        """What comments allow, and nothing has."""
        self.passed: int = 0
        """Notes of inputs about what was passed over."""
        self.tried: int = 0
        """Overlays that were tried on bases."""
        self.status: int = 0
        """The highest exit status of an input, each with its own ``fail_on``."""
        self.broken: int = 0
        """The highest exit status of an input, whatever its findings: 0, 2 or 3."""
        self.kernels: list[Mapping[str, Json] | None] = []
        """The kernels of inputs, each once; ``None`` is the report's."""

    @property
    def checked(self) -> int:
        """Inputs that a rule was run on, or that could not be read."""
        return self.inputs - self.unchecked

    @property
    def is_clean(self) -> bool:
        """Whether all inputs were read, and text has nothing to say of any."""
        told = self.known, self.fixed, self.ignored, self.unmet, self.unused, self.passed
        return not (self.findings or self.unreadable or any(told) or self.status)

    @classmethod
    def of(cls, inputs: Iterable[InputReport]) -> Totals:
        """The numbers of reports that are all there."""
        totals = cls()
        for each in inputs:
            totals.add(each)
        return totals

    def add(self, item: InputReport) -> None:
        """Take in the report of one input."""
        self._add_kernel(item.kernel)
        if item.written is not None:
            self._merge(item.written.totals)
            return
        self.inputs += 1
        self.unreadable += item.error is not None
        self.unchecked += not item.checked
        for finding in item.findings:
            self.findings[finding.severity] += 1
        self._add_omitted(item)
        self.known += len(item.known)
        self.fixed += len(item.fixed)
        self.ignored += len(item.ignored)
        for each in item.unmet:
            self.unmet += each.is_expected
            self.unused += not each.is_expected
        self.passed += len(item.passed)
        self.tried += bool(item.bases)
        self.status = max(self.status, item.exit_status(item.fail_on))
        self.broken = max(self.broken, item.exit_status(None))

    def _add_omitted(self, item: InputReport) -> None:
        """Take in what the report lacks."""
        for each in item.truncated:
            if each.member == "findings":
                self.findings[each.severity] += each.omitted
                self.omitted[each.severity, each.rule] += each.omitted
            elif each.member == "known":
                self.known += each.omitted
            else:
                self.ignored += each.omitted

    def _add_kernel(self, kernel: Mapping[str, Json] | None) -> None:
        if not any(each is kernel for each in self.kernels):
            self.kernels.append(kernel)

    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity."""
        return {severity.value: self.findings[severity] for severity in Severity}

    def _merge(self, other: Totals) -> None:
        """Take in the numbers of other inputs, which are of kernels that are known already."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.findings.update(other.findings)
        self.omitted.update(other.omitted)
        self.status = max(self.status, other.status)
        self.broken = max(self.broken, other.broken)

    def exit_status(self, fail_on: Severity | None) -> int:
        """The exit status if findings of at least this severity count; ``None``: none does."""
        if self.broken or fail_on is None:
            return self.broken
        there = set(self.findings)
        there |= {Severity.WARNING} if self.unmet + self.unused else set()
        return int(any(each.rank <= fail_on.rank for each in there))
