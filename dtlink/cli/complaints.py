"""What is printed of inputs on standard error, and the progress of a run."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from dtlink.cli.messages import say
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.cli.source_faults import SourceFaultLines
    from dtlink.report.model import InputFault, InputReport, Refused

#: Suffix for messages about internal errors.
_BUG = " (a bug of dtlink: please report it)"

#: Fewer inputs than this are done before a progress bar would be read.
_PROGRESS = 100

NO_INPUTS = (
    "no inputs: no devicetree (.dtb, .dtbo, .dts, .dtso), no image that holds one and no ACPI "
    "table was found"
)


def complain(inputs: Iterable[InputReport], nothing: str = "") -> None:
    """Print errors, notes and rules that raised on standard error; ``nothing`` without inputs."""
    complaints = Complaints(0)
    for item in inputs:
        complaints.add(item)
    complaints.end(nothing)


class Complaints:
    """What is printed of inputs on standard error: at once, or after the progress bar."""

    def __init__(self, total: int) -> None:
        self._sources: SourceFaultLines | None = None
        self._is_held = _shows_progress(total)
        self._held: list[str] = []
        self._number = 0

    def add(self, item: InputReport) -> None:
        """Print what there is of one input."""
        self._number += 1
        if item.error is not None:
            bug = _BUG if item.error.bug else ""
            self._error(item.name, item.error, bug)
        for refused in item.refused:
            self._error(refused.path, refused)
        self._say(f"dtlink: {item.name}: {note}" for note in item.notes)
        self._say(
            f"dtlink: {item.name}: rule {fault.rule} failed: {fault.error}{_BUG}"
            for fault in item.faults
        )

    def _error(self, name: str, fault: InputFault | Refused, bug: str = "") -> None:
        if not fault.faults:
            at = "" if fault.offset is None else f", byte {fault.offset:#x}"
            self._say([f"dtlink: {name}{at}: {fault.message}{bug}"])
            return
        if self._sources is None:
            from dtlink.cli.source_faults import SourceFaultLines

            self._sources = SourceFaultLines()
        self._say(self._sources.of(name, fault.faults))

    def end(self, nothing: str = "") -> None:
        """Print what is known at the end of the run; ``nothing`` if there were no inputs."""
        say(*self._held)
        if self._sources is not None:
            say(*self._sources.rest())
        if not self._number and nothing:
            say(f"dtlink: {nothing}")

    def _say(self, lines: Iterable[str]) -> None:
        if self._is_held:
            self._held += lines
        else:
            say(*lines)


def progress(
    reports: Iterable[InputReport], total: int, label: str = "linting"
) -> Iterator[InputReport]:
    """The reports, with a progress bar on a terminal."""
    if not _shows_progress(total):
        yield from reports
        return
    import click

    with click.progressbar(reports, length=total, label=label, file=sys.stderr) as bar:
        yield from bar


def collect(
    reports: Iterable[InputReport], total: int, label: str = "linting"
) -> list[InputReport]:
    """All reports, with a progress bar on a terminal."""
    return list(progress(reports, total, label))


def _shows_progress(total: int) -> bool:
    return total >= _PROGRESS and sys.stderr.isatty()
