"""The data files that dtlink ships, each made from the source of one kernel version."""

from __future__ import annotations

import os
from functools import lru_cache

from dtlink import facts
from dtlink.facts.kernels import KernelVersion


@lru_cache(maxsize=64)
def shipped(kind: str, version: KernelVersion) -> str:
    """The path of the file of a kind (``early``, ``source``) for a kernel.

    It is that of the newest version up to this one, or else of the oldest.
    """
    folder = f"{facts.__path__[0]}/data"
    with os.scandir(folder) as files:
        names = [file.name for file in files if file.name.startswith(f"{kind}-")]
    found = {_version(name): name for name in names}
    known = max((each for each in found if each <= version), default=min(found))
    return f"{folder}/{found[known]}"


def _version(name: str) -> KernelVersion:
    """The version in a name such as ``early-6.12.txt``."""
    return KernelVersion.parse(name.partition("-")[2])
