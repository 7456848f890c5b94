"""What a configuration makes of the findings of one input."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from dtlink.config.globs import names_node
from dtlink.config.words import family, is_named
from dtlink.report.model import Ignored, InputReport, Unmet

if TYPE_CHECKING:
    from dtlink.config.model import Entry, Settings
    from dtlink.rules.model import Finding, Rule

#: The forms of inputs that are devicetrees; all others are tables.
_DEVICETREES = ("fdt", "fdt-overlay", "dts")


def apply(
    report: InputReport, settings: Settings, tables: Container[str] | None = None
) -> InputReport:
    """The report with the user's severities, without what is allowed, with what is missed.

    ``tables`` are the signatures of an input of tables, ``None`` where they are not known: nothing
    is missed of a table that is not there. To be called before a baseline is held against it.
    """
    if report.error is not None or not (settings.severity or settings.allow or settings.expect):
        return report
    entries = (*settings.expect, *settings.allow)
    kept, ignored = [], list(report.ignored)
    for finding in _graded(report.findings, settings):
        hits = [entry for entry in entries if _concerns(entry, finding)]
        if hits:
            ignored.append(Ignored(finding, next((x.reason for x in hits if x.reason), "")))
        else:
            kept.append(finding)
    there = (*kept, *report.known, *(each.finding for each in ignored))
    missed = [
        Unmet(entry.rule, entry.node, entry.reason, entry.source)
        for entry in settings.expect
        if not any(_concerns(entry, finding) for finding in there)
        and _was_checked(entry.rule, report, settings, tables)
    ]
    return report._replace(findings=kept, ignored=ignored, unmet=(*report.unmet, *missed))


def _graded(findings: Sequence[Finding], settings: Settings) -> Sequence[Finding]:
    """The findings with the user's severities, the worst first."""
    if not settings.severity:
        return findings
    levels = dict(settings.severity)
    graded = [
        finding._replace(
            severity=levels.get(finding.rule, levels.get(family(finding.rule), finding.severity))
        )
        for finding in findings
    ]
    return sorted(graded, key=lambda finding: finding.severity.rank)


def _concerns(entry: Entry, finding: Finding) -> bool:
    return is_named(finding.rule, (entry.rule,)) and names_node(entry.node, finding.subject)


def _was_checked(
    word: str, report: InputReport, settings: Settings, tables: Container[str] | None
) -> bool:
    """Whether a rule, or one of a family, was run to its end over all of the input."""
    if report.refused or any(is_named(fault.rule, (word,)) for fault in report.faults):
        return False
    if family(word) in report.silent or not _has_what_it_needs(family(word), settings):
        return False
    return any(_is_chosen(rule.id, settings) for rule in _concerned(word, report, tables))


def _has_what_it_needs(name: str, settings: Settings) -> bool:
    """Whether the user named what a family asks for; all others need nothing."""
    from dtlink.rules.catalogue import KERNEL_FAMILY  # noqa: PLC0415 - only for what is missed

    asks = {
        KERNEL_FAMILY: bool(settings.kernel),
        "version": settings.against is not None,
        "schema": settings.schema,
    }
    return asks.get(name, True)


def _is_chosen(rule: str, settings: Settings) -> bool:
    return (not settings.select or is_named(rule, settings.select)) and not is_named(
        rule, settings.ignore
    )


def _concerned(word: str, report: InputReport, tables: Container[str] | None) -> list[Rule]:
    """The rules of a word that have something to say of such firmware."""
    from dtlink.rules.catalogue import choose  # noqa: PLC0415 - only for what is missed
    from dtlink.rules.model import Dts, Tables  # noqa: PLC0415

    kind = Dts if report.form in _DEVICETREES else Tables
    rules = choose((word,), kind=kind, tables=tables)
    return [rule for rule in rules if rule.example(kind) is not None]
