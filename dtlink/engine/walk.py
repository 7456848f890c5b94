"""The inputs below a folder, in the order of their paths, folder by folder."""

from __future__ import annotations

import os
import stat
from bisect import insort
from collections.abc import Collection, Iterator

from dtlink import reading
from dtlink.firmware import containers
from dtlink.firmware.fdt import MAGIC
from dtlink.firmware.read import SUFFIXES, TABLE_SUFFIXES, blob_of
from dtlink.records import NamedTuple
from dtlink.wording import counted, listed

#: The name of the blob in /sys/firmware.
_FDT = "fdt"
#: Folders of the root whose files the kernel makes when they are asked for. Who means firmware in
#: them names one.
_MADE_UP = ("proc", "sys", "dev", "run")


class _Folder(NamedTuple):
    """What is in a folder."""

    path: str
    names: Collection[str] = ()
    """The files that are inputs."""
    below: Collection[str] = ()
    """The folders to look into."""
    is_input: bool = False
    """Whether it is an input itself: the tables of a machine, or a devicetree as files."""


def below(folder: str, passed: list[str]) -> Iterator[str]:
    """The blobs below a folder, the sources that no blob beside them was made from, and the tables.

    The tables of one machine are one input: their folder. A file with the suffix of a container
    that is not one is not an input. Nothing but the folders on the way to a path is kept.
    ``passed`` gets a line for what is passed over.
    """
    walk = _Walk(passed)
    first = walk.look(folder)
    if first.is_input:
        yield folder
    within = [walk.within(first)]
    while within:
        found = next(within[-1], None)
        if found is None:
            within.pop()
        elif isinstance(found, str):
            yield found
        else:
            within.append(walk.within(found))
    walk.end()


class _Walk:
    """A walk through folders, and what it passes over."""

    def __init__(self, passed: list[str]) -> None:
        self._passed = passed
        self._archives: list[str] = []

    def end(self) -> None:
        """Add the line about archives."""
        if self._archives:
            one = counted(len(self._archives), "archive is", "archives are")
            names = listed(sorted(self._archives))
            self._passed.append(f"{one} passed over (name them to have them read): {names}")

    def within(self, folder: _Folder) -> Iterator[str | _Folder]:
        """The paths of the inputs in a folder, and the folders in it, in the order of all paths.

        Paths are compared as text: ``a-b`` precedes ``a/b``, and follows ``a``, the folder.
        """
        waiting: list[tuple[str, _Folder]] = []
        for name in sorted([*folder.names, *folder.below]):
            while waiting and waiting[0][0] < name:
                yield waiting.pop(0)[1]
            path = os.path.join(folder.path, name)  # noqa: PTH118 - pathlib would cost more
            if name not in folder.below:
                yield path
                continue
            found = self.look(path)
            if found.is_input:
                yield path
            insort(waiting, (name + os.sep, found))
        yield from (found for _, found in waiting)

    def look(self, top: str) -> _Folder:
        """What is in a folder; one that can't be read is an input, so that it is reported."""
        found = next(os.walk(top), None)
        if found is None:
            return _Folder(top, is_input=os.path.isdir(top))  # noqa: PTH112 - it may have vanished
        _, below, names = found
        if "#address-cells" in names and "compatible" in names:  # see property_files.is_root()
            return _Folder(top, is_input=self._is_live_tree(top))
        if top == os.sep:
            below = [each for each in below if each not in _MADE_UP]
        packed = [name for name in names if name.endswith(containers.ARCHIVES)]
        self._archives += (os.path.join(top, name) for name in packed)  # noqa: PTH118
        files = self._files(top, names)
        is_input = False
        if any(_may_be_table(name) for name in names):
            from dtlink.firmware.acpi.folder import look

            tables = look(top)
            files |= {os.path.basename(path) for path in tables.alone}  # noqa: PTH119
            is_input = bool(tables.members)
        followed = {x for x in below if not os.path.islink(os.path.join(top, x))}  # noqa: PTH114, PTH118
        return _Folder(top, files, followed, is_input=is_input)

    def _files(self, top: str, names: Collection[str]) -> set[str]:
        """The names of devicetrees and of containers in a folder."""
        named = sorted(name for name in names if name.endswith(SUFFIXES))
        there = {name for name in named if self._is_file(os.path.join(top, name))}  # noqa: PTH118
        if _FDT in names and _begins_as_blob(os.path.join(top, _FDT)):  # noqa: PTH118
            there.add(_FDT)
        found = {name for name in there if blob_of(name) not in there}
        boxed = (name for name in names if name.endswith(containers.FOLDER) and name not in there)
        return found | {name for name in boxed if _is_container(os.path.join(top, name))}  # noqa: PTH118

    def _is_live_tree(self, path: str) -> bool:
        """Whether to read a devicetree as files: not where /sys/firmware has its blob too."""
        blob = os.path.normpath(os.path.join(path, "..", "..", _FDT))  # noqa: PTH118
        if os.path.basename(path) != "base" or not _begins_as_blob(blob):  # noqa: PTH119
            return True
        self._passed.append(
            f"{path} is passed over: {blob} is its blob, which has the order of the nodes"
        )
        return False

    def _is_file(self, path: str) -> bool:
        """Whether to read a path: not what may wait forever. What can't be read is reported."""
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116
        except OSError:
            return True
        if stat.S_ISREG(mode):
            return True
        if not stat.S_ISDIR(mode):
            self._passed.append(f"{path} is passed over: it is not a regular file")
        return False


def _begins_as_blob(path: str) -> bool:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
            return False
        with open(path, "rb", opener=reading.looked_at) as file:
            return file.read(4) == MAGIC
    except OSError:
        return False


def _is_container(path: str) -> bool:
    """Whether a file of a folder is a container with a devicetree, or a damaged one."""
    if not containers.may_be_container(path):
        return False
    from dtlink.firmware.containers.wanted import look

    return look(path)


def _may_be_table(name: str) -> bool:
    """A name worth a look: by its ending, or a signature alone, as the system names its tables."""
    return name.lower().endswith(TABLE_SUFFIXES) or (len(name) <= 7 and name.isupper())
