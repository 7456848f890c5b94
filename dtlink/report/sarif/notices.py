"""The notices of a SARIF run: inputs that could not be read, rules that failed, notes."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.records import NamedTuple
from dtlink.report.entries import JsonObject
from dtlink.report.model import InputReport, Report, Unmet
from dtlink.report.places import place_of
from dtlink.report.sarif.artifacts import Artifacts
from dtlink.report.sarif.rules import pascal
from dtlink.report.wording import ReadingProblem, troubles, unmet
from dtlink.rules.run import RuleFault


class NoticeKind(NamedTuple):
    """A kind of notice. Services require the same texts as for a rule."""

    id: str
    about: str
    help: str


UNREADABLE = "dtlink/unreadable-input"
NOTE = "dtlink/note"
FAULT = "dtlink/fault"
UNMET = "dtlink/unmet-expectation"
UNUSED = "dtlink/unused-allow"
CUT = "dtlink/results-cut"

KINDS = (
    NoticeKind(
        UNREADABLE,
        "An input, or a file of it, could not be read.",
        "Nothing was checked there. The message has the reason, and the region the byte.",
    ),
    NoticeKind(
        NOTE,
        "Informational note about an input.",
        "No action is needed, unless the note asks for one.",
    ),
    NoticeKind(
        FAULT,
        "A fault of dtlink, not of the input.",
        "If a rule failed, the other rules were run. Please report it, if possible with the input.",
    ),
    NoticeKind(
        UNMET,
        "An expected finding is absent.",
        "If the fault is fixed, remove the expectation from the configuration, or the comment.",
    ),
    NoticeKind(
        UNUSED,
        "A comment allows a finding that is absent.",
        "If the fault is fixed, remove the comment.",
    ),
    NoticeKind(
        CUT,
        "There are more results than a service accepts.",
        "Only the worst are included. Lint fewer inputs at a time, or select fewer rules.",
    ),
)
_INDEXES = {kind.id: index for index, kind in enumerate(KINDS)}


class Notices:
    """The ``notification`` objects of a run; ``rules`` are the indexes of its rules."""

    def __init__(self, artifacts: Artifacts, rules: Mapping[str, int]) -> None:
        self._artifacts = artifacts
        self._rules = rules
        self._execution: list[JsonObject] = []
        self._configuration: list[JsonObject] = []
        self._successful = True

    @property
    def descriptors(self) -> list[JsonObject]:
        """The kinds of notices, as ``reportingDescriptor`` objects."""
        return [
            {
                "id": kind.id,
                "name": pascal(kind.id),
                "shortDescription": {"text": kind.about},
                "fullDescription": {"text": f"{kind.about} {kind.help}"},
                "help": {"text": kind.help},
            }
            for kind in KINDS
        ]

    def invocation(self) -> JsonObject:
        """The ``invocation`` object. A run is a success if all was read, and no rule failed."""
        run: JsonObject = {"executionSuccessful": self._successful}
        if self._execution:
            run["toolExecutionNotifications"] = self._execution
        if self._configuration:
            run["toolConfigurationNotifications"] = self._configuration
        return run

    def add_all(self, report: Report) -> None:
        """Add the notices of all inputs."""
        for text in report.notes:
            self._execution.append(self._notice(NOTE, "note", text))
        for each in troubles(report):
            if each.line:
                self._add_source_fault(each)
        for item in report.inputs:
            self._add_unread(item)
            for text in item.notes:
                self._execution.append(self._notice(NOTE, "note", text, item.path))
            for fault in item.faults:
                self._add_fault(item, fault)
            for entry in item.unmet:
                self._add_unmet(item, entry)

    def _add_unread(self, item: InputReport) -> None:
        error = item.error
        if error is not None and not error.faults:
            kind = FAULT if error.bug else UNREADABLE
            self._add_error(kind, error.message, item.path, error.offset)
        for each in item.refused:
            if not each.faults:
                self._add_error(UNREADABLE, each.message, each.path, each.offset)

    def _add_error(self, kind: str, text: str, path: str, offset: int | None) -> None:
        self._successful = False
        self._execution.append(self._notice(kind, "error", text, path, offset))

    def _add_source_fault(self, fault: ReadingProblem) -> None:
        self._successful = False
        notice = self._notice(UNREADABLE, "error", fault.text)
        place = self._artifacts.place(fault.path, fault.line, column=fault.column)
        self._execution.append(notice | {"locations": [{"physicalLocation": place}]})

    def _add_fault(self, item: InputReport, fault: RuleFault) -> None:
        self._successful = False
        text = f"rule {fault.rule} failed: {fault.error} (a bug of dtlink: please report it)"
        kind, _, message = fault.error.partition(": ")
        self._execution.append(
            self._notice(FAULT, "error", text, item.path)
            | {
                "associatedRule": self._rule(fault.rule),
                "exception": {"kind": kind, "message": message},
            }
        )

    def _add_unmet(self, item: InputReport, entry: Unmet) -> None:
        kind, at = UNMET if entry.is_expected else UNUSED, place_of(item, entry)
        notice = self._notice(kind, "warning", unmet(entry), at.path, line=at.line)
        self._configuration.append(notice | {"associatedRule": self._rule(entry.rule)})

    def cut(self, kept: int, found: int) -> None:
        """Add a notice that results were omitted."""
        text = f"the first {kept:,} of {found:,} results are included, the worst first"
        self._execution.append(self._notice(CUT, "warning", text))

    def _rule(self, rule_id: str) -> JsonObject:
        index = self._rules.get(rule_id)
        return {"id": rule_id} if index is None else {"id": rule_id, "index": index}

    def _notice(
        self,
        kind: str,
        level: str,
        text: str,
        path: str | None = None,
        offset: int | None = None,
        line: int = 1,
    ) -> JsonObject:
        notice: JsonObject = {
            "descriptor": {"id": kind, "index": _INDEXES[kind]},
            "level": level,
            "message": {"text": text or kind},
        }
        if path is not None:
            place = self._artifacts.place(path, line, offset)
            notice["locations"] = [{"physicalLocation": place}]
        return notice
