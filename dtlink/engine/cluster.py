"""The workers of a scheduler of dask, as an executor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from importlib import import_module

from dtlink.engine.executors import ExecutorError
from dtlink.typed import Any
from dtlink.version import __version__

#: What begins an address, and what the protocol is called there.
SCHEMES = {"dask": "tcp", "dask+tls": "tls"}
#: Seconds in which a scheduler answers.
_PATIENCE = 20
#: An expression for the version of dtlink where it is evaluated. A function of dtlink would not do:
#: a worker that cannot import it answers nothing.
_VERSION = "__import__('dtlink.version', fromlist=['']).__version__"


class ClusterExecutor:
    """Calls functions on the workers of a scheduler."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)
        self._address = address

    @property
    def workers(self) -> int:
        """How many calls it does at a time; 0: there is no worker, yet or for the moment."""
        with suppress(OSError):
            return sum(self._client.nthreads().values())
        return 0

    @property
    def has_workers(self) -> bool:
        """Whether calls are done at once."""
        return self.workers > 0

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> ClusterCall:
        """Call a function on a worker."""
        return ClusterCall(self._executor.submit(function, *arguments), self._address)


class ClusterCall:
    """What a call on a worker will return."""

    def __init__(self, future: Any, address: str) -> None:
        self._future = future
        self._address = address

    def result(self) -> Any:
        """Wait for the value. Raises :class:`ExecutorError` if the scheduler is lost."""
        try:
            return self._future.result()
        except (CancelledError, asyncio.CancelledError) as error:
            raise ExecutorError(f"{self._address}: the scheduler is lost") from error

    def done(self) -> bool:
        """Whether :meth:`result` would not wait."""
        return bool(self._future.done())

    def cancel(self) -> bool:
        """Have the call not begun."""
        return bool(self._future.cancel())


@contextmanager
def connected(address: str) -> Iterator[ClusterExecutor]:
    """The executor of an address, such as ``dask://HOST:PORT``.

    Raises :class:`ExecutorError` if dask is not installed, nothing answers there, or dtlink is not
    the same there.
    """
    try:
        distributed: Any = import_module("distributed")  # few annotations, and may be missing
    except ImportError as error:
        raise ExecutorError(f"{address} needs dask: pip install 'dtlink[dask]'") from error
    scheme, _, place = address.partition("://")
    _be_quiet()
    try:
        client = distributed.Client(
            f"{SCHEMES[scheme]}://{place}", timeout=_PATIENCE, set_as_default=False
        )
    except (OSError, ValueError, TypeError) as error:
        raise ExecutorError(f"{address}: {_first_line(error)}") from error
    try:
        check(client)
        yield ClusterExecutor(client, address)
    finally:
        with suppress(Exception):
            client.close(timeout=2)


def check(client: Any) -> None:
    """Ask the scheduler and its workers for their version of dtlink.

    Raises :class:`ExecutorError` for another one, and where there is none.
    """
    found = {"the scheduler": _on_scheduler(client)}
    for worker, version in client.run(eval, _VERSION, on_error="return").items():
        found[f"the worker {worker}"] = version
    for where, version in found.items():
        if version != __version__:
            has = f"has dtlink {version}" if isinstance(version, str) else "has no dtlink"
            raise ExecutorError(
                f"{where} {has}, and this is {__version__}: install the same version with the "
                "scheduler and all workers"
            )


def _on_scheduler(client: Any) -> Any:
    try:
        return client.run_on_scheduler(eval, _VERSION)
    except ImportError as error:
        return error


def _be_quiet() -> None:
    """Leave reports of lost workers to the reports of the inputs."""
    import logging

    logging.getLogger("distributed").setLevel(logging.CRITICAL)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
