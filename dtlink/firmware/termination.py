"""SIGTERM while there is something to clean up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dtlink.typed import NoReturn

#: What a shell reports of a program that SIGTERM ended.
_STATUS = 143


@contextmanager
def terminable() -> Iterator[None]:
    """Have SIGTERM leave through ``finally`` blocks; by default it ends Python at once.

    Nothing changes outside the main thread, which alone may set handlers, and where a program that
    uses dtlink has a handler of its own.
    """
    import signal
    import threading

    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(*_: object) -> NoReturn:
    raise SystemExit(_STATUS)
