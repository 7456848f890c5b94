"""``dtlink lsp``: the language server."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import click

from dtlink.cli.messages import say

_ABOUT = """Run the language server for devicetree source, for an editor to start.

It speaks the Language Server Protocol on standard input and output: diagnostics while you type,
hover, definitions, references, outline, code lenses, and fixes as code actions. It needs the extra
dtlink[lsp]; docs/editors.md has configurations for editors.
"""
_MISSING = "dtlink lsp needs pygls: install dtlink[lsp] (pip install 'dtlink[lsp]')"


@click.command(help=_ABOUT)
@click.option("--stdio", is_flag=True, hidden=True, help="What editors add; there is no other way.")
def lsp(stdio: bool) -> None:  # noqa: FBT001 - click calls it
    """Serve until the editor ends it."""
    del stdio
    if find_spec("pygls") is None:
        say(f"dtlink: {_MISSING}")
        sys.exit(2)
    if sys.stdin.isatty():
        say("dtlink: waiting for an editor on standard input: docs/editors.md")
    from dtlink.lsp.server import serve

    serve()
