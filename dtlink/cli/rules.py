"""``dtlink rules``: the rules there are."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import click

from dtlink.cli.completion import complete_rules
from dtlink.cli.options import options, words
from dtlink.cli.writing import emit, emit_lines, terminal_width
from dtlink.report.layout import DIM, Span, line
from dtlink.report.rules import markdown_table, table
from dtlink.rules.aliases import alias_ids
from dtlink.rules.catalogue import all_rules, choose, families, ids, known_words
from dtlink.rules.model import Rule
from dtlink.wording import counted

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
    chosen = named(names) if names else all_rules()
    if form == "json":
        emit_rules(chosen)
    elif form == "markdown":
        emit(markdown_table(chosen), None)
    else:
        tell_table(chosen, color)


def tell_table(chosen: Sequence[Rule], color: str) -> None:
    """Print the table; on a terminal, with what there is to do next."""
    width = terminal_width(None)
    rows = [*table(chosen, width)]
    if width is not None:
        one = counted(len(chosen), "rule")
        rows += [line(), line(Span(f"{one} (dtlink explain RULE for details)", DIM))]
    emit_lines(rows, None, color)


def emit_rules(chosen: Iterable[Rule]) -> None:
    """Print the rules and their pages as JSON."""
    import json

    from dtlink.report.json import rules_document

    emit(json.dumps(rules_document(chosen), indent=1, ensure_ascii=False) + "\n", None)


def named(names: Sequence[str]) -> list[Rule]:
    """The rules of these ids and families, by id. Raises :class:`click.UsageError`."""
    names = words(names)
    for name in names:
        if name.rstrip("/") not in known_words():
            raise click.UsageError(unknown(name))
    return choose(names)


def unknown(name: str) -> str:
    """Say that there is no such rule or family, and which are meant perhaps."""
    names = [*ids(), *alias_ids(), *families()]
    near = [each for each in names if each.endswith("/" + name)]
    near += difflib.get_close_matches(name, names, n=3)
    hint = (
        f"did you mean {' or '.join(dict.fromkeys(near))}?" if near else "dtlink rules lists them"
    )
    return f"no rule or family is named {name}: {hint}"
