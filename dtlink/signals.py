"""Signals that wait until something is written as a whole."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

#: What a user, or the system, ends a process with.
_ENDS = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def held_back(*names: str) -> Iterator[None]:
    """Have these signals, or all that end a process, wait until the body has ended.

    Where a system can't do that (Windows), they do not wait.
    """
    mask = getattr(signal, "pthread_sigmask", None)
    if mask is None:
        yield
        return
    before = mask(signal.SIG_BLOCK, {getattr(signal, each) for each in names or _ENDS})
    try:
        yield
    finally:
        mask(signal.SIG_SETMASK, before)
