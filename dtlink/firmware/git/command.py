"""Running git: only to look up commits and to read objects, and nothing that a repository names.

A repository's configuration is untrusted, and names programs: hooks, file system monitors, filters,
text converters, transports of partial clones. The commands used here compare no working tree and
convert no file, and what else could start a program is switched off.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dtlink.firmware import programs
from dtlink.firmware.errors import InputError
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

    Process = subprocess.Popen[bytes]

#: Time limit for one command, in seconds; listing a kernel's tree takes 0.3.
LIMIT: Final = 120.0
#: Upper bound on the output of a command, in bytes; the listing of a kernel's tree has 8 MB.
#: Trees may name one another so often that a small repository lists without end.
MAX_OUTPUT: Final = 64 << 20
_MAX_SAID: Final = 4096

_OPTIONS: Final = (
    *("--no-pager", "--literal-pathspecs", "--no-replace-objects"),
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
)
_ENVIRONMENT: Final = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # Missing objects of a partial clone are not fetched: by name since git 2.45, and by allowing
    # no transport before.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}
#: What git needs of the user's environment: for ``safe.directory``, and to find its own programs.
_KEPT: Final = ("HOME", "XDG_CONFIG_HOME", "PATH", "SYSTEMROOT")


class GitError(InputError):
    """Git is missing, or has refused; the path is what the user named, if it is about that."""

    def __str__(self) -> str:
        return super().__str__() if self.path else self.message


def start(folder: str, *arguments: str, stderr: int = subprocess.DEVNULL) -> Process:
    """A git process in a folder, with pipes. Raises :class:`GitError` if there is no git."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return subprocess.Popen(  # noqa: S603 - git by its absolute path, arguments checked by callers
        [program(), *_OPTIONS, "-C", folder or ".", *arguments],
        env={**kept, **_ENVIRONMENT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
    )


def run(folder: str, *arguments: str) -> bytes:
    """The output of a git command. Raises :class:`GitError`, with git's first line, if it fails."""
    name = arguments[0]
    with start(folder, *arguments, stderr=subprocess.PIPE) as process, at_most(process) as late:
        output = process.stdout.read(MAX_OUTPUT + 1) if process.stdout else b""
        if len(output) > MAX_OUTPUT:
            process.kill()
            raise GitError(f"git {name} printed more than {MAX_OUTPUT} bytes")
        said = process.stderr.read(_MAX_SAID) if process.stderr else b""
    if late.is_set():
        raise GitError(f"git {name} took more than {LIMIT:.0f} s")
    if process.returncode:
        raise GitError(_first_line(said) or f"git {name} ended with {process.returncode}")
    return output


@contextmanager
def at_most(process: Process) -> Iterator[threading.Event]:
    """Kill a process that takes longer than :data:`LIMIT`; the event is then set."""
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    watchdog = threading.Timer(LIMIT, end)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield late
    finally:
        watchdog.cancel()


def program() -> str:
    """The absolute path of git. Raises :class:`GitError` if there is none."""
    found = programs.program("git")
    if not found:
        raise GitError("git is needed to read a commit, and was not found in PATH")
    return found


def _first_line(said: bytes) -> str:
    """The first line of a message, as text that is safe to print."""
    line = next(iter(said.decode("utf-8", "replace").splitlines()), "")
    line = line.removeprefix("fatal: ").removeprefix("error: ")
    return "".join(each if each.isprintable() else "?" for each in line)[:200]
