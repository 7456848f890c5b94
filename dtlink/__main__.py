"""``python -m dtlink`` and the console script."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from typing import NoReturn

#: What a shell reports of a program that SIGPIPE ended.
_BROKEN_PIPE = 141
#: And of one that SIGINT ended.
_INTERRUPTED = 130
#: Errors of a disk that is full, or of a quota.
_NOT_WRITTEN = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))

#: How many new objects the garbage collector waits for: imports make thousands, all of which stay.
_NEW_OBJECTS = 50_000


def main() -> NoReturn:
    """Run the command line and leave at once.

    Python would take apart every tree and module first: a seventh of the time of a short run.
    """
    gc.set_threshold(_NEW_OBJECTS)
    status = _run()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        status = _BROKEN_PIPE  # the reader went away: there is nobody to tell
    except OSError as error:
        status = _fault(error)
    os._exit(status)


def _run() -> int:
    """The exit status; faults of dtlink itself are told in two lines, and give 3."""
    import click

    from dtlink.cli.main import cli

    if "_DTLINK_COMPLETE" in os.environ:
        from dtlink.cli.shells import register

        register()
    # A file's name may hold bytes that are no text.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = cli.main(prog_name="dtlink", standalone_mode=False)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except click.ClickException as error:
        from dtlink.cli.messages import show_error

        show_error(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("dtlink: interrupted\n")
        return _INTERRUPTED
    except BrokenPipeError:
        return _BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - no traceback for users
        return _fault(error)
    return status if isinstance(status, int) else 0


def _fault(error: Exception) -> int:
    """Report what no command expects; the exit status."""
    from dtlink.cli.messages import say

    if isinstance(error, OSError) and error.errno in _NOT_WRITTEN:
        say(f"dtlink: {error.strerror}: the output is not complete")
        return 2
    say(
        f"dtlink: internal fault: {type(error).__name__}: {error}",
        "This is a bug of dtlink: please report it with the input that shows it.",
    )
    return 3


if __name__ == "__main__":
    main()
