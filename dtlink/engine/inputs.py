"""The inputs that the user's paths name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from dtlink import reading
from dtlink.firmware import containers
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import STDIN, hold_standard_input


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
            from dtlink.engine.walk import below

            for each in below(path, [] if passed is None else passed):
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
