"""``dtlink explain``: rules' pages."""

from __future__ import annotations

import click

from dtlink.cli.completion import complete_rules
from dtlink.cli.options import options, words
from dtlink.cli.rules import check_names, emit_rules, rule_format
from dtlink.views.rules import ExplainView

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
    check_names(names := words(names))
    emit_rules(ExplainView.of(names), form, color)
