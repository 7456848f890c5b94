"""What became of the fixes: the changed files, what was fixed, and what was left and why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dtlink.engine.fixing.proposals import Proposal, unsafe_fixes
from dtlink.firmware.edits import SetField
from dtlink.firmware.inputs import Input
from dtlink.firmware.storage import DISK
from dtlink.firmware.text_edits import patch
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.report.model import InputReport


class LeftFix(NamedTuple):
    """A fix that was not made, and why."""

    proposal: Proposal
    reason: str
    is_fault: bool = False
    """Whether it did not do what it says: a fault of dtlink."""

    def __str__(self) -> str:
        rule, what = self.proposal.finding.rule, "not fixed"
        what = "taken back, a fault of dtlink: please report it" if self.is_fault else what
        return f"{self.proposal.place}: {rule}: {what}: {self.reason}"


class FixOutcome(NamedTuple):
    """What became of the fixes.

    Made by :func:`dtlink.fix`; ``patch()`` is the patch.
    """

    contents: Mapping[str, tuple[bytes, bytes]]
    """What changed files had, and have."""
    fixed: Sequence[Proposal]
    left: Sequence[LeftFix]
    reports: Mapping[Input, InputReport]
    """The reports of the inputs with the fixes made."""
    unsafe: int = 0
    """How many findings have a fix that is made only if unsafe ones are wanted."""
    blobs: Sequence[Input] = ()
    """The inputs that are blobs: their source is fixed where it is an input itself."""

    def __repr__(self) -> str:
        files = counted(len(self.contents), "file")
        return f"<FixOutcome: {len(self.fixed)} fixed in {files}, {len(self.left)} left>"

    def patch(self) -> str:
        """The changes as a patch, which ``git apply`` reads in the folder of the patch."""
        files = sorted((_inside(self.folder, path), path) for path in self.contents)
        return "".join(line for name, path in files for line in patch(name, *self.contents[path]))

    @property
    def folder(self) -> str:
        """The folder that the names in the patch begin at: this one, or one that it is in."""
        here = os.path.realpath(os.curdir)
        return os.path.commonpath([here, *(DISK.real(path) for path in self.contents)])

    def told(self, done: str) -> Iterator[str]:
        """What became of them, in a few lines; ``done`` says it of those that prove right."""
        files = counted(len(self.contents), "file")
        if self.fixed:
            number = sum(each.number for each in self.fixed)
            yield f"{counted(number, 'finding')} {done} in {files}"
        # What was tried again after other changes is the same for who reads it.
        yield from dict.fromkeys(map(str, self.left))
        refused = Counter(self._refused())
        for reason, count in refused.items():
            yield f"not fixed ({counted(count, 'finding')}): {reason}"
        if self.unsafe:
            yield unsafe_fixes(self.unsafe)
        elif not (self.fixed or self.left or refused) and any(
            report.findings for report in self.reports.values()
        ):
            yield f"no finding {done}: none that is left has a fix"

    def _refused(self) -> Iterator[str]:
        for report in self.reports.values():
            for each in report.findings:
                if each.written and each.written.refused:
                    yield each.written.refused
                elif each.written and each.written.edits and report.input in self.blobs:
                    yield f"{report.input} is a blob: lint {each.written.edits[0].path} to fix it"
                elif not each.written and any(
                    isinstance(edit, SetField) for edit in each.fix.edits
                ):
                    yield "there is no source: --tables-out or --acpi-override-out"


def _inside(folder: str, path: str) -> str:
    """The path of a file from a folder that it is in, as patches have it."""
    return os.path.relpath(DISK.real(path), folder).replace(os.sep, "/")
