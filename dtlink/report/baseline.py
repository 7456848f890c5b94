"""The baseline: accepted findings, in a file to be committed.

The file is JSON (``schemas/baseline-1.schema.json``), one finding per line and sorted. It has no
count, version or offset: git can merge it, and the same findings give the same bytes.

An input is named by its path from the folder of the baseline; an input elsewhere, as in a
build folder, by its file name alone. Inputs with the same name share its entries.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePath

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import STDIN, load
from dtlink.records import NamedTuple
from dtlink.report.model import BaselineEntry, InputReport, numbered
from dtlink.rules.model import Finding, Severity
from dtlink.typed import Any

SCHEMA = "baseline-1"
#: Maximum size of a file; a thousand boards with all their notes take less than 1 MiB.
MAX_SIZE = 16 << 20

_FINGERPRINT = re.compile(r"[0-9a-f]{16}(-[0-9]{1,9})?")
_SEVERITIES = {severity.value: severity for severity in Severity}
_MEMBERS = ("input", "rule", "subject", "property", "supplier", "severity", "fingerprint")
_NULLABLE = ("property", "supplier")


class AcceptedFinding(NamedTuple):
    """An entry of a baseline, and the severity of the finding when it was accepted."""

    entry: BaselineEntry
    severity: Severity

    @property
    def identity(self) -> str:
        """The fingerprint without the number that distinguishes several equal ones."""
        return self.entry.fingerprint.partition("-")[0]


class Baseline(NamedTuple):
    """What a file holds; ``path`` is where it is."""

    path: str
    entries: tuple[AcceptedFinding, ...]


def input_key(path: str, baseline: str) -> str:
    """The name of an input in a baseline: with ``/``, on every system."""
    if path == STDIN:
        return path
    # Symbolic links on the way are followed only if the paths do not meet as they are given.
    for resolve in (os.path.abspath, os.path.realpath):
        folder, place = _placed(baseline, resolve).parent, _placed(path, resolve)
        if place.is_relative_to(folder):
            return place.relative_to(folder).as_posix()
    return _placed(path, os.path.abspath).name or "/"


def member_key(item: Input, baseline: str) -> str:
    """What an input is called in a baseline: its path's key, with the member of a container."""
    return str(item._replace(path=input_key(item.path, baseline)))


def _placed(path: str, resolve: Callable[[str], str]) -> PurePath:
    """A path with its folder resolved; its own name is what the user knows it by."""
    folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 - pathlib keeps ".."
    return PurePath(resolve(folder), name)


def place_of(item: Input) -> Input:
    """An input by its absolute path."""
    return item._replace(path=os.path.abspath(item.path))  # noqa: PTH100 - pathlib keeps ".."


def read(path: str) -> Baseline:
    """Read a baseline. Raises :class:`InputError`, with the path in it, for what is none."""
    reading.allow(path)
    data = load(path)
    try:
        return Baseline(path, tuple(_entries(_parsed(data))))
    except InputError as error:
        error.path = path
        raise


def check_size(text: str, path: str) -> None:
    """Raise :class:`InputError` for the text of a baseline that :func:`read` would refuse."""
    if len(text) > MAX_SIZE:
        size = f"{len(text):,} bytes, of which {MAX_SIZE:,} would be read"
        raise InputError(f"a baseline of {size}: nothing is written", path=path)


def _parsed(data: bytes) -> Any:
    if len(data) > MAX_SIZE:
        raise InputError(f"a baseline of more than {MAX_SIZE} bytes")
    text = ""
    try:
        text = data.decode("utf-8-sig")
        return json.loads(text)
    except json.JSONDecodeError as error:
        row = text.splitlines()[error.lineno - 1 : error.lineno]
        if row and row[0].startswith(("<<<<<<<", "=======", ">>>>>>>")):
            raise InputError(f"line {error.lineno}: a merge conflict to be resolved") from error
        raise InputError(f"line {error.lineno}: no JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise InputError("text that is not UTF-8", offset=error.start) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"JSON that no baseline has: {error}") from error


def _entries(document: Any) -> Iterator[AcceptedFinding]:
    if not isinstance(document, dict) or not isinstance(document.get("schema"), str):
        raise InputError('no baseline: it lacks "schema"')
    if document["schema"] != SCHEMA:
        raise InputError(f"{document['schema'][:40]!a}, where this dtlink reads {SCHEMA!a}")
    if not isinstance(document.get("findings"), list):
        raise InputError('"findings" is no list')
    for number, member in enumerate(document["findings"], 1):
        try:
            yield _entry(member)
        except InputError as error:
            raise InputError(f"finding {number}: {error.message}") from error


def _entry(member: Any) -> AcceptedFinding:
    if not isinstance(member, dict):
        raise InputError("no object")
    for name in _MEMBERS:
        absent = name not in member or (member[name] is None and name not in _NULLABLE)
        if absent or not isinstance(member[name], str | None):
            raise InputError(f'"{name}" is missing, or no text')
    *texts, severity, fingerprint = (member[name] or "" for name in _MEMBERS)
    if severity not in _SEVERITIES:
        raise InputError(f'"severity" is not one of {", ".join(_SEVERITIES)}')
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise InputError('"fingerprint" is invalid: dtlink makes 16 hexadecimal digits')
    return AcceptedFinding(BaselineEntry._make((*texts, fingerprint)), _SEVERITIES[severity])


class NewBaseline:
    """A baseline for the file ``path`` that is made of reports, one after the other.

    It has all findings of each input, also of one that is named twice, once. Findings that the
    configuration ignores are not among them.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._found: defaultdict[str, list[AcceptedFinding]] = defaultdict(list)
        self._places: set[Input] = set()

    def add(self, item: InputReport) -> None:
        """Accept the findings of an input."""
        findings = (*item.findings, *item.known)
        place = place_of(item.input) if findings else None
        if place is None or place in self._places:
            return
        self._places.add(place)
        key = member_key(item.input, self._path)
        self._found[key] += (accepted(key, each.fingerprint, each) for each in findings)

    def text(self, keep: Iterable[AcceptedFinding] = ()) -> str:
        """The text of the file. ``keep`` are the entries of an existing baseline that stay (see
        :meth:`~dtlink.report.known.BaselineComparison.kept`).
        """
        entries = list(keep)
        for found in self._found.values():
            entries += _numbered(sorted(found, key=lambda each: each.severity.rank))
        return _text(entries)


def _numbered(found: Iterable[AcceptedFinding]) -> Iterator[AcceptedFinding]:
    """The entries of one input; of several with the same fingerprint, the later get a number."""
    entries = list(found)
    names = numbered(each.entry.fingerprint for each in entries)
    for fingerprint, each in zip(names, entries, strict=True):
        yield each._replace(entry=each.entry._replace(fingerprint=fingerprint))


def write(reports: Iterable[InputReport], path: str, keep: Iterable[AcceptedFinding] = ()) -> str:
    """The text of a baseline of reports that are all there; see :class:`NewBaseline`."""
    made = NewBaseline(path)
    for each in reports:
        made.add(each)
    return made.text(keep)


def accepted(key: str, fingerprint: str, item: Finding) -> AcceptedFinding:
    """The entry of a finding; ``key`` is what its input is called."""
    name, supplier = item.property_name or "", item.supplier
    entry = BaselineEntry(key, item.identity, item.subject.path, name, supplier, fingerprint)
    return AcceptedFinding(entry, item.severity)


def prune(baseline: Baseline, fixed: Iterable[BaselineEntry]) -> str:
    """The text of a baseline without the entries that are fixed."""
    gone = Counter(fixed)
    left: list[AcceptedFinding] = []
    for entry in baseline.entries:
        gone[entry.entry] -= 1
        if gone[entry.entry] < 0:
            left.append(entry)
    return _text(left)


def _text(entries: Iterable[AcceptedFinding]) -> str:
    """One entry per line. Plain ASCII: a file name may have bytes that are not UTF-8."""
    rows = ",\n".join(_row(entry) for entry in sorted(entries, key=_order))
    return f'{{"schema": "{SCHEMA}", "findings": [\n{rows}{rows and chr(10)}]}}\n'


def _order(entry: AcceptedFinding) -> tuple[object, ...]:
    return (*entry.entry, entry.severity.rank)


def _row(entry: AcceptedFinding) -> str:
    where, rule, subject, name, supplier, fingerprint = entry.entry
    severity = entry.severity.value
    values = (where, rule, subject, name or None, supplier or None, severity, fingerprint)
    return json.dumps(dict(zip(_MEMBERS, values, strict=True)))
