"""The reports of a run that its formats need, and no more of them than these print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Sequence

from dtlink.packed import Packed
from dtlink.report.formats import FINGERPRINTED, ONLY_FINDINGS, STREAMED
from dtlink.report.model import InputReport, Report
from dtlink.report.totals import Totals
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.rules.finding import Finding


class KeptReports:
    """Takes in the reports of a run, and keeps what the formats need.

    Formats that are written input by input need none, those that print only what was found need
    no inputs without findings. ``every``: those are printed too.
    """

    def __init__(self, forms: Collection[str], *, every: bool = False) -> None:
        later = set(forms) - STREAMED
        self._totals = Totals()
        self._inputs: Packed[InputReport] = Packed()
        self._found: list[InputReport] = []
        self._is_every = every or not later <= ONLY_FINDINGS
        self._is_none = not later
        self._slim = None if later & FINGERPRINTED else _Slim()

    def add(self, item: InputReport) -> None:
        """Take in a report."""
        self._totals.add(item)
        if self._is_none:
            return
        if self._is_every:
            self._inputs.append(item)
        elif _says(item):
            self._found.append(self._slim.of(item) if self._slim else item)

    def report(self, blank: Report) -> Report:
        """The report of the run; ``blank`` is the one without inputs."""
        inputs: Sequence[InputReport] = self._inputs if self._is_every else self._found
        return blank._replace(inputs=inputs, counted=self._totals)


def _says(item: InputReport) -> bool:
    """Whether formats that print what was found print anything of it."""
    found = item.findings or item.unmet or item.fixed or item.faults
    return bool(found or item.error or item.refused or item.bases or item.view)


class _Slim:
    """Makes findings that boards share one object, and leaves out what only other formats print."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Finding] = {}

    def of(self, item: InputReport) -> InputReport:
        seen: Counter[Hashable] = Counter()
        findings = [self._shared(each, seen) for each in item.findings]
        # What is known and ignored is counted.
        return item._replace(
            findings=findings, known=(), ignored=(), comments=(), notes=(), sha256="", tables=()
        )

    def _shared(self, finding: Finding, seen: Counter[Hashable]) -> Finding:
        """The first finding that is the same in all that is printed of it.

        Offsets and snippets of blobs differ; of equal findings those of the first are printed.
        """
        from dtlink.report.groups import bare

        plain = bare(finding) if finding.location is None else finding
        seen[plain] += 1
        return self._known.setdefault((plain, seen[plain]), finding)
