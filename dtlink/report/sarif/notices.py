"""What SARIF tells of the run itself: what could not be read, which rules failed, what to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dtlink.report.entries import JsonObject
from dtlink.report.model import InputReport, Report, Unmet
from dtlink.report.sarif.artifacts import Artifacts
from dtlink.report.sarif.rules import pascal
from dtlink.report.wording import unmet
from dtlink.rules.run import RuleFault


class NoticeKind(NamedTuple):
    """A kind of notice. Services ask for all the texts that they ask for of a rule."""

    id: str
    about: str
    help: str


UNREADABLE = "dtlink/unreadable-input"
NOTE = "dtlink/note"
FAULT = "dtlink/fault"
UNMET = "dtlink/unmet-expectation"
CUT = "dtlink/results-cut"

KINDS = (
    NoticeKind(
        UNREADABLE,
        "An input, or a file of it, could not be read.",
        "Nothing was checked there. The message says what is wrong, and the region at which byte.",
    ),
    NoticeKind(
        NOTE,
        "What to know of an input, although it stopped nothing.",
        "There is nothing to do, unless the note says so.",
    ),
    NoticeKind(
        FAULT,
        "A fault of dtlink, not of the input.",
        "Where a rule failed, the others were run. Please report it, with the input if you can.",
    ),
    NoticeKind(
        UNMET,
        "A finding that is expected is not there.",
        "If the fault is mended, take the expectation out of the configuration.",
    ),
    NoticeKind(
        CUT,
        "There are more results than a service takes.",
        "The worst are told. Lint fewer inputs at a time, or leave rules out.",
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
        told: JsonObject = {"executionSuccessful": self._successful}
        if self._execution:
            told["toolExecutionNotifications"] = self._execution
        if self._configuration:
            told["toolConfigurationNotifications"] = self._configuration
        return told

    def add_all(self, report: Report) -> None:
        """What there is to tell of all inputs."""
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
        if error is not None:
            kind = FAULT if error.bug else UNREADABLE
            self._add_error(kind, error.message, item.path, error.offset)
        for each in item.refused:
            self._add_error(UNREADABLE, each.message, each.path, each.offset)

    def _add_error(self, kind: str, text: str, path: str, offset: int | None) -> None:
        self._successful = False
        self._execution.append(self._notice(kind, "error", text, path, offset))

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
        notice = self._notice(UNMET, "warning", unmet(entry), item.path)
        self._configuration.append(notice | {"associatedRule": self._rule(entry.rule)})

    def cut(self, kept: int, found: int) -> None:
        """Say that results were left out."""
        text = f"the first {kept:,} of {found:,} results are told, the worst first"
        self._execution.append(self._notice(CUT, "warning", text))

    def _rule(self, rule_id: str) -> JsonObject:
        index = self._rules.get(rule_id)
        return {"id": rule_id} if index is None else {"id": rule_id, "index": index}

    def _notice(
        self, kind: str, level: str, text: str, path: str | None = None, offset: int | None = None
    ) -> JsonObject:
        told: JsonObject = {
            "descriptor": {"id": kind, "index": _INDEXES[kind]},
            "level": level,
            "message": {"text": text or kind},
        }
        if path is not None:
            place = self._artifacts.place(path, offset=offset)
            told["locations"] = [{"physicalLocation": place}]
        return told
