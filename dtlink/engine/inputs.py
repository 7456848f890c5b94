"""The inputs that the user's paths stand for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from dtlink.firmware.containers import container_suffixes, is_container, member_names
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import STDIN, SUFFIXES, TABLE_SUFFIXES, load


def expand(paths: Iterable[str]) -> Iterator[Input]:
    """The inputs that paths stand for: files as they are, folders by what they hold, sorted.

    A container stands for its members; one that can't be read for itself, so that it is reported.
    """
    for path in paths:
        if path == STDIN or not os.path.isdir(path):  # noqa: PTH112 - paths stay as the user wrote them
            yield from _members(path)
        else:
            for each in _inputs_below(path):
                yield from _members(each)


def _members(path: str) -> Iterator[Input]:
    names = _member_names(path) if path != STDIN and is_container(path) else ()
    yield from (Input(path, name) for name in names or ("",))


def _member_names(path: str) -> Sequence[str]:
    try:
        return member_names(load(path))
    except InputError:
        return ()


def _inputs_below(folder: str) -> list[str]:
    """The blobs below a folder, the sources that no blob beside them was made from, and the tables.

    The tables of one machine are one input: their folder. A file with the suffix of a container
    that is not one is not an input.
    """
    found: set[str] = set()
    boxes = container_suffixes()
    for top, _, names in os.walk(folder):
        # pathlib would cost more than the rest of the walk.
        named = [name for name in names if name.endswith(SUFFIXES)]
        paths = {os.path.join(top, name) for name in named}  # noqa: PTH118
        found |= {path for path in paths if path.removesuffix(".dts") + ".dtb" not in paths}
        boxed = (os.path.join(top, name) for name in names if name.endswith(boxes))  # noqa: PTH118
        found |= {path for path in boxed if path not in paths and is_container(path)}
        if any(_may_be_table(name) for name in names):
            from dtlink.firmware.acpi.read import look

            tables = look(top)
            found |= {*tables.alone, *([top] if tables.members else ())}
    return sorted(found)


def _may_be_table(name: str) -> bool:
    """A name worth a look: by its ending, or a signature alone, as the system names its tables."""
    return name.lower().endswith(TABLE_SUFFIXES) or (len(name) <= 7 and name.isupper())
