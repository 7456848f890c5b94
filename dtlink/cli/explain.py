"""``dtlink explain``: rules' pages."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dtlink.cli.completion import complete_rules
from dtlink.cli.options import options, words
from dtlink.cli.rules import emit_rules, named, rule_format, tell_table
from dtlink.cli.writing import emit, emit_lines, terminal_width
from dtlink.report.rules import markdown_pages, page
from dtlink.rules.aliases import meaning, rules_of
from dtlink.rules.catalogue import find
from dtlink.rules.model import Rule

_HELP = """Explain rules: what each finds, why it matters, what to do, with examples.

Of a family, text lists the rules; JSON and Markdown have the pages of all of them.
"""


@click.command(help=_HELP)
@click.argument(
    "names", nargs=-1, required=True, metavar="RULE|FAMILY...", shell_complete=complete_rules
)
@rule_format
@options("color")
def explain(names: tuple[str, ...], form: str, color: str) -> None:
    """Print the pages, in the order in which they are asked for."""
    names = words(names)
    chosen = {rule.id: rule for name in names for rule in named([name])}
    if form == "json":
        emit_rules(chosen.values())
    elif form == "markdown":
        emit(markdown_pages([*chosen.values()]), None)
    else:
        _tell(names, color)


def _tell(names: Sequence[str], color: str) -> None:
    """Pages for rules, tables for families."""
    for number, name in enumerate(names):
        if number:
            emit("\n", None)
        pages = _pages(name.rstrip("/"))
        if text := meaning(name):
            emit(f"{text}\n\n", None)
        for page_number, rule in enumerate(pages):
            if page_number:
                emit("\n", None)
            emit_lines(page(rule, terminal_width(None)), None, color)
        if not pages:
            tell_table(named([name]), color)


def _pages(name: str) -> Sequence[Rule]:
    """The rule of an id, or those of an alias; none for a family."""
    rules = map(find, rules_of(name) or (name,))
    return [rule for rule in rules if rule is not None]
