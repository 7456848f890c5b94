"""How many findings of one rule an input may have: the rest is a number, whatever the format.

Rules join what has one cause: of a thousand real boards none has ten findings of a rule. An input
that was made to have ten thousand would make megabytes of every report.

There are two bounds. What a report lists is cut last, when all that compares or changes findings
has had them: the configuration, baselines, ``--since`` and fixes. Up to there another bound keeps
an input from filling the memory with findings that are not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from dtlink.report.model import InputReport, Truncated
from dtlink.rules.finding import Finding, Severity
from dtlink.typed import TypeVar

#: Findings of a rule that are reported of one input, the worst ones.
MOST = 1_000
#: Findings of a rule that are compared with others, and fixed. So many of three rules fill a
#: baseline (:data:`dtlink.report.baseline.MAX_SIZE`), and take about 30 MB.
HELD = 20_000

ItemT = TypeVar("ItemT")
#: How many items of a rule and a severity a list lacks.
_Left = Mapping[tuple[str, Severity], int]


def held(item: InputReport) -> InputReport:
    """The report of an input with no more findings of a rule than are worked with."""
    return _bounded(item, HELD)


def reported(item: InputReport) -> InputReport:
    """The report of an input as it is printed, with a note for each rule that is cut.

    To be called once, when nothing is done with findings any more.
    """
    whole, item = item, _bounded(item, MOST)
    if not item.truncated:
        return item
    notes = [*_notes(item, whole)]
    return item._replace(notes=(*item.notes, *notes), passed=(*item.passed, *notes))


def _bounded(item: InputReport, most: int) -> InputReport:
    """The report with no more items of a rule in each of its lists of findings."""
    if max(len(item.findings), len(item.known), len(item.ignored)) <= most:
        return item
    findings, left = _worst(item.findings, lambda each: each, most)
    known, of_known = _worst(item.known, lambda each: each, most)
    ignored, of_ignored = _worst(item.ignored, lambda each: each.finding, most)
    cut = {"findings": left, "known": of_known, "ignored": of_ignored}
    truncated = (*_rows(cut, item.truncated),)
    return item._replace(findings=findings, known=known, ignored=ignored, truncated=truncated)


def _worst(
    items: Sequence[ItemT], finding: Callable[[ItemT], Finding], most: int
) -> tuple[Sequence[ItemT], _Left]:
    """The items in their order, without those of a rule beyond ``most``; how many these are."""
    numbers = Counter(finding(each).rule for each in items) if len(items) > most else {}
    left = {rule: most for rule, number in numbers.items() if number > most}
    if not left:
        return items, {}
    kept, omitted = set[int](), Counter[tuple[str, Severity]]()
    for at in sorted(range(len(items)), key=lambda at: finding(items[at]).severity.rank):
        rule, severity = finding(items[at]).rule, finding(items[at]).severity
        if rule not in left:
            kept.add(at)
        elif left[rule]:
            left[rule] -= 1
            kept.add(at)
        else:
            omitted[rule, severity] += 1
    return [each for at, each in enumerate(items) if at in kept], omitted


def _rows(cut: Mapping[str, _Left], before: Iterable[Truncated]) -> Iterator[Truncated]:
    """What each list lacks, with what it lacked before: one row for a rule and a severity."""
    lacking = {member: Counter(left) for member, left in cut.items()}
    for each in before:
        lacking[each.member][each.rule, each.severity] += each.omitted
    for member, left in lacking.items():
        for rule, severity in sorted(left, key=lambda key: (key[0], key[1].rank)):
            yield Truncated(member, rule, severity, left[rule, severity])


def _notes(item: InputReport, whole: InputReport) -> Iterator[str]:
    """A line for each rule of which the findings that count are not all there.

    ``whole`` is the report before it was cut to be printed.
    """
    listed, why = Counter(each.rule for each in item.findings), _not_compared(whole)
    for rule, omitted in sorted(omitted_of(item.truncated, "findings").items()):
        number, reason = listed[rule], why.get(rule, "")
        yield f"{rule}: {number + omitted:,} findings, of which {number:,} are reported{reason}"


def _not_compared(item: InputReport) -> Mapping[str, str]:
    """By rule, why findings are left although others are known: they were beyond the bound."""
    known = {each.rule for each in item.known}
    since = f"since the input has more than {HELD:,} of this rule"
    return {
        rule: f"; {omitted:,} were not compared, {since}"
        for rule, omitted in omitted_of(item.truncated, "findings").items()
        if rule in known
    }


def omitted_of(truncated: Iterable[Truncated], member: str) -> Counter[str]:
    """How many findings of each rule a list lacks."""
    found = Counter[str]()
    for each in truncated:
        if each.member == member:
            found[each.rule] += each.omitted
    return found
