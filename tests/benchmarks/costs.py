"""What a run of a command costs: in a new process, or in a copy of one that has all modules."""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import BinaryIO, NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parents[2]

#: Where a run is stopped: seconds of processor time, and bytes of memory.
STOPPED, ROOM = 30, 4 << 30
#: What no command of the benchmark needs.
_NOT_NEEDED = ("dtlink.testing", "dtlink.lsp", "dtlink.schema", "dtlink.__main__")


class Cost(NamedTuple):
    """What one run of a command used."""

    seconds: float
    megabytes: float
    output: int
    status: int


def cost(arguments: Sequence[str]) -> Cost:
    """Run dtlink in a new process; a lint reads its input, whatever results are kept."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dtlink", *_uncached(arguments)],
            stdout=output,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            preexec_fn=_limit,  # noqa: PLW1509 - no threads
        )
        found = _waited(process.pid, output)
        process.returncode = found.status
        return found


def copied(arguments: Sequence[str]) -> Cost:
    """Run dtlink in a copy of this process, for which :func:`import_all` came before.

    Its processor time has no start of Python in it; its memory has all modules in it.
    """
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            _run(_uncached(arguments), output)
        return _waited(child, output)


def import_all() -> None:
    """Import what any command does, for :func:`copied`."""
    import dtlink

    for module in pkgutil.walk_packages(dtlink.__path__, "dtlink."):
        if not module.name.startswith(_NOT_NEEDED):
            importlib.import_module(module.name)
    gc.freeze()


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure of several runs."""
    return Cost(
        seconds=median(each.seconds for each in costs),
        megabytes=median(each.megabytes for each in costs),
        output=int(median(each.output for each in costs)),
        status=max(each.status for each in costs),
    )


def _uncached(arguments: Sequence[str]) -> list[str]:
    return [*arguments, *(["--no-cache"] if arguments[0] == "lint" else [])]


def _waited(pid: int, output: BinaryIO) -> Cost:
    _, status, used = os.wait4(pid, 0)
    return Cost(
        seconds=used.ru_utime + used.ru_stime,
        megabytes=used.ru_maxrss / 1024,
        output=output.seek(0, os.SEEK_END),
        status=os.waitstatus_to_exitcode(status),
    )


def _run(arguments: Sequence[str], output: BinaryIO) -> NoReturn:
    """Be the command; dtlink's own main() leaves with os._exit()."""
    try:
        _set_streams(output)
        _limit()
        os.chdir(ROOT)
        sys.argv = ["dtlink", *arguments]
        importlib.import_module("dtlink.__main__").main()
    finally:
        os._exit(70)


def _set_streams(output: BinaryIO) -> None:
    """Standard output is the file; the other streams are nothing."""
    with Path(os.devnull).open("r+b", buffering=0) as nothing:
        for number, file in enumerate((nothing, output, nothing)):
            os.dup2(file.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - it has no path
        for number, mode in enumerate("rww")
    )


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (STOPPED, STOPPED))
    resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))
