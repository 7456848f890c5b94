"""Reports that are written where they are made: little is left to do where they are gathered."""

from __future__ import annotations

from dtlink.report.json import line
from dtlink.report.model import InputReport, Report, WrittenReport
from dtlink.report.totals import Totals


def written(item: InputReport, blank: Report) -> InputReport:
    """A report as its line in ``jsonl``, with what else is printed of it.

    ``blank`` is the report of the run without inputs.
    """
    whole = WrittenReport(line(blank._replace(inputs=[item])), Totals.of([item]))
    whole.totals.kernels.clear()
    return InputReport(
        item.path,
        member=item.member,
        overlays=item.overlays,
        variant=item.variant,
        error=item.error,
        refused=item.refused,
        notes=item.notes,
        faults=item.faults,
        passed=item.passed,
        fail_on=item.fail_on,
        written=whole,
    )
