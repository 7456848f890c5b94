"""Calls in other processes, of this machine or others: what they must have in common with this one.

Results are the same wherever they are made if dtlink is of one version everywhere, and if a path
means the same file.
"""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from dtlink.engine.executors import Executor, ExecutorError
from dtlink.records import NamedTuple
from dtlink.stamps import look_anew
from dtlink.typed import TypeVar
from dtlink.version import __version__

#: Runs that a process remembers.
_RUNS = 256

_ItemT = TypeVar("_ItemT")
_ResultT = TypeVar("_ResultT")


class Home(NamedTuple):
    """The process that asks."""

    version: str
    folder: str
    """Its working folder."""
    run: str = ""
    """What no other run has. A worker that lives longer than a run looks at files anew in each."""

    @classmethod
    def here(cls) -> Home:
        """This process, in which a run begins."""
        run = os.urandom(8).hex()
        _is_new(run)
        return cls(__version__, _folder(), run)

    @classmethod
    def of(cls, executor: Executor) -> Home:
        """This process, which asks an executor.

        Raises :class:`ExecutorError` for workers of dask that do not have this version of dtlink:
        they would answer nothing.
        """
        client = getattr(executor, "_client", None)
        if hasattr(client, "run_on_scheduler") and not hasattr(executor, "workers"):
            from dtlink.engine.cluster import check

            check(client)
        return cls.here()

    def call(
        self,
        function: Callable[[Sequence[_ItemT]], Sequence[_ResultT]],
        paths: Callable[[Sequence[_ItemT]], Iterable[str]],
        chunk: Sequence[_ItemT],
    ) -> Sequence[_ResultT]:
        """Call a function, which reads these paths, in whichever process this is.

        Raises :class:`ExecutorError` if its results would not be those of the process that asks.
        """
        if self.version != __version__:
            raise ExecutorError(
                f"a worker on {platform.node()} has dtlink {__version__}, and this is "
                f"{self.version}: install the same version"
            )
        if self.folder != _folder():
            relative = next((each for each in paths(chunk) if not each.startswith(os.sep)), "")
            if relative:
                raise ExecutorError(
                    f"a worker on {platform.node()} works in {_folder()}, and {relative} is seen "
                    f"from {self.folder}: name absolute paths, or start the workers there"
                )
        if _is_new(self.run):
            look_anew()
        return function(chunk)


#: The runs that this process, or the one that it is a fork of, has had calls of.
_runs: dict[str, None] = {}


def _is_new(run: str) -> bool:
    """Whether this process has had no call of a run."""
    is_new = run not in _runs
    _runs[run] = None
    while len(_runs) > _RUNS:
        _runs.pop(next(iter(_runs)))
    return is_new


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - text
    except OSError:  # it was removed; paths from it lead nowhere
        return ""


@contextmanager
def spare() -> Iterator[Callable[[], Executor]]:
    """What makes an executor for when another has broken: processes of this machine."""
    with ExitStack() as stack:

        def made() -> Executor:
            from dtlink.engine.pool import Processes

            warnings.warn(
                "the executor has broken, as a worker of it has ended: dtlink goes on in "
                "processes of its own",
                RuntimeWarning,
                stacklevel=2,
            )
            return stack.enter_context(Processes())

        yield made
