"""``dtlink explain``: a rule's page."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator

import click

from dtlink.cli.options import emit_lines, options
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line
from dtlink.rules.catalogue import find, ids
from dtlink.rules.model import Dts, Rule, Tables


@click.command(help="Explain a rule: what it finds, why it matters, what to do, with examples.")
@click.argument("name", metavar="RULE")
@options("format", "color")
def explain(name: str, form: str, color: str) -> None:
    """Print the page of one rule."""
    rule = find(name)
    if rule is None:
        raise click.UsageError(_unknown(name))
    if form == "json":
        import json  # noqa: PLC0415 - text needs none of it

        from dtlink.report.json import rules_document  # noqa: PLC0415

        click.echo(json.dumps(rules_document([rule]), indent=1))
        return
    emit_lines(_page(rule), None, color)


def _unknown(name: str) -> str:
    near = [rule_id for rule_id in ids() if rule_id.endswith("/" + name)]
    near += difflib.get_close_matches(name, ids(), n=3)
    hint = f": did you mean {' or '.join(dict.fromkeys(near))}?" if near else ""
    return f"no rule is named {name}{hint or ': dtlink rules lists them'}"


def _page(rule: Rule) -> Iterator[Line]:
    severity = rule.severity.value
    yield line(
        Span(rule.id, BOLD), "  ", Span(severity, STYLES[severity]), f"  since dtlink {rule.since}"
    )
    yield line()
    yield line(rule.summary)
    yield line()
    for row in rule.page.splitlines():
        yield line(row)
    for pair in rule.examples:
        yield from _example("Bad:", pair.bad)
        yield from _example("Good:", pair.good)


def _example(title: str, example: Dts | Tables) -> Iterator[Line]:
    yield line()
    yield line(Span(title, BOLD))
    yield line()
    for row in textwrap.dedent(example.source).strip().splitlines():
        yield line("    " + row)
    if isinstance(example, Dts):
        for place in example.patch:
            yield line(Span(f"    (with {place} set in the blob)", DIM))
        if example.kernel:
            yield line()
            yield line(Span("    with a kernel that has:", DIM))
            for row in textwrap.dedent(example.kernel).strip().splitlines():
                yield line("    " + row)
        if example.against:
            yield line(Span(f"    (with --against {'.'.join(map(str, example.against))})", DIM))
