"""The tree of sources that a file belongs to: what it may include, and where that is looked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from dtlink.firmware.storage import DISK, Disk
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final


class Surroundings(NamedTuple):
    """The tree that a source is in."""

    root: str
    """The folder that has all that it may include, but for the include paths."""
    include: Sequence[str]
    """Where included files are looked for, in this order."""
    define: Mapping[str, str] = {}
    """The macros that the tree's build defines."""


class Layout(NamedTuple):
    """A kind of source tree; paths are below its top, and ``*`` is any folder, in order of name."""

    name: str
    marker: str
    """A folder that only the top has."""
    include: Sequence[str]
    """``{arch}``: the architecture of the source, which is after ``arch/`` or one of ``below``."""
    source: str
    below: Sequence[str] = ()
    define: Mapping[str, str] = {}


#: The first that fits counts.
LAYOUTS: Final = (
    Layout(
        "U-Boot",
        "include/u-boot",
        (
            *("include", "arch/{arch}/include", "dts/upstream/include"),
            *("arch/{arch}/dts", "arch/{arch}/dts/include", "dts/upstream/src"),
            *("dts/upstream/src/{arch}/*", "dts/upstream/src/{arch}/*/*"),
            *("dts/upstream/src/arm64/*", "dts/upstream/src/arm64/*/*"),
        ),
        "U-Boot (2023.01 to 2026.10), scripts/Makefile.lib, dtc_cpp_flags; Makefile, UBOOTINCLUDE",
        below=("dts/upstream/src",),
        define={"__ASSEMBLY__": "1"},
    ),
    Layout(
        "barebox",
        "dts/src",
        ("arch/{arch}/dts/include", "include", "dts/include", "dts/src"),
        "barebox, scripts/Makefile.lib, dtc_cpp_flags",
    ),
    Layout(
        "Linux",
        "scripts/dtc/include-prefixes",
        ("scripts/dtc/include-prefixes",),
        "Linux, scripts/Makefile.lib, DTC_INCLUDE",
    ),
    Layout(
        "devicetree-rebasing",
        "src/arm64",
        ("include", "src", "testcase-data"),
        "devicetree-rebasing (in U-Boot: dts/upstream), Makefile, dtc_cpp_flags",
    ),
    Layout(
        "Linux before 4.12",
        "drivers/of",
        ("arch/{arch}/boot/dts", "arch/{arch}/boot/dts/include", "include"),
        "Linux 4.0, scripts/Makefile.lib, dtc_cpp_flags; its links to include/dt-bindings",
    ),
    Layout(
        "bindings",
        "include/dt-bindings",
        ("include", "arch/{arch}/boot/dts", "arch/{arch}/dts"),
        "convention: parts of a tree of Linux or U-Boot",
    ),
)
#: Upper bound on the include paths of a tree; U-Boot has some 200.
_MOST: Final = 2_000
#: U-Boot has boards for arm64 in the folder of arm (Makefile, the ARCH of CONFIG_ARM64).
_SAME_ARCH: Final = {"arm64": "arm"}


def surroundings(path: str, storage: Disk = DISK) -> Surroundings:
    """Where a file stands: in a tree of a known layout, else in a repository, else alone."""
    folder = os.path.dirname(os.path.abspath(path))
    above = and_above(folder)
    for layout in LAYOUTS:
        marked = (each for each in above if storage.is_folder(os.path.join(each, layout.marker)))
        top = next(marked, None)
        if top is not None:
            root = _repository(top, storage) or top
            include = list(islice(_include(layout, top, folder, storage), _MOST))
            return Surroundings(root, include, layout.define)
    return Surroundings(_repository(folder, storage) or folder, [])


def and_above(folder: str) -> Sequence[str]:
    """A folder, and those above it, the nearest first."""
    found = [folder]
    while (above := os.path.dirname(found[-1])) != found[-1]:
        found.append(above)
    return found


def _include(layout: Layout, top: str, folder: str, storage: Disk) -> Iterator[str]:
    arch = _architecture(layout, folder[len(top) :].strip("/") + "/")
    for each in layout.include:
        if arch or "{" not in each:
            yield from _folders(top, each.format(arch=arch).split("/"), storage)


def _architecture(layout: Layout, path: str) -> str:
    """The architecture whose folder a path below the top is in; empty if it is in none."""
    for before in ("arch", *layout.below):
        if path.startswith(f"{before}/"):
            arch = path[len(before) + 1 :].partition("/")[0]
            return _SAME_ARCH.get(arch, arch) if before in layout.below else arch
    return ""


def _folders(folder: str, parts: Sequence[str], storage: Disk) -> Iterator[str]:
    """The folders of a pattern that are there."""
    for number, part in enumerate(parts):
        if part == "*":
            for name in _names(folder, storage):
                yield from _folders(os.path.join(folder, name), parts[number + 1 :], storage)
            return
        folder = os.path.join(folder, part)
    if storage.is_folder(folder):
        yield folder


def _names(folder: str, storage: Disk) -> Sequence[str]:
    try:
        return storage.folders_in(folder) if storage.is_folder(folder) else ()
    except OSError:
        return ()  # of another user


def _repository(folder: str, storage: Disk) -> str | None:
    """The outermost repository that a folder is in: a submodule includes from those above it."""
    tops = [each for each in and_above(folder) if storage.is_repository(each)]
    return tops[-1] if tops else None
