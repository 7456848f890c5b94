"""The tree of sources that a file belongs to: what it may include, and where that is looked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from dtlink.firmware.storage import DISK, Disk


class Surroundings(NamedTuple):
    """Where a source stands."""

    root: str
    """The folder that has all that it may include, but for the include paths."""
    include: Sequence[str]
    """Where included files are looked for, in this order."""


class Layout(NamedTuple):
    """A kind of source tree; paths are below its top, and ``*`` is one folder's name."""

    name: str
    marker: str
    """A folder that only the top has."""
    include: Sequence[str]
    """``{arch}``: the architecture of the source."""
    source: str


#: The first that fits counts.
LAYOUTS: Final = (
    Layout(
        "U-Boot",
        "dts/upstream",
        (
            *("arch/{arch}/dts", "arch/{arch}/dts/include", "include"),
            *("dts/upstream/include", "dts/upstream/src/{arch}", "dts/upstream/src/{arch64}"),
        ),
        "U-Boot, scripts/Makefile.lib, dtc_cpp_flags",
    ),
    Layout(
        "Linux",
        "scripts/dtc/include-prefixes",
        ("scripts/dtc/include-prefixes",),
        "Linux, scripts/Makefile.lib, DTC_INCLUDE",
    ),
    Layout(
        "bindings",
        "include/dt-bindings",
        ("include", "arch/{arch}/boot/dts", "arch/{arch}/dts", "arch/{arch64}/boot/dts"),
        "convention: trees made after Linux's or U-Boot's",
    ),
)


def surroundings(path: str, storage: Disk = DISK) -> Surroundings:
    """Where a file stands: in a tree of a known layout, else in a repository, else alone."""
    folder = os.path.dirname(os.path.abspath(path))
    above = and_above(folder)
    for layout in LAYOUTS:
        marked = (each for each in above if storage.is_folder(os.path.join(each, layout.marker)))
        top = next(marked, None)
        if top is not None:
            root = _repository(top, storage) or top
            return Surroundings(root, list(_include(layout, top, folder, storage)))
    return Surroundings(_repository(folder, storage) or folder, [])


def and_above(folder: str) -> Sequence[str]:
    """A folder, and those above it, the nearest first."""
    found = [folder]
    while (above := os.path.dirname(found[-1])) != found[-1]:
        found.append(above)
    return found


def _include(layout: Layout, top: str, folder: str, storage: Disk) -> Iterator[str]:
    parts = folder[len(top) :].strip("/").split("/")
    arch = parts[parts.index("arch") + 1] if "arch" in parts[:-1] else ""
    for each in layout.include:
        path = os.path.join(top, each.format(arch=arch, arch64=f"{arch}64"))
        if storage.is_folder(path) and (arch or "{" not in each):
            yield path


def _repository(folder: str, storage: Disk) -> str | None:
    """The outermost repository that a folder is in: a submodule includes from those above it."""
    tops = [each for each in and_above(folder) if storage.is_repository(each)]
    return tops[-1] if tops else None
