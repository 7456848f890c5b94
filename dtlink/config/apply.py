"""What a configuration makes of the findings of one input."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence

from dtlink.report.model import Ignored, InputReport, Unmet
from dtlink.rules.aliases import aliases_of, rules_of
from dtlink.rules.catalogue import choose, family_of, is_chosen, is_named, words_for
from dtlink.rules.model import Dts, Tables
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.config.model import LintSettings
    from dtlink.rules.model import Finding, Rule, Severity

#: The forms of inputs that are devicetrees; all others are tables.
_DEVICETREES = ("fdt", "fdt-overlay", "fdt-folder", "dts")


def apply(
    report: InputReport, settings: LintSettings, tables: Container[str] | None = None
) -> InputReport:
    """The report with the user's severities, without what is allowed, with what is missed.

    ``tables`` are the signatures of an input of tables, ``None`` where they are not known: nothing
    is missed of a table that is not there. To be called before a baseline is held against it.
    """
    if report.error is not None:
        return report
    if report.comments:
        report = _with_checked(report, settings)
    if not (settings.severity or settings.allow or settings.expect):
        return report
    from dtlink.config.patterns import FindingPatterns

    patterns = FindingPatterns((*settings.expect, *settings.allow))
    kept, ignored = [], list(report.ignored)
    for finding in _graded(report.findings, settings):
        hits = [patterns.entries[number] for number in patterns.numbers(finding)]
        if hits:
            first = next((each for each in hits if each.reason), hits[0])
            ignored.append(Ignored(finding, first.reason, first.source))
        else:
            kept.append(finding)
    there = (*kept, *report.known, *(each.finding for each in ignored))
    met = {number for finding in there for number in patterns.numbers(finding)}
    missed = [
        Unmet(entry.rule, entry.node, entry.reason, entry.source)
        for number, entry in enumerate(settings.expect)
        if number not in met and _was_checked(entry.rule, report, settings, tables)
    ]
    return report._replace(findings=kept, ignored=ignored, unmet=(*report.unmet, *missed))


def _with_checked(report: InputReport, settings: LintSettings) -> InputReport:
    """The report with, for each comment that covers nothing, whether its rule was run."""
    entries = [
        each._replace(checked=_was_checked(each.rule, report, settings))
        if each.checked and not each.found
        else each
        for each in report.comments
    ]
    return report._replace(comments=entries)


def _graded(findings: Sequence[Finding], settings: LintSettings) -> Sequence[Finding]:
    """The findings with the user's severities, the worst first."""
    if not settings.severity:
        return findings
    levels = dict(settings.severity)
    graded = [finding._replace(severity=_level(levels, finding)) for finding in findings]
    return sorted(graded, key=lambda finding: finding.severity.rank)


def _level(levels: Mapping[str, Severity], finding: Finding) -> Severity:
    """The severity that the most exact of the words has that a finding goes by."""
    words = words_for(finding.rule, finding.alias)
    return next((levels[word] for word in words if word in levels), finding.severity)


def _was_checked(
    word: str,
    report: InputReport,
    settings: LintSettings,
    tables: Container[str] | None = None,
) -> bool:
    """Whether a rule, or one of a family, was run to its end over all of the input."""
    if report.refused or any(_has_raised(fault.rule, word) for fault in report.faults):
        return False
    if family_of(word) in (*report.silent, *settings.not_asked):
        return False
    return any(
        is_chosen(rule.id, settings.selected, settings.ignore, alias)
        for rule in _concerned(word, report, tables)
        for alias in _aliases(rule, tables)
        if is_named(rule.id, (word,), alias)
    )


def _has_raised(rule: str, word: str) -> bool:
    return is_named(rule, (word,)) or rule in rules_of(word)


def _aliases(rule: Rule, tables: Container[str] | None) -> Collection[str]:
    """The aliases of a rule for the tables that are there; an empty one if it has none."""
    every = aliases_of(rule.id)
    there = [each.id for each in every if tables is None or each.table in tables]
    return there if every else ("",)


def _concerned(word: str, report: InputReport, tables: Container[str] | None) -> list[Rule]:
    """The rules of a word that have something to say of such firmware."""
    kind = Dts if report.form in _DEVICETREES else Tables
    rules = choose((word,), kind=kind, tables=tables)
    return [rule for rule in rules if rule.example(kind) is not None]
