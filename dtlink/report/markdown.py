"""The report as Markdown, for the comment of a pull request.

Names of nodes and files are untrusted text. They are in code spans, in which Markdown, HTML and
mentions have no meaning, and so is every word of a message that is not a plain word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dtlink.escaping import markdown
from dtlink.escaping.text import prose
from dtlink.records import NamedTuple
from dtlink.report.groups import Group, bare, groups, repeats, short_names
from dtlink.report.groups import counts as counts_of
from dtlink.report.model import InputReport, Report, SinceCommit
from dtlink.report.places import relative, where
from dtlink.report.wording import (
    ReadingProblem,
    counts,
    cut,
    severity,
    story,
    troubles,
    unmet,
)
from dtlink.rules.model import Finding, Severity
from dtlink.wording import and_more, counted, listed

#: Maximum length. GitHub accepts 65,536 characters in a comment; the rest is for text around it.
LIMIT = 60_000
#: Maximum lengths of a name, a text in a list, any other text, and a list of inputs.
_NAME, _SHORT, _TEXT, _LISTED = 200, 400, 2_000, 20

_HEAD = "| severity | rule | input | node | message |\n|---|---|---|---|---|\n"

# Words without a meaning in any dialect of Markdown: a name with a dot in it may become a
# link, "mmc@1" a mention or a mail address, and "a_b_" emphasis.
_PLAIN = re.compile(
    r"""["'(]*(?:[A-Za-z]+(?:['\u2019-][A-Za-z]+)*(?:\(s\))?|\d{1,6}(?:\.\d{1,6})*)?[.,:;!?"')\u2026]*"""
    r"|[\u2192\u2013\u2014]"
)
#: What may surround another word, outside of its code span.
_WRAPPED = re.compile(r"""(["'(]*)(.*?)((?:[.,:!?"')\u2026]|(?<![>}]);)*)""")
#: Statements of DTS in a sentence, which are one code span.
_STATEMENT = (
    r"(?:/delete-(?:property|node)/ [^;]*;"
    r"|&\w+ \{[^}]*\};"
    r"""|[A-Za-z#][\w#,.+-]* = [<"&\[(][^;]*;)"""
)
_DTS = re.compile(rf"((?<![\w#,.+&-]){_STATEMENT}(?:\s+{_STATEMENT})*)")


class _Entry(NamedTuple):
    """A finding, its places, and the boards that have it there, if these are other files.

    Blobs that have the same finding share an entry: what they are made from is not known.
    """

    finding: Finding
    places: list[str]
    boards: list[str]


def render(report: Report) -> str:
    """A line with the counts, a table of errors and warnings, then details and notes, folded.

    The worst comes first. Findings beyond :data:`LIMIT` characters are counted.
    """
    faults = groups(report)
    head = "\n\n".join(_head(report, faults))
    entries = _entries(report, faults)
    shown = _fitting(entries, LIMIT - len(head) - 500)
    found = [each for each in shown if each.finding.severity is not Severity.INFO]
    notes = [each for each in shown if each.finding.severity is Severity.INFO]
    parts = [head]
    if found:
        parts += [
            _table(found),
            _folded("Effects and fixes", _stories(found)),
        ]
    if notes:
        count = counted(sum(len(each.places) for each in notes), "note")
        parts.append(_folded(count, f"{_table(notes)}\n\n{_stories(notes)}"))
    left = sum(len(each.places) for each in entries[len(shown) :])
    if left:
        parts.append(f"{counted(left, 'finding')} omitted; none is more severe than these.")
    return "\n\n".join(parts) + "\n"


def _head(report: Report, faults: Sequence[Group]) -> Iterator[str]:
    each_input = repeats(faults, report)
    several = f" ({each_input})" if each_input else ""
    total = counts(counts_of(faults, report))
    yield f"**dtlink: {total} in {counted(report.totals.inputs, 'input')}{several}**"
    if report.since:
        yield _since(report, report.since)
    elif report.baseline or report.totals.known or report.totals.fixed:
        yield _baseline(report)
    if ignored := report.totals.ignored:
        yield f"{counted(ignored, 'finding')} ignored, as configured or by comments in the source."
    problems = [
        f"{_trouble_place(each)}: {_prose(cut(each.text, _SHORT))}" for each in troubles(report)
    ]
    problems += [_prose(cut(note, _SHORT)) for note in report.notes]
    if problems:
        yield _list("**The report is incomplete:**", problems)
    expected = [
        f"{_place(item.name)}: {_prose(cut(unmet(entry), _SHORT))}"
        for item in report.inputs
        for entry in item.unmet
    ]
    if expected:
        yield _list("**Expected or allowed, but missing:**", expected)


def _baseline(report: Report) -> str:
    totals = report.totals
    new, known, fixed = totals.findings.total(), totals.known, totals.fixed
    name = _place(report.baseline) if report.baseline else "the baseline"
    return f"Against {name}: {new:,} new, {known:,} known, {fixed:,} fixed."


def _since(report: Report, since: SinceCommit) -> str:
    known, number = report.totals.known, report.totals.inputs
    inputs = f"{number:,} of {number + since.unchanged:,} inputs"
    also = f" or in {_place(report.baseline)}" if report.baseline else ""
    return (
        f"The change since {_code(since.ref)} ({since.commit}) reaches {inputs}. "
        f"{counted(known, 'finding')} {'was' if known == 1 else 'were'} there before{also}."
    )


def _list(title: str, rows: Sequence[str]) -> str:
    rest = len(rows) - _LISTED
    more = [and_more(rest)] if rest > 0 else []
    return "\n".join([title, "", *(f"- {row}" for row in (*rows[:_LISTED], *more))])


def _entries(report: Report, faults: Iterable[Group]) -> list[_Entry]:
    """The findings, the worst first, each one once with all its places."""
    entries: dict[Finding, _Entry] = {}
    names = short_names(report)
    for group in faults:
        entry = entries.setdefault(bare(group.finding), _Entry(group.finding, [], []))
        if group.finding.location is None:
            entry.places.extend(_at(each.item, each.finding) for each in group.members)
            continue
        entry.places.append(_at(group.item, group.finding))
        if group.is_shared or group.is_elsewhere:
            entry.boards.extend(names[each.input] for each in group.inputs)
    return list(entries.values())


def _at(item: InputReport, finding: Finding) -> str:
    path, line, _ = where(item, finding)
    if finding.location:
        return f"{path}:{line}"
    return str(item.input._replace(path=path))


def _fitting(entries: Sequence[_Entry], room: int) -> list[_Entry]:
    """As many entries as fit."""
    shown = []
    for each in entries:
        room -= len(_row(each)) + len(_story(each)) + 2
        if room < 0:
            break
        shown.append(each)
    return shown


def _table(entries: Iterable[_Entry]) -> str:
    return _HEAD + "\n".join(map(_row, entries))


def _row(entry: _Entry) -> str:
    finding, places, _ = entry
    cells = (
        severity(finding),
        _code(finding.rule),
        listed(map(_code, places), 1),
        _code(finding.subject.path),
        _prose(finding.message),
    )
    # No plain word has a bar in it; in a code span of a table, and only there, it is escaped so.
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _stories(entries: Iterable[_Entry]) -> str:
    return "\n".join(map(_story, entries))


def _story(entry: _Entry) -> str:
    finding, places, on = entry
    rows = [f"- {severity(finding)} {_code(finding.rule)} {_code(finding.subject.path)}"]
    for label, text in story(finding):
        lines = (_prose(line) for line in prose(cut(text, _TEXT)).split("\n"))
        rows.append(f"{label}: {'<br>'.join(lines)}")
    if len(places) > 1:
        rows.append(f"in: {listed(map(_code, places), _LISTED)}")
    if on:
        rows.append(f"boards: {listed(map(_code, on), _LISTED)}")
    return "<br>".join(rows)


def _folded(title: str, text: str) -> str:
    # Markdown is read again after the empty lines only.
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _place(path: str) -> str:
    return _code(relative(path))


def _trouble_place(problem: ReadingProblem) -> str:
    path, line, _ = problem.place
    return _code(f"{path}:{line}" if problem.line else path)


def _prose(text: str) -> str:
    """Text in one line: plain words as they are, statements of DTS and all else in code spans."""
    pieces = _DTS.split(prose(cut(text, _TEXT)))
    spans = [
        _words(each) if number % 2 == 0 else _code(each, _TEXT)
        for number, each in enumerate(pieces)
    ]
    return " ".join(filter(None, spans))


def _words(text: str) -> str:
    spans: list[tuple[str, str, str]] = []
    for word in text.split():
        before, core, after = _wrapped(word)
        if core and spans and spans[-1][1] and not (spans[-1][2] or before):
            # Neighbours share a code span.
            before, core = spans[-1][0], f"{spans.pop()[1]} {core}"
        spans.append((before, core, after))
    return " ".join(f"{before}{_code(core, _TEXT)}{after}" for before, core, after in spans)


def _wrapped(word: str) -> tuple[str, str, str]:
    """The parts of a word before, in and after its code span; a plain word has none."""
    match = None if _PLAIN.fullmatch(word) else _WRAPPED.fullmatch(word)
    return (word, "", "") if match is None else (match[1], match[2], match[3])


def _code(text: str, length: int = _NAME) -> str:
    return markdown.code(text, length)
