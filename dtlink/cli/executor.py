"""``--executor ADDRESS``: the reports are made elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dtlink.cli.messages import say
from dtlink.cli.usage import usage_error
from dtlink.engine.cluster import SCHEMES, connected
from dtlink.engine.executors import Executor, ExecutorError


@contextmanager
def opened(address: str) -> Iterator[Executor]:
    """The executor of an address. What it cannot do ends the program.

    Raises :class:`click.UsageError` for what is no address.
    """
    scheme, _, place = address.partition("://")
    if scheme not in SCHEMES or not place:
        raise usage_error(f"--executor: {address!r} is no address, such as dask://HOST:PORT")
    try:
        with connected(address) as executor:
            if not executor.has_workers:
                say(f"dtlink: {address} has no worker yet: waiting for one")
            yield executor
    except ExecutorError as error:
        say(f"dtlink: {error}")
        sys.exit(2)
