"""Where results of lints and facts of kernels are kept, as the user wants it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from dtlink.cache import FOLDER


@contextmanager
def cached(*, no_cache: bool = False, cache_dir: str = "") -> Iterator[None]:
    """Have the command, and the processes that it makes, ask for the folder that is named."""
    before = os.environ.get(FOLDER)
    if no_cache or cache_dir:
        os.environ[FOLDER] = "" if no_cache else os.path.abspath(cache_dir)  # noqa: PTH100 - text
    try:
        yield
    finally:
        os.environ.pop(FOLDER, None)
        if before is not None:
            os.environ[FOLDER] = before
