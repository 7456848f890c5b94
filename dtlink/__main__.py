"""``python -m dtlink`` and the console script."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys

from dtlink import process

if "dtlink.typed" not in sys.modules:
    process.is_command = True

from dtlink.typed import TYPE_CHECKING, NoReturn, TextIO

if TYPE_CHECKING:
    import click

#: What a shell reports of a program that SIGPIPE ended.
_BROKEN_PIPE = 141
#: And of one that SIGINT ended.
_INTERRUPTED = 130
#: Errors of a disk that is full, of a quota, of a device, and of a stream that is closed.
_NOT_WRITTEN = (
    *(errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)),
    *(errno.EIO, errno.EBADF),
)
#: Errors of a system, or a limit, that has no more of something.
_USED_UP = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
#: Errors of a path that nothing can be at, or that the user may not look at.
_OF_A_PATH = (errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EPERM, errno.EROFS)

#: How many new objects the garbage collector waits for: imports make thousands, all of which stay.
_NEW_OBJECTS = 50_000


def main() -> NoReturn:
    """Run the command line and leave at once.

    Python would take apart every tree and module first: a seventh of the time of a short run.
    """
    gc.set_threshold(_NEW_OBJECTS)
    if None in (sys.stdin, sys.stdout, sys.stderr):
        from dtlink.cli.streams import open_closed_streams

        open_closed_streams()
    try:
        status = _run()
        status = _flushed(sys.stdout) or status
    except KeyboardInterrupt:
        status = _interrupted()
    except OSError:
        status = 2  # standard error can't be written: there is nobody to tell
    if schemas := sys.modules.get("dtlink.schema.process"):
        schemas.end_processes()
    os._exit(_flushed(sys.stderr) or status)


def _flushed(stream: TextIO) -> int:
    """Write what a stream holds back; the exit status if that fails, else 0."""
    try:
        stream.flush()
    except BrokenPipeError:
        return _BROKEN_PIPE  # the reader went away
    except OSError as error:
        return 2 if stream is sys.stderr else _fault(error)
    return 0


def _run() -> int:
    """The exit status; faults of dtlink itself are reported in two lines, and give 3."""
    # A file's name may hold bytes that are no text.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = _command(sys.argv[1:])
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except KeyboardInterrupt:
        sys.stderr.write("\n")  # after what the terminal shows of Ctrl-C, as click does it
        return _interrupted()
    except BrokenPipeError:
        return _BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - no traceback for users
        return _told(error)
    return status if isinstance(status, int) else 0


def _command(words: list[str]) -> object:
    """Run the command; what a plain ``lint`` asks for without click, which takes long to import."""
    completes = "_DTLINK_COMPLETE" in os.environ
    # On Windows click expands patterns of file names.
    if words[:1] == ["lint"] and not completes and sys.platform != "win32":
        from dtlink.cli.plain_lint import lint_plainly

        lint_plainly(words[1:])
    from dtlink.cli.main import cli

    if completes:
        from dtlink.cli.shells import register

        register()
    if completes or sys.platform == "win32":
        return cli.main(prog_name="dtlink", standalone_mode=False)
    return _invoked(cli, words)


def _invoked(cli: click.Command, words: list[str]) -> object:
    """Run a command as click's main() does, which makes status 1 of a reader that went away."""
    from click.exceptions import Exit

    try:
        with cli.make_context("dtlink", words) as context:
            return cli.invoke(context)
    except Exit as stop:
        return stop.exit_code


def _told(error: Exception) -> int:
    """Report an error; the exit status."""
    if "click" not in sys.modules:
        return _fault(error)
    import click

    if isinstance(error, click.Abort):
        return _interrupted()
    if not isinstance(error, click.ClickException):
        return _fault(error)
    from dtlink.cli.messages import show_error

    show_error(error)
    return error.exit_code


def _has_no_folder() -> bool:
    """Whether the working folder was removed."""
    try:
        os.getcwd()  # noqa: PTH109 - nothing is imported for it
    except FileNotFoundError:
        return True
    return False


def _interrupted() -> int:
    sys.stderr.write("dtlink: interrupted\n")
    return _INTERRUPTED


def _fault(error: Exception) -> int:
    """Report what no command expects; the exit status."""
    from dtlink.cli.messages import say

    if isinstance(error, OSError) and error.errno in _NOT_WRITTEN:
        say(f"dtlink: {error.strerror}: the output is not complete")
        return 2
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _USED_UP):
        say(f"dtlink: {getattr(error, 'strerror', None) or 'not enough memory'} (see ulimit -a)")
        return 2
    if isinstance(error, OSError) and error.filename and error.errno in _OF_A_PATH:
        say(f"dtlink: {os.fsdecode(error.filename)}: {error.strerror}")
        return 2
    if isinstance(error, FileNotFoundError) and _has_no_folder():
        say("dtlink: the working folder is gone")
        return 2
    say(
        f"dtlink: internal fault: {type(error).__name__}: {error}",
        "This is a bug of dtlink: please report it with the input that shows it.",
    )
    return 3


if __name__ == "__main__":
    main()
