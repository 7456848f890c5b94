"""The devices whose drivers are tried once, when they are registered, and cannot be deferred.

They are registered by platform_driver_probe(): Linux, drivers/base/platform.c,
__platform_driver_probe(), which drops the driver if it is bound to no device then, and refuses all
later probes. ``tools/tried_once.py`` lists the compatible strings, of Linux 5.10 to 7.2.
"""

from __future__ import annotations

from functools import lru_cache

from dtlink.facts.kernels import KernelVersion
from dtlink.facts.shipped import TRIED_ONCE, beyond, nearest, read_data
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What the lines of the file of data are of.
_COMPARED = tuple(map(KernelVersion.parse, ("5.10", "6.1", "6.12", "7.2")))


@lru_cache(maxsize=1)
def _table() -> Mapping[str, frozenset[str]]:
    rows = (line.split() for line in read_data(TRIED_ONCE).decode("ascii").splitlines())
    return {name: frozenset(versions) for name, *versions in rows}


def is_tried_once(compatible: str, version: KernelVersion) -> bool:
    """Whether the driver of a compatible string is; of a version between, as the nearest one."""
    return str(nearest(_COMPARED, version)) in _table().get(compatible, ())


def tried_once_in(compatible: str, version: KernelVersion) -> tuple[str, ...]:
    """Which of the compared versions next to a version try the driver once; mostly none."""
    near = {nearest(_COMPARED, version), beyond(_COMPARED, version)} - {None}
    held = _table().get(compatible, frozenset())
    return tuple(str(each) for each in _COMPARED if each in near and str(each) in held)
