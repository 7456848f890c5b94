"""Why a file that a source includes is not read, and what the user can do about it.

Only names of files are looked at here, no content: a message shows none of a file that a source may
not read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from dtlink.escaping import shell
from dtlink.firmware.source.surroundings import and_above
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: Bounds on where a file is looked for that is in no include path: folders upward from the source,
#: and folders beside each of them.
_UPWARD: Final = 6
_BESIDE: Final = 200
#: Where distributions have the headers of kernels (Debian, Fedora: kernel-devel and others).
_INSTALLED: Final = ("/lib/modules/{release}/build/include", "/usr/src/*/include")
#: Where trees of the kernel have sources.
_PREFIXES: Final = "scripts/dtc/include-prefixes"
_SOURCES: Final = ("arch/*/boot/dts", "arch/*/boot/dts/*")
#: Folders of the kernel's own files, which no source has a reason to include.
_KERNEL: Final = ("/dev", "/proc", "/sys")
_RUNNING: Final = ("/proc", "/sys")
_LONGEST: Final = 200


class Unread(NamedTuple):
    """Why a file is not read."""

    message: str
    fix: str = ""
    """What to do, where that can be said."""


def missing(name: str, source: str, folders: Sequence[str]) -> Unread:
    """A name that is in none of the folders in which it was looked for."""
    message = f"{shortened(name)} was not found"
    if os.path.isabs(name):
        return Unread(message)
    where = ", ".join(seen(each) for each in folders)
    found = next(_elsewhere(name, source), "")
    if found:
        return Unread(message, f"add -I {shell.file(seen(found))}, which has it")
    looked = f"it is not in {where}" if where else "there is no include path"
    return Unread(message, f"add the folder that has it with -I DIR ({looked})")


def outside(name: str, real: str) -> Unread:
    """A file outside the tree of the source, which it may not include."""
    message = f"{shortened(name)} is outside the tree of the source and the include paths"
    folder = os.path.dirname(real)
    if _is_below(real, _KERNEL) or not os.path.isfile(real):
        return Unread(message)
    return Unread(message, f"if that is meant, add --allow-include {shell.file(seen(folder))}")


def is_of_kernel(real: str) -> bool:
    """Whether a file is of the running system: processes, their environments, hardware."""
    return _is_below(real, _RUNNING)


def shortened(name: str) -> str:
    """A name as a message shows it: a source may have any text there."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"


def seen(path: str) -> str:
    """A path as the user would write it: from the working folder, if it is near."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):
        return path
    return path if relative.startswith("../../../") else relative


def _elsewhere(name: str, source: str) -> Iterator[str]:
    """Folders that have a file of this name, where trees of sources and headers usually are.

    A name that climbs is not looked for: what is there is no business of a source.
    """
    if ".." in name.split("/"):
        return
    for folder in _places(os.path.dirname(os.path.abspath(source))):
        if os.path.isfile(os.path.join(folder, name)):
            yield folder


@lru_cache(maxsize=256)
def _places(folder: str) -> Sequence[str]:
    """The folders of headers and of sources that are near a folder, or installed."""
    from glob import escape, iglob

    above = and_above(folder)[:_UPWARD]
    beside = [
        os.path.join(each, name)
        for each in above
        for name in sorted(islice(_folders(each), _BESIDE))
    ]
    installed = [
        path
        for pattern in _INSTALLED
        for path in sorted(
            islice(iglob(pattern.format(release=os.uname().release)), _BESIDE), reverse=True
        )
    ]
    headers = [os.path.join(each, "include") for each in (*above, *beside)]
    trees = [each for each in beside if os.path.isdir(os.path.join(each, _PREFIXES))]
    sources = [
        path
        for tree in trees
        for pattern in (_PREFIXES, *_SOURCES)
        for path in sorted(iglob(os.path.join(escape(tree), pattern)))
    ]
    return [each for each in (*headers, *sources, *installed) if os.path.isdir(each)]


def _folders(path: str) -> Iterator[str]:
    try:
        with os.scandir(path) as entries:
            yield from (each.name for each in entries if each.is_dir() and each.name[0] != ".")
    except OSError:
        return


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in folders)
