"""Reports: plain data, made of strings and numbers, that every output format reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dtlink.facts.kernels import DEFAULT
from dtlink.firmware.inputs import MEMBER, Input
from dtlink.firmware.names import Subject
from dtlink.firmware.tree import Location
from dtlink.records import NamedTuple
from dtlink.report.totals import Totals
from dtlink.rules.model import Finding, Severity
from dtlink.rules.run import RuleFault
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.firmware.containers.model import AboutValue
    from dtlink.firmware.errors import InputError
    from dtlink.firmware.source.errors import SourceFault
    from dtlink.report.answer import Convertible, Reportable
    from dtlink.report.entries import Document, Json


#: What an input can be.
FORMS = (
    *("fdt", "fdt-overlay", "fdt-folder", "dts"),
    *("acpi", "acpidump", "iasl", "hexdump", "acpi-folder"),
)


class InputFault(NamedTuple):
    """Why an input could not be read; ``offset`` is a byte offset.

    ``bug``: it is a fault of dtlink, not of the input.
    """

    message: str
    offset: int | None = None
    bug: bool = False
    faults: Sequence[SourceFault] = ()
    """All that is wrong, of devicetree source."""

    @classmethod
    def of(cls, error: InputError, *names: str) -> InputFault:
        """The fault of an input by these names; an offset in another file is told with its path."""
        if error.path in ("", *names):
            return cls(error.message, error.offset, faults=error.faults)
        return cls(str(error), faults=error.faults)


class Refused(NamedTuple):
    """A file of an input of several that could not be read; the others were."""

    path: str
    message: str
    offset: int | None = None
    faults: Sequence[SourceFault] = ()
    """All that is wrong, of devicetree source."""


class Ignored(NamedTuple):
    """A finding that the configuration, or a comment, allows or expects, and why."""

    finding: Finding
    reason: str
    source: str = ""
    """What allows it: a file, the place of a comment (``FILE:LINE``), or ``--expect``."""


class CommentEntry(NamedTuple):
    """A rule that a comment in a source allows or expects, as it was for one input."""

    rule: str
    """A rule or a family."""
    is_expected: bool
    reason: str
    location: Location
    found: int
    """How many findings of the input it covers."""
    checked: bool = True
    """Whether the rule was run to its end over all of the input."""


class Unmet(NamedTuple):
    """An expected finding that is absent; also what a comment allows, and nothing has."""

    rule: str
    node: str
    """A pattern of paths."""
    reason: str
    source: str
    """Where it is expected: a file, the place of a comment (``FILE:LINE``), or ``--expect``."""
    location: Location | None = None
    """The comment, if it is one."""
    is_expected: bool = True
    """``False``: it is allowed only."""


class BaselineEntry(NamedTuple):
    """A finding in a baseline; ``input`` is a path relative to the baseline's folder."""

    input: str
    rule: str
    subject: str
    property_name: str
    supplier: str
    fingerprint: str


class SinceCommit(NamedTuple):
    """The commit that a lint is compared with."""

    ref: str
    """As the user named it."""
    commit: str
    """The id of the commit: that of the name, or where HEAD left its history."""
    unchanged: int
    """How many inputs have not changed since, with all that they include; they are not inputs of
    the report."""


class TriedBase(NamedTuple):
    """A base on which an overlay was tried."""

    path: str
    why_not: str
    """Why it can't be applied; empty if it can."""


class Truncated(NamedTuple):
    """How many findings of a rule and a severity a list of an input lacks: it has the worst."""

    member: str
    """The list: ``findings``, ``known`` or ``ignored``."""
    rule: str
    severity: Severity
    omitted: int


class WrittenReport(NamedTuple):
    """The report of an input as it goes out, and what it counts for."""

    line: str
    totals: Totals


class InputReport(NamedTuple):
    """The report of one input.

    Among ``inputs`` of a :class:`Report`, or from :func:`dtlink.lint_iter`. ``error`` says why an
    input could not be read; else ``findings`` has what was found.
    """

    path: str
    form: str = ""
    """One of :data:`FORMS`; empty if it could not be read."""
    sha256: str = ""
    model: str = ""
    compatible: Sequence[str] = ()
    nodes: int = 0
    references: int = 0
    error: InputFault | None = None
    findings: Sequence[Finding] = ()
    faults: Sequence[RuleFault] = ()
    view: Reportable | None = None
    """The result of another command than ``lint``."""
    refused: Sequence[Refused] = ()
    notes: Sequence[str] = ()
    """Informational notes about the input."""
    tables: Sequence[str] = ()
    """The signatures of an input of tables."""
    files: Mapping[str, str] = {}
    """The file of each table, by signature, where the input is a folder of them."""
    kernel: Mapping[str, Json] | None = None
    """The kernel of the results as JSON data, unless it equals the report's, or, of
    :func:`dtlink.lint_iter`, is the default version."""
    fail_on: Severity | None = Severity.ERROR
    """The minimum severity that counts for the exit status; ``None``: none does."""
    silent: Sequence[str] = ()
    """Families of rules that were selected and could not run."""
    known: Sequence[Finding] = ()
    """Findings that are in the baseline: they do not count, and are not among ``findings``."""
    fixed: Sequence[BaselineEntry] = ()
    """Findings of the baseline that are no longer found."""
    ignored: Sequence[Ignored] = ()
    """Findings that the configuration, and comments of the source, remove from ``findings``."""
    unmet: Sequence[Unmet] = ()
    comments: Sequence[CommentEntry] = ()
    """What comments of the source allow or expect, until the whole run is known."""

    def __repr__(self) -> str:
        if self.error is not None:
            return f"<InputReport {self.path}: {self.error.message}>"
        from dtlink.wording import counted

        omitted = sum(each.omitted for each in self.truncated if each.member == "findings")
        number = len(self.findings) + omitted
        findings = counted(number, "finding") if self.checked else "not checked"
        return f"<InputReport {self.path}: {self.form}, {findings}>"

    member: str = ""
    """The member of a container; empty for a plain file."""
    container: Mapping[str, AboutValue] = {}
    """What the container says of a member, such as the boards that it is for."""
    passed: Sequence[str] = ()
    """Those of the notes that say what was passed over."""
    inside: bool = False
    """Whether its bytes are not the file's: a member, or what a compressed file unpacks to."""
    overlays: Sequence[str] = ()
    """The overlays that it is read with, in order."""
    variant: str = ""
    """What the configuration calls it with its overlays."""
    blob: bytes = b""
    """The devicetree that a source makes, where its fixes were asked for."""
    differs: str = ""
    """Where that is not the devicetree that was expected, the first place; empty if nowhere."""
    bases: Sequence[TriedBase] = ()
    """The bases on which it was tried, if it is an overlay."""
    asked: Sequence[Sequence[Any]] = ()
    """What was asked of the disk to read it, until its result is in the cache."""
    checked: bool = True
    """Whether any rule was run, if it could be read: the chosen rules may be about others."""

    overwrites: str = ""
    """A file that the run is to write and that was read for it: nothing must be written then."""
    truncated: Sequence[Truncated] = ()
    """What its lists of findings lack, since there was too much of it."""
    written: WrittenReport | None = None
    """The report as it goes out, where it was written by the process that made it: what is printed
    besides, of errors and notes, is in this one."""

    @property
    def input(self) -> Input:
        """The input of the report."""
        return Input(self.path, self.member, tuple(self.overlays), self.variant)

    @property
    def name(self) -> str:
        """``path``, or ``path!member``."""
        return str(self.input)

    @property
    def part(self) -> str:
        """What of the file it is: a member, the overlays with it; empty for the file as it is."""
        return self.name[len(self.path) :].lstrip(MEMBER)

    def file_with(self, finding: Finding) -> str:
        """The file of a finding: the overlay that brought it, else that of its subject."""
        is_named = finding.overlay in self.overlays
        return finding.overlay if is_named else self.file_of(finding.subject)

    def file_of(self, subject: Subject) -> str:
        """The file of a subject: that of its table, if the input is a folder of tables.

        The folder if the file is unknown.
        """
        return self.files.get(subject.table, self.path) if self.files else self.path

    def counts(self, severity: Severity) -> bool:
        """Whether findings of a severity count against the input."""
        _check("severity", severity)
        return self.fail_on is not None and severity.rank <= self.fail_on.rank

    def exit_status(self, fail_on: Severity | None) -> int:
        """As :meth:`Report.exit_status`, of this input alone; ``None``: findings do not count.

        Findings that are not listed (``truncated``) count too. An unmet expectation counts as a
        warning, so that it gets removed.
        """
        if fail_on is not None:
            _check("fail_on", fail_on)
        if self.faults or (self.error and self.error.bug):
            return 3
        if self.error or self.refused:
            return 2
        return int(fail_on is not None and any(each.rank <= fail_on.rank for each in self._there()))

    def _there(self) -> Iterator[Severity]:
        """The severities that count for the exit status: also of findings that are not listed."""
        yield from (each.severity for each in self.findings)
        yield from (each.severity for each in self.truncated if each.member == "findings")
        yield from (Severity.WARNING for _ in self.unmet)

    @property
    def status(self) -> int:
        """The exit status of a lint of this input alone, with its own ``fail_on``: as
        :attr:`Report.status`.
        """
        return self.exit_status(self.fail_on) if self.checked else 2


class Report(NamedTuple):
    """The report of one command: the reports of the inputs, in their order.

    Made by :func:`dtlink.lint`, :func:`dtlink.diff` and :meth:`dtlink.Board.lint`. ``to_dict()`` is
    the JSON document as data, ``status`` the exit status of the command.
    """

    command: str
    inputs: Sequence[InputReport]
    kernel_version: str = str(DEFAULT)
    kernel: Mapping[str, Json] | None = None
    """The kernel of the results, for commands that use more than its version."""
    baseline: str = ""
    """The baseline that ``findings`` are compared with, if there is one."""
    union: Convertible | None = None
    """What ``modules`` lists for several inputs together."""
    notes: Sequence[str] = ()
    """What was passed over: it is not among the inputs."""
    since: SinceCommit | None = None
    """The commit without whose findings ``findings`` are."""
    machine: Mapping[str, Json] | None = None
    """What the user gave of the machine, by option: its PCI functions, its memory map."""
    counted: Totals | None = None
    """The numbers of all inputs, where ``inputs`` lacks some; ``None``: they are all there."""
    named: Sequence[Input] = ()
    """All inputs, each once, where ``inputs`` lacks some."""

    def __repr__(self) -> str:
        from dtlink.wording import counted

        unread = self.totals.unreadable
        found = [f"{unread} unreadable"] if unread else []
        found += [f"{level} {number}" for level, number in self.counts().items() if number]
        nothing = "no findings" if self.totals.checked else "nothing was checked"
        inputs = counted(self.totals.inputs, "input")
        return f"<Report {self.command} of {inputs}: {', '.join(found) or nothing}>"

    def to_dict(self) -> Document:
        """The JSON document of the command, as data."""
        from dtlink.report.json import document

        return document(self)

    def findings(self) -> Iterator[Finding]:
        """The findings of all inputs."""
        for item in self.inputs:
            yield from item.findings

    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity."""
        return self.totals.counts()

    @property
    def totals(self) -> Totals:
        """The numbers of all inputs."""
        return self.counted or Totals.of(self.inputs)

    @property
    def status(self) -> int:
        """As :meth:`exit_status`, each input with its own ``fail_on``."""
        totals = self.totals
        return totals.status if totals.checked else self._nothing

    @property
    def passed(self) -> list[str]:
        """What was passed over, in folders and in inputs."""
        return [*self.notes, *(note for item in self.inputs for note in item.passed)]

    def exit_status(self, fail_on: Severity | None) -> int:
        """0: no findings that count, 1: findings of at least ``fail_on``, 2: unreadable inputs, or
        nothing was checked, 3: a fault of dtlink.
        """
        if fail_on is not None:
            _check("fail_on", fail_on)
        totals = self.totals
        return totals.exit_status(fail_on) if totals.checked else self._nothing

    @property
    def is_compared(self) -> bool:
        """Whether findings that were there before are left out."""
        return bool(self.baseline) or self.since is not None

    @property
    def _nothing(self) -> int:
        """The status if nothing was checked: 0 if there are inputs that have not changed."""
        return 0 if self.since is not None and self.since.unchanged else 2


def _check(name: str, severity: object) -> None:
    """Raise :class:`TypeError`, naming the argument, for what is not a severity."""
    if type(severity) is not Severity:
        kind = type(severity).__name__
        raise TypeError(f"{name}: a Severity is needed, not {kind}")


def identified(
    findings: Sequence[Finding], after: Sequence[Finding] = ()
) -> Iterator[tuple[str, Finding]]:
    """Each finding with its fingerprint. Of several with the same one, the later ones get a number.

    ``after`` are findings of the same input that are reported elsewhere, and are numbered first.
    """
    names = numbered((item.fingerprint for item in findings), (item.fingerprint for item in after))
    yield from zip(names, findings, strict=True)


def numbered(fingerprints: Iterable[str], after: Iterable[str] = ()) -> Iterator[str]:
    """The fingerprints of one input's findings; as :func:`identified`."""
    seen = Counter(after)
    for each in fingerprints:
        seen[each] += 1
        yield each if seen[each] == 1 else f"{each}-{seen[each]}"
