"""Findings as SARIF results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dtlink.firmware.names import Subject, SubjectKind
from dtlink.firmware.text_edits import TextEdit, by_file
from dtlink.records import NamedTuple
from dtlink.report.entries import JsonObject
from dtlink.report.groups import BOARDS, Group, boards, groups, short_names
from dtlink.report.model import InputReport, Report
from dtlink.report.sarif.artifacts import Artifacts
from dtlink.report.wording import described, headline, story
from dtlink.rules.finding import PlaceRole
from dtlink.rules.model import Confidence, Finding, Severity
from dtlink.wording import RELATED

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
#: Locations of a result that services keep; an upload with ten times as many is refused.
MOST_RELATED = 99
#: Locations of one input after which its results have few: each may name all others.
_ENOUGH = 2_000


class SarifResult(NamedTuple):
    """A ``result`` object, without the index of its rule."""

    data: JsonObject
    rule_id: str
    likely: bool


class Results:
    """The results, the worst first: services that limit results drop the last ones.

    Each fault is there once, with the boards that have it as related locations. What the baseline
    knows or the configuration takes out is none: services that take uploads read neither
    ``baselineState`` nor ``suppressions``, and would open an alert for each.
    """

    def __init__(self, report: Report, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._names = short_names(report)
        self._groups = groups(report, fingerprints=True)
        self._is_compared = report.is_compared

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[SarifResult]:
        used: Counter[str] = Counter()
        for group in self._groups:
            finding, path = group.finding, group.item.path
            most = RELATED if used[path] >= _ENOUGH else MOST_RELATED
            data = _result(group, boards(group, self._names, BOARDS), self._artifacts, most)
            used[path] += min(len(finding.related), most)
            if self._is_compared:
                data["baselineState"] = "new"
            yield SarifResult(data, finding.rule, finding.confidence is Confidence.LIKELY)


def _result(group: Group, on: str, artifacts: Artifacts, most: int) -> JsonObject:
    """The object, with so many related locations."""
    item, finding = group.item, group.finding
    place = artifacts.place_of(item, finding)
    region = place["region"]
    in_file = isinstance(region, Mapping) and "byteOffset" in region
    data: JsonObject = {
        "ruleId": finding.rule,
        "level": LEVELS[finding.severity],
        "message": {"text": _text(item, finding, on, in_file=in_file)},
        "locations": [_location(place, finding.subject)],
        "partialFingerprints": _fingerprints(group.fingerprint),
        "properties": _properties(group, most),
    }
    around = [*_boards(group, artifacts), *_places(group, artifacts)]
    related = [*around, *_related(group, artifacts)][:most]
    if related:
        data["relatedLocations"] = [{"id": at, **each} for at, each in enumerate(related, 1)]
    if edits := group.edits:
        data["fixes"] = [_fix(finding, edits, artifacts)]
    return data


def _fix(finding: Finding, edits: Sequence[TextEdit], artifacts: Artifacts) -> JsonObject:
    changes = [
        {
            "artifactLocation": artifacts.place(path)["artifactLocation"],
            "replacements": [_replacement(each) for each in of_file],
        }
        for path, of_file in by_file(edits).items()
    ]
    return {"description": {"text": finding.fix.text}, "artifactChanges": changes}


def _replacement(edit: TextEdit) -> JsonObject:
    region = {
        "startLine": edit.line,
        "startColumn": edit.column,
        "endLine": edit.end_line,
        "endColumn": edit.end_column,
    }
    return {"deletedRegion": region, "insertedContent": {"text": edit.text}}


def _boards(group: Group, artifacts: Artifacts) -> Iterator[JsonObject]:
    """Where the first of the boards that share a fault include the file that has it."""
    if not group.is_shared:
        return
    by_input = {each.item.input: each for each in reversed(group.members)}
    for item in group.inputs[:BOARDS]:
        location = by_input[item.input].finding.location
        _, line = location.chain[-1] if location and location.chain else ("", 1)
        model = f"board: {item.model}" if item.model else "board"
        yield {
            "physicalLocation": artifacts.place(item.path, line),
            "message": {"text": model},
        }


def _places(group: Group, artifacts: Artifacts) -> Iterator[JsonObject]:
    """The related places of a source; for a single board the lines that include the file."""
    finding = group.finding
    for each in group.places:
        file, line, column, *_ = each.location
        place = artifacts.place(file, line, column=column)
        subject = Subject(finding.subject.kind, each.node)
        yield {**_location(place, subject), "message": {"text": described(each)}}
    if finding.location is not None and not group.is_shared:
        for file, line in finding.location.chain:
            place = artifacts.place(file, line)
            yield {"physicalLocation": place, "message": {"text": "included here"}}


def _related(group: Group, artifacts: Artifacts) -> Iterator[JsonObject]:
    """The related nodes, which are of the subject's kind, where their places are not known."""
    item, finding = group.item, group.finding
    placed = {each.node for each in group.places if each.role is PlaceRole.RELATED}
    for path in finding.related[:MOST_RELATED]:
        if path not in placed:
            other = Subject(finding.subject.kind, path)
            place = artifacts.place(item.file_of(other))
            yield {**_location(place, other), "message": {"text": path}}


def _location(place: JsonObject, subject: Subject) -> JsonObject:
    """A file, and the node in it. (One without a file makes services refuse the upload.)"""
    path = subject.path
    logical = {
        "name": subject.name or path,
        "fullyQualifiedName": path,
        "kind": subject.kind.value,
    }
    return {"physicalLocation": place, "logicalLocations": [logical]}


def _fingerprints(fingerprint: str) -> dict[str, str]:
    """The fault's identity, under the one name that services read as well.

    That is meant for a hash of the source line, and its number among equal ones. Without it, they
    hash line 1 of the blob: then all findings of a rule in it are one, and another in each build.
    """
    stem, _, number = fingerprint.partition("-")
    return {
        "primaryLocationLineHash": f"{stem}:{number or 1}",
        "dtlink/v1": fingerprint,
    }


def _properties(group: Group, most: int) -> JsonObject:
    finding = group.finding
    properties = {
        "confidence": finding.confidence.value,
        "property": finding.property_name,
        "index": finding.index,
        "supplier": finding.supplier or None,
        "offset": finding.offset,
        "relatedCount": len(finding.related) if len(finding.related) > most else None,
        "boards": len(group.inputs) if group.is_shared else None,
    }
    return {name: value for name, value in properties.items() if value is not None}


def _text(item: InputReport, finding: Finding, on: str, *, in_file: bool) -> str:
    """What an alert shows: the sentence first, for where there is room for no more.

    It contains the node and the related ones, since services show only a file and a line.
    """
    sentence = headline(finding)
    rows = [sentence if sentence.endswith((".", "!", "?")) else f"{sentence}.", ""]
    rows += [f"{label.capitalize()}: {text}" for label, text in story(finding)]
    of = f"{item.part}: " if item.part else ""
    rows.append(f"Where: {of}{_where(finding, in_file=in_file)}")
    if on:
        rows.append(f"Boards: {on}")
    if finding.confidence is Confidence.LIKELY:
        rows.append("Confidence: likely; it rests on what is usual")
    # In a SARIF message "[…](…)" is a link.
    return "\n".join(rows).replace("](", "] (")


def _where(finding: Finding, *, in_file: bool) -> str:
    """The place as firmware has it: a byte of the file, or of a table that a text writes out."""
    where = finding.subject.path
    if finding.property_name:
        index = "" if finding.index is None else f"[{finding.index}]"
        where += f", {finding.property_name}{index}"
    is_node = finding.subject.kind is SubjectKind.NODE
    # The bytes of a tree that a source was made into are nowhere to be seen.
    if finding.offset is None or (is_node and not in_file):
        return where
    return f"{where}, byte {finding.offset:#x}{'' if in_file else ' of the table'}"
