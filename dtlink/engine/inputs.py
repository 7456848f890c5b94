"""The inputs that the user's paths name."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence

from dtlink import reading
from dtlink.firmware import containers
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt import MAGIC
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import (
    STDIN,
    SUFFIXES,
    TABLE_SUFFIXES,
    blob_of,
    hold_standard_input,
)
from dtlink.wording import counted, listed

#: The name of the blob in /sys/firmware.
_FDT = "fdt"
#: Folders of the root whose files the kernel makes when they are asked for. Who means firmware in
#: them names one.
_MADE_UP = ("proc", "sys", "dev", "run")


def expand(
    paths: Iterable[str], *, search: bool = False, passed: list[str] | None = None
) -> Iterator[Input]:
    """The inputs that paths stand for: files as they are, folders by what they hold, sorted.

    A container means its members, ``FILE!MEMBER`` for one, or for those of a container in it;
    one that can't be read for itself, so that it is reported. ``search``: look for devicetrees
    anywhere in the files that are named. ``passed`` gets a line for what is passed over.
    """
    for path in paths:
        if path == STDIN or not os.path.isdir(path):  # noqa: PTH112 - paths stay as the user wrote them
            yield from _named(path, [] if passed is None else passed, search=search)
        else:
            for each in _inputs_below(path, [] if passed is None else passed):
                yield from _members(Input(each))


def members(name: str, data: bytes) -> Sequence[str]:
    """The inputs that bytes are: the members of a container, else an empty name."""
    names = _names(Input(name), data) if containers.may_be_container_data(data) else ()
    return names or ("",)


def _named(path: str, passed: list[str], *, search: bool) -> Iterator[Input]:
    item = Input.named(path)
    for each in item.paths:
        reading.allow(each)
    names: Sequence[str] = ()
    if path == STDIN:
        data = hold_standard_input()
        worth = search or containers.may_be_container_data(data)
        names = _names(item, data, search=search) if worth else ()
        yield from (Input(path, name) for name in names or ("",))
    elif item.member or search:
        names = _names(item, search=search or containers.is_searched(item.member))
        if search and not names:
            passed.append(f"{path}: searched; there is no devicetree in it")
        yield from (item._replace(member=name) for name in names or (item.member,))
    else:
        yield from _members(item)


def _members(item: Input) -> Iterator[Input]:
    names = _names(item) if containers.may_be_container(item.path) else ()
    yield from (item._replace(member=name) for name in names or ("",))


def _names(item: Input, data: bytes | None = None, *, search: bool = False) -> Sequence[str]:
    """The members of a file that are an input's: all, or those of a container in it."""
    try:
        names = containers.opened(item.path, data, search=search).members
    except InputError:
        return ()
    below = f"{item.member}!"
    return [
        name for name in names if not item.member or name == item.member or name.startswith(below)
    ]


def _inputs_below(folder: str, passed: list[str]) -> list[str]:
    """The blobs below a folder, the sources that no blob beside them was made from, and the tables.

    The tables of one machine are one input: their folder. A file with the suffix of a container
    that is not one is not an input.
    """
    found: set[str] = set()
    archives: list[str] = []
    for top, below, names in os.walk(folder):
        if top == os.sep:
            below[:] = [each for each in below if each not in _MADE_UP]
        if "#address-cells" in names and "compatible" in names:  # see property_files.is_root()
            below.clear()
            found |= _live_tree(top, passed)
            continue
        # pathlib would cost more than the rest of the walk.
        named = [name for name in names if name.endswith(SUFFIXES)]
        whole = (os.path.join(top, name) for name in sorted(named))  # noqa: PTH118
        paths = {path for path in whole if _is_file(path, passed)}
        if _FDT in names and _begins_as_blob(os.path.join(top, _FDT)):  # noqa: PTH118
            paths.add(os.path.join(top, _FDT))  # noqa: PTH118
        found |= {path for path in paths if blob_of(path) not in paths}
        packed = [name for name in names if name.endswith(containers.ARCHIVES)]
        archives += (os.path.join(top, name) for name in packed)  # noqa: PTH118
        boxed = (os.path.join(top, name) for name in names if name.endswith(containers.FOLDER))  # noqa: PTH118
        found |= {path for path in boxed if path not in paths and _is_container(path)}
        if any(_may_be_table(name) for name in names):
            from dtlink.firmware.acpi.read import look

            tables = look(top)
            found |= {*tables.alone, *([top] if tables.members else ())}
    if archives:
        one = counted(len(archives), "archive is", "archives are")
        passed.append(
            f"{one} passed over (name them to have them read): {listed(sorted(archives))}"
        )
    return sorted(found)


def _live_tree(path: str, passed: list[str]) -> set[str]:
    """The folder of a devicetree as files, unless its blob is where /sys/firmware has both."""
    blob = os.path.normpath(os.path.join(path, "..", "..", _FDT))  # noqa: PTH118
    if os.path.basename(path) != "base" or not _begins_as_blob(blob):  # noqa: PTH119
        return {path}
    passed.append(f"{path} is passed over: {blob} is its blob, which has the order of the nodes")
    return set()


def _begins_as_blob(path: str) -> bool:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
            return False
        with open(path, "rb", opener=reading.looked_at) as file:
            return file.read(4) == MAGIC
    except OSError:
        return False


def _is_file(path: str, passed: list[str]) -> bool:
    """Whether to read a path: not what may wait forever. What can't be looked at is reported."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except OSError:
        return True
    if stat.S_ISREG(mode):
        return True
    if not stat.S_ISDIR(mode):
        passed.append(f"{path} is passed over: it is not a regular file")
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
