"""Reading saved reports for a history, one document at a time.

A document of more than 64 MiB is refused, as is a line of that length; a file with a document a
line may be of any length. Equal findings are one object, however many builds have them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

from dtlink import reading
from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.report.json import SCHEMA
from dtlink.rules.model import Severity
from dtlink.typed import Any, BinaryIO
from dtlink.views.forms import NONE, TEXT, Members, check
from dtlink.views.history.model import SavedDocument, SavedFinding, SavedInput

MOST = fdt.MAX_SIZE

_SEVERITIES = frozenset(each.value for each in Severity)
#: The members of a finding that are read, and those that may be null.
_TEXTS = ("rule", "fingerprint", "severity", "subject", "message", "consequence", "fix")
_FINDING: Members = {**dict.fromkeys(_TEXTS, TEXT), "property": TEXT + NONE}
_ENTRY: Members = {"path": TEXT, "model": TEXT + NONE}
_FOUND = ("findings", "known", "ignored", "faults", "truncated", "overlays")


class NotAReportError(InputError):
    """A JSON document of another kind, or a report of another command than ``lint``."""


class Reader:
    """Reads files; what they have in common is kept once."""

    def __init__(self) -> None:
        self._findings: dict[SavedFinding, SavedFinding] = {}
        self._several: dict[tuple[SavedFinding, ...], tuple[SavedFinding, ...]] = {}

    def documents(self, path: str) -> tuple[SavedDocument, ...]:
        """The documents of a file.

        Raises :class:`InputError` for what cannot be read, is damaged, or too large, and
        :class:`NotAReportError` for a document that no ``lint`` wrote.
        """
        try:
            with open(path, "rb", opener=reading.regular) as stream:
                return tuple(map(self._document, _documents(stream)))
        except OSError as error:
            raise InputError(error.strerror or str(error), path=path) from error
        except InputError as error:
            error.path = path
            raise

    def _document(self, document: Any) -> SavedDocument:
        schema = document.get("schema") if isinstance(document, dict) else None
        if schema != SCHEMA:
            raise NotAReportError("not a report of dtlink")
        check(document, {"dtlink": TEXT, "inputs": [_ENTRY]}, "")
        kernel, is_since = document.get("kernel"), "since" in document
        check(kernel, ({"version": TEXT}, NONE), "kernel")
        inputs = tuple(
            self._input(entry, f"inputs[{number}]", is_since=is_since)
            for number, entry in enumerate(document["inputs"])
        )
        return SavedDocument(document["dtlink"], kernel["version"] if kernel else "", inputs)

    def _input(self, entry: Members, where: str, *, is_since: bool) -> SavedInput:
        error = entry.get("error")
        check(error, ({"message": TEXT}, NONE), f"{where}.error")
        for name in _FOUND:
            if not isinstance(entry.get(name, []), list):
                raise InputError(f"{where}.{name} is not a list")
        if error is None and "findings" not in entry:
            raise NotAReportError("a report of another command than lint: it has no findings")
        ignored = entry.get("ignored", ())
        check(list(ignored), [{"finding": {}}], f"{where}.ignored")
        failed = []
        for name in ("faults", "truncated"):
            check(entry.get(name, []), [{"rule": TEXT}], f"{where}.{name}")
            failed += [each["rule"] for each in entry.get(name, ())]
        # With --since, what is known was there before: it is not accepted.
        found = (
            *((each, False) for each in entry.get("findings", ())),
            *((each, not is_since) for each in entry.get("known", ())),
            *((each["finding"], True) for each in ignored),
        )
        findings = tuple(self._finding(each, where, is_accepted) for each, is_accepted in found)
        named = _name(entry, where)
        return SavedInput(
            path=named.path,
            rest=str(named)[len(named.path) :],
            model=entry["model"] or "",
            error=(error["message"] or "?") if error else "",
            findings=self._several.setdefault(findings, findings),
            failed=tuple(dict.fromkeys(failed)),
        )

    def _finding(self, members: Any, where: str, is_accepted: bool) -> SavedFinding:  # noqa: FBT001
        if not _is_finding(members):
            check(members, _FINDING, f"{where}.findings[]")
            raise InputError(f"{where}: {members['severity']!r} is not a severity of a finding")
        supplier = members.get("supplier")
        found = SavedFinding(
            rule=members["rule"],
            fingerprint=members["fingerprint"],
            severity=members["severity"],
            is_accepted=is_accepted,
            subject=members["subject"],
            property_name=members["property"],
            supplier=supplier if isinstance(supplier, str) else None,
            message=members["message"],
            effect=members["consequence"],
            fix=members["fix"],
        )
        return self._findings.setdefault(found, found)


def _is_finding(members: Any) -> bool:
    """Whether it is of the form: :func:`check` says why not, which takes its time."""
    return (
        type(members) is dict
        and all(type(members.get(name)) is str for name in _TEXTS)
        and members["severity"] in _SEVERITIES
        and type(members.get("property", 0)) in (str, type(None))
    )


def _name(entry: Members, where: str) -> Input:
    """The input, as other commands would name it."""
    member, variant = entry.get("member", ""), entry.get("variant", "")
    overlays = entry.get("overlays", [])
    check([member, variant, *overlays], [TEXT], f"{where}: member, variant, overlays")
    if not entry["path"]:
        raise InputError(f"{where}.path is empty")
    path = entry["path"] if entry["path"].startswith("-") else os.path.normpath(entry["path"])
    return Input(path, member, tuple(overlays), variant)


def _documents(stream: BinaryIO) -> Iterator[Any]:
    """The document of a file, or those of its lines, as soon as each is read."""
    first = stream.readline(MOST + 1)
    try:
        document = json.loads(first)
    except (ValueError, RecursionError):
        yield _parsed(first + stream.read(MOST + 1 - len(first)))
        return
    yield document
    while line := stream.readline(MOST + 1):
        if line.strip():
            yield _parsed(line)


def _parsed(data: bytes) -> Any:
    if len(data) > MOST:
        raise InputError(f"a report of more than {MOST >> 20} MiB; --format jsonl has no limit")
    try:
        return json.loads(data)
    except RecursionError as error:
        raise InputError("JSON that is nested too deep for a report") from error
    except UnicodeDecodeError as error:
        raise InputError("not a JSON document: not UTF-8", offset=error.start) from error
    except ValueError as error:
        raise InputError(f"not a JSON document: {error}") from error
