"""The JSON report, as ``schemas/report-1.schema.json`` describes it.

Every member is named here: what is told to archives does not change because a type inside dtlink
did. Within version 1 members are only added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from dtlink.report.model import InputReport, Report, identified
from dtlink.rules.model import Dts, Finding, Rule, Tables
from dtlink.version import __version__

SCHEMA = "report-1"
#: What each command adds to the inputs.
PARTS = ("links", "cycles", "order", "why", "devlink", "iort", "diff", "drivers", "log", "modules")

_KINDS = {Dts: "devicetree", Tables: "tables"}


def render(report: Report) -> str:
    """The whole document, ending in a newline."""
    return json.dumps(document(report), indent=1, ensure_ascii=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The document as JSON data."""
    inputs = [_input(item, report.command) for item in report.inputs]
    return {
        "schema": SCHEMA,
        "dtlink": __version__,
        "kernel": dict(report.kernel or {"version": report.kernel_version}),
        "summary": _summary(report),
        "inputs": inputs,
    }


def _summary(report: Report) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "inputs": len(report.inputs),
        "unreadable": sum(item.error is not None for item in report.inputs),
    }
    if report.command == "lint":
        summary["findings"] = report.counts()
    return summary


def _input(item: InputReport, command: str) -> dict[str, Any]:
    error = item.error
    entry: dict[str, Any] = {
        "path": item.path,
        "sha256": item.sha256 or None,
        "form": item.form or None,
        "model": item.model or None,
        "compatible": list(item.compatible),
        "error": None if error is None else {"message": error.message, "offset": error.offset},
    }
    if item.refused:
        entry["refused"] = [each._asdict() for each in item.refused]
    if error is None and command == "lint":
        entry["findings"] = findings(item.findings)
        if item.faults:
            entry["faults"] = [{"rule": fault.rule, "error": fault.error} for fault in item.faults]
    elif error is None and command in PARTS:
        entry |= {command: item.part, **item.beside}
    return entry


def findings(items: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON data."""
    return [_finding(item, fingerprint) for fingerprint, item in identified(items)]


def _finding(item: Finding, fingerprint: str) -> dict[str, Any]:
    location = item.location
    return {
        "rule": item.rule,
        "severity": item.severity.value,
        "confidence": item.confidence.value,
        "subject": item.subject,
        "property": item.property_name,
        "index": item.index,
        "message": item.message,
        "consequence": item.consequence,
        "fix": item.fix,
        "related": list(item.related),
        "supplier": item.supplier or None,
        "location": None if location is None else {"file": location.file, "line": location.line},
        "offset": item.offset,
        "fingerprint": fingerprint,
    }


def rules_document(rules: Iterable[Rule]) -> dict[str, Any]:
    """The rules and their pages as a document of the same schema."""
    return {
        "schema": SCHEMA,
        "dtlink": __version__,
        "kernel": None,
        "summary": {"inputs": 0, "unreadable": 0},
        "inputs": [],
        "rules": [
            {
                "id": rule.id,
                "severity": rule.severity.value,
                "since": rule.since,
                "summary": rule.summary,
                "page": rule.page,
                "bad": rule.examples[0].bad.source,
                "good": rule.examples[0].good.source,
                "examples": [
                    {"of": _KINDS[type(each.bad)], "bad": each.bad.source, "good": each.good.source}
                    for each in rule.examples
                ],
            }
            for rule in rules
        ],
    }
