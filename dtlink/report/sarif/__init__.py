"""SARIF 2.1.0, for code scanning services and viewers.

Such services read a part of SARIF only. What is here is what the part they read needs, and beside
it what viewers show; where the two differ, the comments say so. Sources: the OASIS standard, and
GitHub's "SARIF support for code scanning".
"""

from __future__ import annotations

from dtlink.escaping import jsontext
from dtlink.escaping.text import prose
from dtlink.report.entries import JsonObject
from dtlink.report.model import Report
from dtlink.report.sarif.artifacts import Artifacts
from dtlink.report.sarif.notices import Notices
from dtlink.report.sarif.results import order, results_of
from dtlink.report.sarif.rules import descriptors
from dtlink.typed import Any
from dtlink.version import __version__

#: The schema's own id.
SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
#: An upload with more results than this is refused as a whole.
MOST_RESULTS = 25_000


def render(report: Report) -> str:
    """The whole document, ending in a newline."""
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    return jsontext.document(_printable(document))


def _run(report: Report) -> JsonObject:
    artifacts = Artifacts(report.inputs)
    found = sorted(results_of(report, artifacts), key=order)
    kept = found[:MOST_RESULTS]
    rules = descriptors(kept)
    places = {str(rule["id"]): index for index, rule in enumerate(rules)}
    notices = Notices(artifacts, places)
    notices.add_all(report)
    if len(kept) < len(found):
        notices.cut(len(kept), len(found))
    properties: JsonObject = {"kernelVersion": report.kernel_version}
    if report.baseline:
        properties["baseline"] = report.baseline
    if report.since:
        properties["since"] = report.since._asdict()
    return {
        "tool": {"driver": _driver(rules, notices)},
        "invocations": [notices.invocation()],
        "artifacts": artifacts.items,
        "results": [{**each.data, "ruleIndex": places[each.rule_id]} for each in kept],
        "columnKind": "unicodeCodePoints",
        "properties": properties,
    }


def _driver(rules: list[JsonObject], notices: Notices) -> JsonObject:
    return {
        "name": "dtlink",
        "fullName": f"dtlink {__version__}",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": rules,
        "notifications": notices.descriptors,
    }


def _printable(data: Any) -> Any:
    """The same data, with strings that can be shown.

    Names and values in firmware are any bytes at all. A surrogate is no UTF-8, a NUL is no text to
    many a database, and what turns the direction of writing would hide what is there.
    """
    if isinstance(data, str):
        return prose(data)
    if isinstance(data, dict):
        return {name: _printable(value) for name, value in data.items()}
    if isinstance(data, list):
        return [_printable(each) for each in data]
    return data
