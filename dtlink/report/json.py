"""The JSON report, as ``schemas/report-1.schema.json`` describes it.

Every member is written out here, so that a changed type inside dtlink does not change what archives
read. Within version 1 members are only added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dtlink.escaping import jsontext
from dtlink.report.model import (
    BaselineEntry,
    InputFault,
    InputReport,
    Refused,
    Report,
    Truncated,
    Unmet,
    identified,
)
from dtlink.rules.finding import location_entry
from dtlink.rules.model import Finding
from dtlink.typed import TYPE_CHECKING
from dtlink.version import __version__

if TYPE_CHECKING:
    from dtlink.firmware.source.errors import SourceFault
    from dtlink.report.entries import (
        Document,
        ErrorEntry,
        FixedEntry,
        InputEntry,
        Json,
        JsonObject,
        RefusedEntry,
        SourceFaultEntry,
        TruncatedEntry,
        UnmetEntry,
    )
    from dtlink.rules.entries import FindingEntry

SCHEMA = "report-1"
#: What each command adds to the inputs.
PARTS = (
    *("links", "cycles", "order", "why", "devlink", "iommu", "iort"),
    *("diff", "drivers", "graph", "log", "modules", "preprocess", "inspect"),
)


def render(report: Report) -> str:
    """The whole document, ending in a newline."""
    return "".join(pieces(report))


def pieces(report: Report) -> Iterator[str]:
    """The whole document in pieces: what is before the inputs, each input, what is after them."""
    made = document(report._replace(inputs=(), counted=report.totals))
    inputs = (_input(item, report.command) for item in report.inputs)
    return jsontext.pieces(made, {"inputs": inputs})


def line(report: Report) -> str:
    """The whole document in one line, without a newline."""
    return jsontext.line(document(report))


def document(report: Report) -> Document:
    """The document as JSON data."""
    made: Document = {
        "schema": SCHEMA,
        "dtlink": __version__,
        "kernel": dict(report.kernel or {"version": report.kernel_version}),
        "summary": _summary(report),
        "inputs": [_input(item, report.command) for item in report.inputs],
    }
    if report.baseline:
        made["baseline"] = report.baseline
    if report.notes:
        made["notes"] = list(report.notes)
    if report.since is not None:
        made["since"] = report.since._asdict()
    if report.machine:
        made["machine"] = dict(report.machine)
    if report.union is not None:
        made["union"] = report.union.to_json()
    return made


def _summary(report: Report) -> JsonObject:
    totals = report.totals
    summary: JsonObject = {"inputs": totals.inputs, "unreadable": totals.unreadable}
    if report.command == "lint":
        summary["findings"] = totals.counts()
    return summary


def _input(item: InputReport, command: str) -> Mapping[str, object]:
    error = item.error
    entry: InputEntry = {
        "path": item.path,
        "sha256": item.sha256 or None,
        "form": item.form or None,
        "model": item.model or None,
        "compatible": list(item.compatible),
        "error": None if error is None else _error(error),
    }
    _add_parts(entry, item)
    if item.files:
        entry["files"] = [{"table": name, "path": item.files[name]} for name in sorted(item.files)]
    if item.kernel is not None:
        entry["kernel"] = dict(item.kernel)
    if not item.checked:
        entry["checked"] = False
    if item.notes:
        entry["notes"] = list(item.notes)
    if item.refused:
        entry["refused"] = [_refused(each) for each in item.refused]
    if error is None and command == "lint":
        entry["findings"] = findings(item.findings, item.known)
        _add_what_does_not_count(entry, item)
    elif error is None and command in PARTS:
        return {**entry, **({command: None} if item.view is None else item.view.members())}
    return entry


def _add_parts(entry: InputEntry, item: InputReport) -> None:
    """What the input is, beside a file."""
    if item.member:
        entry["member"] = item.member
    if item.container:
        entry["container"] = dict(item.container)
    if item.overlays:
        entry["overlays"] = list(item.overlays)
    if item.variant:
        entry["variant"] = item.variant
    if item.bases:
        entry["bases"] = [
            {"path": each.path, "applies": not each.why_not, "why_not": each.why_not or None}
            for each in item.bases
        ]


def _error(fault: InputFault) -> ErrorEntry:
    entry: ErrorEntry = {"message": fault.message, "offset": fault.offset, "bug": fault.bug}
    if fault.faults:
        entry["faults"] = [_source_fault(each) for each in fault.faults]
    return entry


def _refused(fault: Refused) -> RefusedEntry:
    entry: RefusedEntry = {"path": fault.path, "message": fault.message, "offset": fault.offset}
    if fault.faults:
        entry["faults"] = [_source_fault(each) for each in fault.faults]
    return entry


def _source_fault(fault: SourceFault) -> SourceFaultEntry:
    return {"message": fault.message, "fix": fault.fix, **location_entry(fault.place)}


def _add_what_does_not_count(entry: InputEntry, item: InputReport) -> None:
    """Findings that a baseline or a configuration removed, and rules that failed."""
    if item.known:
        entry["known"] = findings(item.known)
    if item.fixed:
        entry["fixed"] = [_fixed(each) for each in item.fixed]
    if item.ignored:
        entries = findings([each.finding for each in item.ignored])
        entry["ignored"] = [
            {"finding": finding, "reason": each.reason, "source": each.source or None}
            for finding, each in zip(entries, item.ignored, strict=True)
        ]
    if item.truncated:
        entry["truncated"] = [_truncated(each) for each in item.truncated]
    if item.unmet:
        entry["unmet"] = [_unmet(each) for each in item.unmet]
    if item.faults:
        entry["faults"] = [{"rule": fault.rule, "error": fault.error} for fault in item.faults]


def _truncated(item: Truncated) -> TruncatedEntry:
    return {
        "member": item.member,
        "rule": item.rule,
        "severity": item.severity.value,
        "omitted": item.omitted,
    }


def _unmet(item: Unmet) -> UnmetEntry:
    entry: UnmetEntry = {
        "rule": item.rule,
        "node": item.node or None,
        "reason": item.reason or None,
        "source": item.source,
        "kind": "expect" if item.is_expected else "allow",
    }
    if item.location is not None:
        entry["location"] = location_entry(item.location)
    return entry


def findings(items: Sequence[Finding], after: Sequence[Finding] = ()) -> list[FindingEntry]:
    """Findings as JSON data; ``after`` as in :func:`identified`."""
    return [item.to_dict(fingerprint) for fingerprint, item in identified(items, after)]


def _fixed(item: BaselineEntry) -> FixedEntry:
    return {
        "rule": item.rule,
        "subject": item.subject,
        "property": item.property_name or None,
        "supplier": item.supplier or None,
        "fingerprint": item.fingerprint,
    }


def without_inputs(members: Mapping[str, Json]) -> JsonObject:
    """The document, as JSON data, of a command that reads no inputs."""
    return {
        "schema": SCHEMA,
        "dtlink": __version__,
        "kernel": None,
        "summary": {"inputs": 0, "unreadable": 0},
        "inputs": [],
        **members,
    }
