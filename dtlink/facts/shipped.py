"""The data files that dtlink ships, each made from the source of one kernel version."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from dtlink.facts.kernels import KernelVersion

_FOLDER = Path(__file__).parent / "data"


@lru_cache(maxsize=64)
def shipped(kind: str, version: KernelVersion) -> Path:
    """The file of a kind (``early``, ``source``) for a kernel.

    It is that of the newest version up to this one, or else of the oldest.
    """
    found = {_version(path): path for path in _FOLDER.glob(f"{kind}-*")}
    return found[max((each for each in found if each <= version), default=min(found))]


def _version(path: Path) -> KernelVersion:
    """The version in a name such as ``early-6.12.json``."""
    return KernelVersion.parse(path.name.partition("-")[2])
