"""What the page of a report shows, as JSON data."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dtlink.escaping import shell
from dtlink.firmware.names import SubjectKind
from dtlink.report.around import around, placed
from dtlink.report.groups import Group, counts, repeats, short_names
from dtlink.report.places import relative, relative_name
from dtlink.report.rules import default_of, parts
from dtlink.report.summary import aside
from dtlink.report.wording import troubles, unmet
from dtlink.rules.catalogue import find
from dtlink.rules.model import Confidence, Rule
from dtlink.typed import TYPE_CHECKING, Any
from dtlink.wording import beside

if TYPE_CHECKING:
    from dtlink.firmware.inputs import Input
    from dtlink.report.model import InputReport, Report
    from dtlink.rules.finding import Finding

#: What is marked in a line of source: a cell, a string, a name, else one character.
_WORD = re.compile(r"[^\s,;<>()\"]+|\"[^\"]*\"|.", re.DOTALL)
#: What is appended to the name of a board's file for its page of ``dtlink graph``.
GRAPH_SUFFIX = ".graph.html"


def data_of(report: Report, found: Sequence[Group], folder: str | None) -> Mapping[str, Any]:
    """The data of a page about these faults of a report.

    A member that is absent has nothing to say; boards are named by their index.
    """
    names = short_names(report)
    inputs = {item.input: item for item in report.inputs}
    boards = {each: number for number, each in enumerate(inputs)}
    rules = filter(None, map(find, dict.fromkeys(each.finding.rule for each in found)))
    kernel = report.kernel or {"version": report.kernel_version}
    return {
        "kernel": kernel["version"],
        "release": kernel.get("release"),
        "counts": counts(found, report),
        "repeats": repeats(found, report),
        "compared": report.is_compared,
        "aside": list(aside(report)),
        "passed": [*report.notes, *_once((item, item.passed) for item in report.inputs)],
        "notes": list(_once((item, _other_notes(item)) for item in report.inputs)),
        "troubles": [_trouble(*each) for each in _troubles(report)],
        "expected": list(_expected(report)),
        "boards": [_board(item, names[each], folder) for each, item in inputs.items()],
        "rules": {rule.id: _rule(rule) for rule in rules},
        "findings": list(_findings(found, boards)),
    }


def _other_notes(item: InputReport) -> Sequence[str]:
    return [each for each in item.notes if each not in item.passed]


def _once(said: Iterable[tuple[InputReport, Sequence[str]]]) -> Iterator[str]:
    """Notes with the input that they are about; once, however many inputs they are about."""
    about: dict[str, list[InputReport]] = {}
    for item, notes in said:
        for each in notes:
            about.setdefault(each, []).append(item)
    for note, items in about.items():
        yield f"{beside(relative_name(items[0]), len(items) - 1, 'input')}: {note}"


def _troubles(report: Report) -> Iterator[tuple[str, str]]:
    for each in troubles(report):
        place = each.place
        yield f"{place.path}:{each.line}" if each.line else place.path, each.text


def _trouble(place: str, message: str) -> Mapping[str, str]:
    return {"place": place, "message": message}


def _expected(report: Report) -> Iterator[str]:
    for item in report.inputs:
        for gone in item.fixed:
            yield f"{relative_name(item)}: fixed: {gone.rule} at {gone.subject}"
        for each in item.unmet:
            yield f"{relative_name(item)}: {unmet(each)}"


def _board(item: InputReport, name: str, folder: str | None) -> Mapping[str, Any]:
    full = relative_name(item)
    quoted = shell.file(full)
    graph = os.path.basename(item.path) + GRAPH_SUFFIX  # noqa: PTH119 - any text
    is_there = folder is not None and os.path.isfile(os.path.join(folder, graph))  # noqa: PTH113, PTH118
    return _without_empty(
        {
            "name": name,
            "path": full if full != name else "",
            "model": item.model,
            "compatible": next(iter(item.compatible), ""),
            "form": item.form,
            "nodes": item.nodes,
            "links": item.references,
            "unread": item.error is not None,
            "argument": quoted if quoted != full else "",
            "graph": graph if is_there else "",
        }
    )


def _findings(found: Iterable[Group], boards: Mapping[Input, int]) -> Iterator[Mapping[str, Any]]:
    taken: Counter[str] = Counter()
    for group in found:
        fingerprint = group.members[0].finding.fingerprint
        taken[fingerprint] += 1
        number = taken[fingerprint]
        name = fingerprint if number == 1 else f"{fingerprint}-{number}"
        yield {"id": name, **_finding(group, boards)}


def _finding(group: Group, boards: Mapping[Input, int]) -> Mapping[str, Any]:
    finding = group.finding
    others = _others(group, boards)
    always = {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "boards": [boards[each.input] for each in group.inputs],
    }
    return always | _without_empty(
        {
            "likely": finding.confidence is Confidence.LIKELY,
            "node": finding.subject.path,
            "is_node": finding.subject.kind is SubjectKind.NODE,
            "effect": finding.effect,
            "fix": finding.fix.text,
            "also": list(placed(group)),
            "around": around(group),
            "overlay": finding.overlay and relative(finding.overlay),
            **_place(finding),
            "others": [{"message": text, "boards": each} for text, each in others.items()],
        }
    )


def _place(finding: Finding) -> Mapping[str, Any]:
    """The line of the source, or the property of a blob, and what is to be marked in it."""
    location, shown = finding.location, finding.snippet
    if location is None:
        mark = shown and {"text": shown.text, "start": shown.start, "length": shown.length}
        return {"snippet": mark}
    column = f":{location.column}" if location.column else ""
    text = location.text.expandtabs(8).rstrip()
    at = len(location.text[: max(location.column - 1, 0)].expandtabs(8))
    indent = len(text) - len(text.lstrip())
    length = len(_WORD.match(text, at)[0]) if at < len(text) else 1  # type: ignore[index]
    code = {
        "line": location.line,
        "text": text[indent:],
        "start": max(at - indent, 0),
        "length": length,
    }
    return {
        "place": f"{relative(location.file)}:{location.line}{column}",
        "snippet": code if text and location.column else None,
    }


def _others(group: Group, boards: Mapping[Input, int]) -> Mapping[str, list[int]]:
    """The messages of boards on which the details differ."""
    found: dict[str, list[int]] = {}
    for each in group.members:
        if each.finding.message != group.finding.message:
            found.setdefault(each.finding.message, []).append(boards[each.item.input])
    return found


def _rule(rule: Rule) -> Mapping[str, Any]:
    texts, examples = parts(rule)
    return {
        "severity": rule.severity.value,
        "since": rule.since,
        "default": default_of(rule),
        "summary": rule.summary,
        "texts": texts,
        "examples": examples,
    }


def _without_empty(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
