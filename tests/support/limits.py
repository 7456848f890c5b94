"""Guards against work that never ends. How fast the work is, the benchmarks measure."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: CPU seconds after which a test of hostile or large input counts as hanging. Sound code needs a
#: small part of it on any machine; code whose cost explodes needs far more.
HANGS = 60.0


class TookTooLongError(BaseException):
    """Not an Exception, so that nothing that is tested can take it for its own."""


@contextmanager
def at_most(seconds: float = HANGS) -> Iterator[None]:
    """Stop the body once it has used so much CPU time (where the system can tell)."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLongError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
