"""Other programs: where they are found, and what they may use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress


def search_path() -> str:
    """The entries of PATH that are absolute.

    A relative one, or an empty one, would find a program in a repository that is checked.
    """
    return os.pathsep.join(each for each in os.get_exec_path() if os.path.isabs(each))  # noqa: PTH117 - text


def program(name: str) -> str | None:
    """The absolute path of a program; ``None`` if there is none."""
    import shutil

    return shutil.which(name, path=search_path())


def environment() -> Mapping[str, str]:
    """The environment of a program that needs nothing of the user's; it speaks English."""
    return {"PATH": search_path(), "LC_ALL": "C"}


def limit(pid: int, *, memory: int, file: int) -> None:
    """Bound the memory of a process, and each file that it writes, where the system can: bytes."""
    with suppress(ImportError, AttributeError, OSError):
        import resource

        resource.prlimit(pid, resource.RLIMIT_FSIZE, (file, file))
        resource.prlimit(pid, resource.RLIMIT_AS, (memory, memory))
