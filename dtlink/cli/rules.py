"""``dtlink rules``: the rules there are."""

from __future__ import annotations

import click

from dtlink.cli.options import emit_lines, options
from dtlink.report.layout import STYLES, Span, line
from dtlink.rules.catalogue import all_rules


@click.command(help="List the rules.")
@options("format", "color")
def rules(form: str, color: str) -> None:
    """Print id, severity, version and summary of each rule."""
    if form == "json":
        import json  # noqa: PLC0415 - text needs none of it

        from dtlink.report.json import rules_document  # noqa: PLC0415

        click.echo(json.dumps(rules_document(all_rules()), indent=1))
        return
    wide = max(len(rule.id) for rule in all_rules())
    emit_lines(
        (
            line(
                rule.id.ljust(wide + 2),
                Span(rule.severity.value.ljust(9), STYLES[rule.severity.value]),
                rule.since.ljust(6),
                rule.summary,
            )
            for rule in all_rules()
        ),
        None,
        color,
    )
