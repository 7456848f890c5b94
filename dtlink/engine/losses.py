"""What executors raise for a call whose worker is lost, and for one that no worker can do."""

from __future__ import annotations

from pickle import PickleError

from dtlink.engine.executors import ExecutorError
from dtlink.engine.worker import WorkerLostError

#: What is not the loss of a worker, if it happens to the first call: it cannot do any.
_OF_THE_CALL = (AttributeError, TypeError, ValueError, PickleError)
#: Names of what executors raise for a lost worker: those of the standard library, and dask.
_LOSSES = frozenset(("BrokenExecutor", "KilledWorker"))


class LostError(Exception):
    """A worker that ended before it had answered, and how."""


def is_of_call(error: Exception) -> bool:
    """Whether an error is not the loss of a worker, if it happens to the first call."""
    return _is(error, _OF_THE_CALL)


def is_fatal(error: Exception) -> bool:
    """Whether the run can't go on: a worker without dtlink, or the call was taken back."""
    return _is(error, (ImportError, ExecutorError)) or "CancelledError" in _names(error)


def is_broken(error: RuntimeError) -> bool:
    """Whether an executor takes no more calls because a worker of it has ended."""
    return "BrokenExecutor" in _names(error)


def how(error: Exception) -> str:
    """How a worker ended. What others say of it has addresses and times in it."""
    if isinstance(error, WorkerLostError):
        return str(error)
    if _LOSSES.isdisjoint(_names(error)):
        return f"{type(error).__name__}: {error}"
    return f"the worker that read it was lost each time ({type(error).__name__})"


def _is(error: BaseException | None, kinds: tuple[type[Exception], ...]) -> bool:
    """Whether an error, or what it comes from, is of some kinds."""
    while error is not None and not isinstance(error, kinds):
        error = error.__cause__
    return error is not None


def _names(error: BaseException) -> list[str]:
    """The names of the kinds of an error: importing them would import their libraries."""
    return [kind.__name__ for kind in type(error).__mro__]
