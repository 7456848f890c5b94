"""The data files that dtlink ships, each made from the source of one kernel version."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache

from dtlink import facts
from dtlink.facts.kernels import KernelVersion

_FOLDER = f"{facts.__path__[0]}/data"
#: The source indexes of several kernels, in one file.
SOURCES = f"{_FOLDER}/source-indexes"
#: The highest indexes of providers, a line for each compatible.
INDEX_LIMITS = f"{_FOLDER}/index-limits.txt"
#: The names of regulators' nodes, a line for each compatible of a PMIC.
REGULATOR_NAMES = f"{_FOLDER}/regulator-names.txt"
#: The devices whose drivers are tried once, a line for each compatible.
TRIED_ONCE = f"{_FOLDER}/tried-once.txt"
#: What provides something without a cells property, a line for each compatible.
KNOWN_PROVIDERS = f"{_FOLDER}/known-providers.txt"
#: The names of supplies and GPIOs, a line each.
SUPPLY_NAMES = f"{_FOLDER}/supply-names.txt"
#: Releases of one major version, from 5.x on: 5.19, 6.19 and the like are followed by the next .0.
_MINORS = 20


def read_data(path: str) -> bytes:
    """The bytes of one of these files."""
    with open(path, "rb") as file:  # without pathlib: rules of every lint read some
        return file.read()


def nearest(versions: Iterable[KernelVersion], wanted: KernelVersion) -> KernelVersion:
    """The version with the fewest releases between it and another; of two such, the older."""
    return min(versions, key=lambda each: (abs(_number(each) - _number(wanted)), each))


def beyond(versions: Iterable[KernelVersion], wanted: KernelVersion) -> KernelVersion | None:
    """The nearest version on the other side of ``wanted`` than :func:`nearest`.

    ``None``: there is none, or ``wanted`` is one of them.
    """
    known = sorted(versions)
    near = nearest(known, wanted)
    if near == wanted:
        return None
    if near < wanted:
        return next((each for each in known if each > wanted), None)
    return next((each for each in reversed(known) if each < wanted), None)


def _number(version: KernelVersion) -> int:
    return version.major * _MINORS + version.minor


@lru_cache(maxsize=64)
def shipped(kind: str, version: KernelVersion) -> str:
    """The path of the file of a kind (``early``) for a kernel.

    It is that of the newest version up to this one, or else of the oldest.
    """
    with os.scandir(_FOLDER) as files:
        names = [file.name for file in files if file.name.startswith(f"{kind}-")]
    found = {_version(name): name for name in names}
    known = max((each for each in found if each <= version), default=min(found))
    return f"{_FOLDER}/{found[known]}"


def _version(name: str) -> KernelVersion:
    """The version in a name such as ``early-6.12.txt``."""
    return KernelVersion.parse(name.partition("-")[2])
