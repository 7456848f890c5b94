"""Executors: what they share, and how many calls they do at a time.

An executor is what ``concurrent.futures`` calls so: dtlink's own processes, the pools of the
standard library, a client of dask. What they share is ``submit()``; how they report that a worker
is no more (:mod:`dtlink.engine.losses`), and whether they go on then, differs.
"""

from __future__ import annotations

from collections.abc import Callable

from dtlink.typed import Any, Protocol

#: Workers of an executor that does not say how many it has.
_WORKERS = 8


class Pending(Protocol):
    """What a call will return, as ``concurrent.futures.Future`` has it."""

    def result(self) -> Any:
        """Wait for the value; raise what the call raised."""
        raise NotImplementedError

    def done(self) -> bool:
        """Whether :meth:`result` would not wait."""
        raise NotImplementedError

    def cancel(self) -> bool:
        """Have the call not begun."""
        raise NotImplementedError


class Executor(Protocol):
    """What calls functions elsewhere, as ``concurrent.futures.Executor`` does."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Any:
        """Call a function. Returns what is :class:`Pending`."""
        raise NotImplementedError


class ExecutorError(ValueError):
    """Workers that cannot do what they are asked; the message says why.

    Raised by :func:`dtlink.lint` and :func:`dtlink.lint_iter` with an ``executor``.
    """


def workers_of(executor: Any) -> int:
    """How many calls an executor does at a time, as far as it says so."""
    numbers = (getattr(executor, name, None) for name in ("workers", "_max_workers"))
    client: Any = getattr(executor, "_client", None)  # dask's
    found = next((each for each in numbers if isinstance(each, int)), 0)
    if not found and hasattr(client, "nthreads"):
        found = sum(client.nthreads().values())
    return found or _WORKERS
