"""The report as JUnit XML, for the test reports of CI servers.

GitLab, Jenkins and Azure Pipelines compare builds by the names of tests, GitLab drops all but the
first of one name (https://docs.gitlab.com/ci/testing/unit_test_reports/) and shows the content of a
failure, Jenkins and Azure its message too. Hence a test is a finding, named by what stays the same
in the next build; its message is in both places; and there is no time in it. One that counts for
the exit status fails; a warning that does not is skipped, which is shown without being red.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dtlink.escaping import xml
from dtlink.records import NamedTuple
from dtlink.report.model import BaselineEntry, InputReport, Report, Unmet
from dtlink.report.places import Place, relative_name, where
from dtlink.report.wording import details, headline, severity, troubles_of, unmet
from dtlink.rules.model import Finding, Severity
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from junitparser import TestCase, TestSuite


#: The last line of the document.
_END = "</testsuites>\n"


class _Case(NamedTuple):
    """One test: ``result`` is ``failure``, ``error``, ``skipped``, or empty if it passes."""

    name: str
    result: str = ""
    kind: str = ""
    message: str = ""
    text: str = ""
    """What is shown of the test: of one that passes, its output."""
    place: Place | None = None


def render(report: Report) -> str:
    """The XML document: a suite for each input, a test for each finding.

    Errors and warnings fail. A note passes, with its text as output: a test for a note would stay
    red. What is ignored, or known to the baseline, is skipped with the reason; what is
    fixed passes under the name it failed by. The first test of an input passes if it was read.
    """
    return "".join(pieces(report))


def pieces(report: Report) -> Iterator[str]:
    """The document in pieces: its beginning, each suite, and its end."""
    known = _before(report)
    head = _head(report, known)
    if not report.inputs:
        yield head
        return
    yield head.replace(" />", ">")
    taken: Counter[tuple[str, str]] = Counter()
    for item in report.inputs:
        # The suite alone, without the first two lines and the last, which are the document's.
        yield _laid_out([_suite(item, taken, known)]).split("\n", 2)[2].removesuffix(_END)
    yield _END


def _head(report: Report, known: str) -> str:
    """The document without suites, with the numbers of their tests."""
    results = Counter(each.result for item in report.inputs for each in _cases(item, known))
    numbers = {
        "tests": results.total(),
        "failures": results["failure"],
        "errors": results["error"],
        "skipped": results["skipped"],
        "time": 0.0 if report.inputs else 0,  # as junitparser adds up those of the suites
    }
    return _laid_out([], numbers)


def _laid_out(suites: Sequence[TestSuite], numbers: Mapping[str, float] | None = None) -> str:
    """A document with a line per test, so that it is readable."""
    from xml.etree import ElementTree as ET

    from junitparser import JUnitXml

    document = JUnitXml("dtlink lint")
    # Not add_testsuite(): it compares each with all before it.
    document.extend(suites)
    root = ET.fromstring(document.tostring())  # noqa: S314 - made here, a moment ago
    for name, number in (numbers or {}).items():
        root.set(name, str(number))
    ET.indent(root, " ")
    text: str = ET.tostring(root, encoding="unicode")
    return xml.document(f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n')


def _before(report: Report) -> str:
    """Why known findings do not count."""
    if report.since is None:
        return "in the baseline"
    also = "in the baseline, or " if report.baseline else ""
    return f"{also}there in commit {report.since.commit} already"


def _suite(item: InputReport, taken: Counter[tuple[str, str]], known: str) -> TestSuite:
    from junitparser import TestSuite

    path = xml.legal(relative_name(item))
    suite = TestSuite(path)
    suite.add_testcases([_element(path, case, taken) for case in _cases(item, known)])
    return suite


def _element(path: str, case: _Case, taken: Counter[tuple[str, str]]) -> TestCase:
    from junitparser import Attr, Error, Failure, Skipped, TestCase

    class Placed(TestCase):
        file = Attr()
        line = Attr()

    name = xml.legal(case.name)
    taken[path, name] += 1
    number = taken[path, name]
    element = Placed(name if number == 1 else f"{name} ({number})", path)
    file, line, _ = case.place or Place(path)
    element.file, element.line = xml.legal(file), str(line)
    if case.result:
        kinds = {"failure": Failure, "error": Error, "skipped": Skipped}
        result = kinds[case.result](xml.legal(case.message), case.kind)
        result.text = xml.legal(case.text)
        element.append(result)
    elif case.text:
        element.system_out = xml.legal(case.text)
    return element


def _cases(item: InputReport, known: str) -> Iterator[_Case]:
    yield from _reading(item)
    for finding in item.findings:
        yield _found(item, finding)
    for entry in item.unmet:
        message = unmet(entry)
        result = "failure" if item.counts(Severity.WARNING) else "skipped"
        yield _Case(_expected(entry), result, "warning", message, message)
    yield from _skipped(item, ((finding, known) for finding in item.known))
    yield from _skipped(item, ((each.finding, f"ignored: {each.reason}") for each in item.ignored))
    for fixed in item.fixed:
        yield _Case(_name(fixed), text="in the baseline, and no longer found")


def _reading(item: InputReport) -> Iterator[_Case]:
    """The test that an input was read; without it its other tests mean little."""
    if item.error is None:
        yield _Case("dtlink/unreadable-input", text="\n".join(item.notes))
    for trouble in troubles_of(item):
        place, message = trouble.place, trouble.message
        text = f"{place.path}:{place.line}: {message}" if trouble.line else message
        yield _Case(trouble.check, "error", trouble.check, message, text, place)


def _found(item: InputReport, finding: Finding) -> _Case:
    text = _whole(item, finding)
    place = where(item, finding)
    kind = severity(finding)
    if item.counts(finding.severity):
        return _Case(_name(finding), "failure", kind, finding.message, text, place)
    if finding.severity is Severity.INFO:
        return _Case(_name(finding), text=text, place=place)
    return _Case(_name(finding), "skipped", kind, f"{kind}: {finding.message}", text, place)


def _expected(entry: Unmet) -> str:
    at = f"{entry.source} " if entry.location else ""
    what = f"({at}{'expected' if entry.is_expected else 'allowed'})"
    return " ".join(filter(None, (entry.rule, entry.node, what)))


def _skipped(item: InputReport, pairs: Iterable[tuple[Finding, str]]) -> Iterator[_Case]:
    for finding, reason in pairs:
        text = f"{reason}\n{_whole(item, finding)}"
        yield _Case(_name(finding), "skipped", "", reason, text, where(item, finding))


def _name(finding: Finding | BaselineEntry) -> str:
    """What the fingerprint is made of: the same in the next build."""
    at = f":{finding.property_name}" if finding.property_name else ""
    to = f" → {finding.supplier}" if finding.supplier else ""
    return f"{finding.rule} {finding.subject}{at}{to}"


def _whole(item: InputReport, finding: Finding) -> str:
    """The whole finding, beginning with its place."""
    path, line, _ = where(item, finding)
    at = f"{path}:{line}" if finding.location else path
    head = f"{at}: {severity(finding)}: {headline(finding)}"
    return "\n".join(filter(None, (head, details(finding))))
