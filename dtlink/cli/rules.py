"""``dtlink rules``: the rules there are."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import click

from dtlink.cli.completion import complete_rules
from dtlink.cli.options import options, words
from dtlink.cli.terminal import terminal_width
from dtlink.cli.writing import emit, emit_data, emit_lines
from dtlink.rules.aliases import alias_ids
from dtlink.rules.catalogue import families, ids, known_words
from dtlink.views.rules import ExplainView, RulesView

#: The formats of rules.
rule_format = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Output format.",
)


@click.command(help="List the rules: all of them, or those of the families named.")
@click.argument("names", nargs=-1, metavar="[RULE|FAMILY]...", shell_complete=complete_rules)
@rule_format
@options("color")
def rules(names: tuple[str, ...], form: str, color: str) -> None:
    """Print id, severity, version and summary of each rule."""
    check_names(names := words(names))
    emit_rules(RulesView.of(names), form, color)


def emit_rules(view: RulesView | ExplainView, form: str, color: str) -> None:
    """Print rules in a format."""
    if form == "json":
        emit_data(view)
    elif form == "markdown":
        emit(view.markdown(), None)
    else:
        emit_lines(view.text(terminal_width(None)), None, color, fold=False)


def check_names(names: Sequence[str]) -> None:
    """Raise :class:`click.UsageError` for what is neither a rule nor a family."""
    for name in names:
        if name.rstrip("/") not in known_words():
            raise click.UsageError(unknown(name))


def unknown(name: str) -> str:
    """Say that there is no such rule or family, and which are meant perhaps."""
    names = [*ids(), *alias_ids(), *families()]
    near = [each for each in names if each.endswith("/" + name)]
    near += difflib.get_close_matches(name, names, n=3)
    hint = (
        f"did you mean {' or '.join(dict.fromkeys(near))}?" if near else "dtlink rules lists them"
    )
    return f"no rule or family is named {name}: {hint}"
