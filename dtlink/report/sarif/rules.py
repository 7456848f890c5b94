"""The rules of a SARIF run: their pages."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from dtlink.report.entries import JsonObject
from dtlink.report.layout import plain
from dtlink.report.rules import markdown_page, page, sections
from dtlink.report.sarif.results import LEVELS, SarifResult
from dtlink.rules.catalogue import find
from dtlink.rules.model import Dts, Rule, Severity
from dtlink.version import page_url

#: Services cut a description that is longer.
MOST_CHARACTERS = 1024
_PROBLEMS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "recommendation",
}


def descriptors(results: Iterable[SarifResult]) -> list[JsonObject]:
    """The rules that have results, by id, as ``reportingDescriptor`` objects."""
    likely: dict[str, bool] = {}
    for each in results:
        rule_id = each.rule_id
        likely[rule_id] = likely.get(rule_id, False) or each.likely
    return [_descriptor(rule_id, likely=likely[rule_id]) for rule_id in sorted(likely)]


def _descriptor(rule_id: str, *, likely: bool) -> JsonObject:
    rule = find(rule_id)
    family = rule_id.partition("/")[0]
    severity = rule.severity if rule else Severity.WARNING
    # Lower ones are not shown unless one asks for them.
    precision = "high" if likely else "very-high"
    return {
        "id": rule_id,
        "name": pascal(rule_id),
        **(_page(rule) if rule else _no_page(rule_id)),
        "defaultConfiguration": {"level": LEVELS[severity]},
        "properties": {
            "tags": sorted({family, *_kinds(rule)}),
            "precision": precision,
            "problem.severity": _PROBLEMS[severity],
        },
    }


def pascal(name: str) -> str:
    """An id as one word: what a ``name`` has to be."""
    return "".join(word.capitalize() for word in re.split(r"[^A-Za-z0-9]+", name))


def _kinds(rule: Rule | None) -> Iterator[str]:
    for example in rule.examples if rule else ():
        yield "devicetree" if isinstance(example.bad, Dts) else "acpi"


def _no_page(rule_id: str) -> JsonObject:
    """Of a rule that is not dtlink's own. None of these may be missing."""
    text = {"text": f"{rule_id}: see the message of each result."}
    return {"shortDescription": {"text": rule_id}, "fullDescription": text, "help": text}


def _page(rule: Rule) -> JsonObject:
    parts = (f"{heading} {text}" for heading, text in sections(rule) if heading != "References:")
    full = textwrap.shorten(_plain(" ".join(parts)), MOST_CHARACTERS, placeholder=" …")
    return {
        "shortDescription": {"text": _plain(rule.summary)},
        "fullDescription": {"text": full},
        "help": {"text": plain(page(rule, None)), "markdown": markdown_page(rule)},
        "helpUri": page_url(rule.id),
    }


def _plain(text: str) -> str:
    """A page's text without the marks of code, which only its Markdown shows."""
    return text.replace("``", "")
