"""A pager for what a terminal cannot show at once, as git has one.

``DTLINK_PAGER``, else ``PAGER``, else ``less``; an empty value, or ``cat``, means none. less gets
``LESS=FRX`` where the user has no LESS: it passes colours on, and leaves the text on the screen.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from dtlink.cli.messages import say
from dtlink.cli.terminal import is_dumb, terminal_height
from dtlink.typed import TextIO, cast

#: The variables that name it, the first that is set counts.
_VARIABLES = ("DTLINK_PAGER", "PAGER")
#: What pagers read, as git sets it (git-config(1), core.pager).
_DEFAULTS = {"LESS": "FRX", "LV": "-c"}


def pager_command() -> Sequence[str]:
    """The pager's words; empty: there is none, or the user wants none."""
    import shlex

    from dtlink.firmware.programs import program

    for name in _VARIABLES:
        value = os.environ.get(name)
        if value is not None:
            words = shlex.split(value)
            return () if words == ["cat"] else words
    less = program("less")
    return (less,) if less else ()


@contextmanager
def paged(rows: int) -> Iterator[TextIO]:
    """Where to write so many rows: to a pager if they are more than the screen has.

    To standard output where nobody reads (``CI``), on a terminal that only prints, and if the pager
    cannot be started.
    """
    process = None
    if rows >= terminal_height() and not os.environ.get("CI") and not is_dumb():
        process = _started(pager_command())
    if process is None or process.stdin is None:
        yield sys.stdout
        return
    with suppress(BrokenPipeError):  # the user left before the end
        yield cast("TextIO", process.stdin)
    _wait(process)


def _started(command: Sequence[str]) -> subprocess.Popen[str] | None:
    if not command:
        return None
    sys.stdout.flush()
    try:
        return subprocess.Popen(  # noqa: S603 - the user's own program
            command,
            stdin=subprocess.PIPE,
            env={**_DEFAULTS, **os.environ},
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
        )
    except OSError as error:
        say(f"dtlink: {command[0]}: {error.strerror or error}; see DTLINK_PAGER")
        return None


def _wait(process: subprocess.Popen[str]) -> None:
    """Wait until the user leaves; Ctrl-C is the pager's, which goes back to its prompt."""
    import signal

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with suppress(BrokenPipeError):
            process.communicate()
    finally:
        signal.signal(signal.SIGINT, before)
