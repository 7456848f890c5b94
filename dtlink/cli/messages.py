"""Messages on standard error: the only place that writes there, and escapes what it writes.

A message is one line, whatever it names: a newline in it could forge the next one, and the runner
of a CI service obeys lines of standard error too.
"""

from __future__ import annotations

import sys

from dtlink.escaping.text import REPLACEMENT, row
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click


def say(*lines: str) -> None:
    """Write lines to standard error."""
    for each in lines:
        sys.stderr.write(row(each) + "\n")


def tell(notes: Iterable[str]) -> None:
    """Write messages to standard error, with the program's name before each."""
    for each in notes:
        say(f"dtlink: {each}")


def show_error(error: click.ClickException) -> None:
    """Write what click says of an error, in which words of the command line are repeated."""
    import re
    from io import StringIO

    from click import exceptions

    if isinstance(error, getattr(exceptions, "NoArgsIsHelpError", ())):
        error.show()  # the help of a group, and none of its words is the user's
        return
    written = StringIO()
    error.show(file=written)
    message = error.format_message()
    usage = written.getvalue().removesuffix(f"{message}\n")
    # click lists choices below a message, indented by a tab.
    say(*(usage + re.sub(r"\n(?!\t)", REPLACEMENT, message)).split("\n"))
