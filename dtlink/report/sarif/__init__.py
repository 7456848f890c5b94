"""SARIF 2.1.0, for code scanning services and viewers.

Such services read a part of SARIF only. What is here is what the part they read needs, and beside
it what viewers show; where the two differ, the comments say so. Sources: the OASIS standard, and
GitHub's "SARIF support for code scanning".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

from dtlink.escaping import jsontext
from dtlink.escaping.text import prose
from dtlink.report.entries import JsonObject
from dtlink.report.model import Report
from dtlink.report.sarif.artifacts import Artifacts
from dtlink.report.sarif.notices import Notices
from dtlink.report.sarif.results import Results
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
    return "".join(pieces(report))


def pieces(report: Report) -> Iterator[str]:
    """The whole document in pieces: each file, and each result, is one."""
    artifacts = Artifacts(report.inputs)
    # Results name files, which are before them: they are made twice, rather than all kept.
    results = Results(report, artifacts)
    made = iter(results)
    rules = descriptors(islice(made, MOST_RESULTS))
    deque(made, 0)  # the files of all others
    places = {str(rule["id"]): index for index, rule in enumerate(rules)}
    notices = Notices(artifacts, places)
    notices.add_all(report)
    if len(results) > MOST_RESULTS:
        notices.cut(MOST_RESULTS, len(results))
    run = _run(report, rules, notices)
    found = (
        {**each.data, "ruleIndex": places[each.rule_id]} for each in islice(results, MOST_RESULTS)
    )
    lists = {"artifacts": map(_printable, artifacts.items()), "results": map(_printable, found)}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return jsontext.pieces(_printable(document), lists, depth=3)


def _run(report: Report, rules: list[JsonObject], notices: Notices) -> JsonObject:
    """The run without its files and results."""
    properties: JsonObject = {"kernelVersion": report.kernel_version}
    if report.baseline:
        properties["baseline"] = report.baseline
    if report.since:
        properties["since"] = report.since._asdict()
    return {
        "tool": {"driver": _driver(rules, notices)},
        "invocations": [notices.invocation()],
        "artifacts": [],
        "results": [],
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
