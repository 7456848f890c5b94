"""The end of a process that this one made: waited for, and brought about if it does not come."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

from dtlink.typed import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import subprocess

#: Seconds that a process has to end, once it should, before it is killed.
_PATIENCE = 5.0
#: Seconds between two looks at whether it has ended, at first and at most.
_LOOKS = 0.0005, 0.05


class Ended(Protocol):
    """A process that can be ended."""

    def signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        raise NotImplementedError

    def wait(self, seconds: float) -> int | None:
        """Wait for its end, so long at most.

        Returns the exit code, negative ones are signals; ``None``: it has not ended.
        """
        raise NotImplementedError


def ended(process: Ended) -> int:
    """The exit code of a process that is to end, or has; it is killed if that takes long."""
    code = process.wait(_PATIENCE)
    while code is None:
        process.signal(signal.SIGKILL)  # one that is stopped ends by no other
        code = process.wait(_PATIENCE)
    return code


class Forked:
    """A fork of this process."""

    def __init__(self, number: int) -> None:
        """The process of a number."""
        self._number = number
        self._code: int | None = None

    def signal(self, number: int) -> None:
        """See :class:`Ended`."""
        if self._code is None:
            with suppress(ProcessLookupError):
                os.kill(self._number, number)

    def wait(self, seconds: float) -> int | None:
        """See :class:`Ended`."""
        until, (step, most) = time.monotonic() + seconds, _LOOKS
        while self._code is None and not self._look() and time.monotonic() < until:
            time.sleep(step)
            step = min(2 * step, most)
        return self._code

    def _look(self) -> bool:
        """Whether it has ended."""
        try:
            number, status = os.waitpid(self._number, os.WNOHANG)
        except ChildProcessError:  # whoever made this process ignores its children
            self._code = 0
        else:
            self._code = os.waitstatus_to_exitcode(status) if number else None
        return self._code is not None


class Interpreter:
    """Another interpreter."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """The process that was started."""
        self._process = process

    def signal(self, number: int) -> None:
        """See :class:`Ended`."""
        self._process.send_signal(number)

    def wait(self, seconds: float) -> int | None:
        """See :class:`Ended`."""
        import subprocess

        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
