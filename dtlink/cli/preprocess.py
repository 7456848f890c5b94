"""``dtlink preprocess``: a devicetree source as it was read."""

from __future__ import annotations

from functools import partial

import click

from dtlink.cli.completion import complete_nodes
from dtlink.cli.options import board_settings, options
from dtlink.cli.single import Printing, check_order, finish, one, tree_task
from dtlink.report.model import Report
from dtlink.typed import Any

_ABOUT = """Print devicetree source as it was read, with the place of each line.

Includes, macros and overridden properties are resolved, and a comment says from which line of which
file a node or a property is. With NODE (a path, a label, an alias), only what is below it. dtc
compiles what is printed into the same tree.
"""


@click.command(help=_ABOUT)
@options("path")
@click.argument("node", metavar="[NODE]", default="", shell_complete=complete_nodes)
@click.option(
    "--places",
    type=click.Choice(["one", "all", "none"]),
    default="one",
    show_default=True,
    help="Places in comments: the one that counts, all (overridden ones too), or none.",
)
@click.option("--columns", is_flag=True, help="Places with columns.")
@options("format", "output", "sources", "color")
def preprocess(
    path: str,
    node: str,
    places: str,
    columns: bool,  # noqa: FBT001 - click calls it
    form: str,
    output: str | None,
    color: str,
    **sources: Any,
) -> None:
    """Read the source and write its tree."""
    from dtlink.views.preprocess import Places, PreprocessView

    check_order(path, node)
    settings = board_settings(**sources)
    task = tree_task(partial(PreprocessView.of, node=node), settings)
    report = Report("preprocess", [one(path, task, digest=form == "json")])
    text = partial(PreprocessView.text, places=Places(places), columns=columns)
    finish(report, PreprocessView, text, Printing(form, output, color, fold=False))
