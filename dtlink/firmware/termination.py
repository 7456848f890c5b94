"""SIGTERM, or a terminal that is closed, while there is something to clean up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dtlink.typed import NoReturn

#: What is added to the number of a signal to get what a shell reports of a program that it ended.
_STATUS = 128


@contextmanager
def terminable() -> Iterator[None]:
    """Have SIGTERM and SIGHUP leave through ``finally`` blocks; by default they end Python at once.

    Nothing changes outside the main thread, which alone may set handlers, and where a program that
    uses dtlink has a handler of its own.
    """
    import signal
    import threading

    numbers = [signal.SIGTERM, *filter(None, [getattr(signal, "SIGHUP", None)])]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    ours = [each for each in numbers if signal.getsignal(each) is signal.SIG_DFL]
    for each in ours:
        signal.signal(each, _leave)
    try:
        yield
    finally:
        for each in ours:
            signal.signal(each, signal.SIG_DFL)


def _leave(number: int, _: object) -> NoReturn:
    raise SystemExit(_STATUS + number)
