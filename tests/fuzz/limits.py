"""The bounds of one input: CPU time, memory, and a process that does not come back."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: CPU seconds of one command.
LIMIT = 1.0
#: After so many the kernel ends the process, should C code not come back to Python.
KILLED = 20
#: Bytes that a process may add to what it has before its first input.
MEMORY = 512 << 20


class TookTooLongError(BaseException):
    """Not an Exception, so that nothing that is tested can take it for its own."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Stop the body once it has used so much CPU time, user and system."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLongError(f"more than {seconds:g} s of CPU time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def bound_memory() -> None:
    """Bound the memory of this process, which ends in a MemoryError beyond."""
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def bound_next() -> None:
    """Let the kernel end this process if the next input takes far too long."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    end = int(used.ru_utime + used.ru_stime) + KILLED
    resource.setrlimit(resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))
