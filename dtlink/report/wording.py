"""What the formats for services share: the words around findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from dtlink.records import NamedTuple
from dtlink.report.model import InputFault, InputReport, Refused, Report, Unmet
from dtlink.report.places import Place, relative
from dtlink.rules.finding import PlaceRole, RelatedPlace
from dtlink.rules.model import Confidence, Finding, Severity
from dtlink.wording import RELATED, counted, joined, listed


class ReadingProblem(NamedTuple):
    """Why the report of an input is incomplete: it was not read, or a rule failed."""

    path: str
    check: str
    message: str
    line: int = 0
    """Of devicetree source; 0: not known."""
    column: int = 0
    others: int = 0
    """How many more inputs were not read because of this."""

    @property
    def text(self) -> str:
        """The message, with how many other inputs it is about."""
        inputs = counted(self.others, "more input")
        return (
            f"{self.message} ({inputs} not read because of this)" if self.others else self.message
        )

    @property
    def place(self) -> Place:
        """Where services show it."""
        return Place(relative(self.path), max(self.line, 1), max(self.column, 0))


def troubles(report: Report) -> Iterator[ReadingProblem]:
    """The inputs and files that could not be read, and the rules that failed.

    What is wrong in a source is there once, however many inputs include it.
    """
    every = [each for item in report.inputs for each in troubles_of(item)]
    often = Counter(each for each in every if each.line)
    for each in every:
        if not each.line:
            yield each
        elif often[each]:
            yield each._replace(others=often.pop(each) - 1)


def troubles_of(item: InputReport) -> Iterator[ReadingProblem]:
    """The same, of one input; a member of a container is named in the message."""
    of = f"{item.part}: " if item.part else ""
    if item.error is not None:
        if item.error.bug:
            yield ReadingProblem(item.path, "dtlink/fault", of + _at_byte(item.error))
        else:
            yield from _unread(item.path, item.error, of)
    for refused in item.refused:
        yield from _unread(refused.path, refused)
    for fault in item.faults:
        message = f"rule {fault.rule} failed: {fault.error} (a bug of dtlink: please report it)"
        yield ReadingProblem(item.path, "dtlink/fault", of + message)


def _unread(path: str, fault: InputFault | Refused, of: str = "") -> Iterator[ReadingProblem]:
    check = "dtlink/unreadable-input"
    if not fault.faults:
        yield ReadingProblem(path, check, of + _at_byte(fault))
    for each in fault.faults:
        message = f"{each.message}; {each.fix}" if each.fix else each.message
        yield ReadingProblem(
            each.place.file, check, of + message, each.place.line, each.place.column
        )


def _at_byte(fault: InputFault | Refused) -> str:
    return fault.message if fault.offset is None else f"{fault.message} (byte {fault.offset:#x})"


def severity(finding: Finding) -> str:
    """The severity, and whether it is only likely."""
    likely = finding.confidence is Confidence.LIKELY
    return f"{finding.severity.value} (likely)" if likely else finding.severity.value


def headline(finding: Finding) -> str:
    """The message with the node's full path, instead of its name if the message begins with it."""
    path = finding.subject.path
    for begin in (path, finding.subject.name):
        if begin and finding.message.startswith((f"{begin} ", f"{begin}: ")):
            return path + finding.message[len(begin) :]
    return f"{path}: {finding.message}"


def story(finding: Finding) -> Iterator[tuple[str, str]]:
    """The other texts of a finding with their labels; a text may have several lines."""
    if finding.effect:
        yield "effect", finding.effect
    if finding.fix.text:
        yield "fix", finding.fix.text
    if finding.related:
        yield "also", listed(finding.related, RELATED)


def details(finding: Finding) -> str:
    """The story as lines, those of one text aligned."""
    return "\n".join(
        f"{label}: ".ljust(8) + newlines(text).replace("\n", "\n" + " " * 8)
        for label, text in story(finding)
    )


def described(place: RelatedPlace) -> str:
    """What a related place is, as a remark at the place."""
    match place.role:
        case PlaceRole.RELATED:
            return f"{place.node}: its {place.property_name}" if place.property_name else place.node
        case PlaceRole.ENABLED:
            return f"{place.node} is enabled here"
        case PlaceRole.OPENING:
            return f"{place.node} is also opened here"
        case PlaceRole.OTHER:
            return f"{place.property_name} is set here"
        case PlaceRole.SETTING:
            return f"{place.property_name} is also set here: the last value counts"


def newlines(text: str) -> str:
    """Text with newlines as the only line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def unmet(entry: Unmet) -> str:
    """A sentence about an unmet expectation, or a comment that allows what nothing has."""
    at = f" at {entry.node}" if entry.node else ""
    reason = f" ({entry.reason})" if entry.reason else ""
    if not entry.is_expected:
        return f"{unused(entry)}{reason}: remove it from the comment"
    return (
        f"{entry.rule} is expected{at} by {source_of(entry)}{reason}, but is missing: remove "
        "the expectation"
    )


def unused(entry: Unmet) -> str:
    """What is said of a comment that allows what nothing has."""
    return f"{entry.rule} is allowed by {source_of(entry)}, but no board has such a finding there"


def source_of(entry: Unmet) -> str:
    """Where something is expected or allowed; the path of a comment as :func:`relative` has it."""
    if entry.location is None:
        return entry.source
    return f"{relative(entry.location.file)}:{entry.location.line}"


def counts(by_severity: Mapping[str, int]) -> str:
    """How many errors, warnings and notes there are; severities without findings are omitted."""
    words = zip(Severity, ("error", "warning", "note"), strict=True)
    there = [
        counted(by_severity[each.value], word) for each, word in words if by_severity[each.value]
    ]
    return joined(there) or "no findings"


def cut(text: str, length: int) -> str:
    """Text of at most ``length`` characters."""
    return text if len(text) <= length else text[: length - 1] + "…"
