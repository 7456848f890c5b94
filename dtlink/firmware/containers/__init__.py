"""Files that hold several devicetrees: one row for each format, in :data:`CONTAINERS`.

A reader is one function from the file's bytes to its members. What it reads is untrusted: it checks
each offset and size, and raises :class:`InputError` with the byte offset of what is wrong.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from dtlink.firmware.errors import InputError


class Container(NamedTuple):
    """A format."""

    name: str
    matches: Callable[[bytes], bool]
    """Whether a file is of the format, by all its bytes: the magic of a FIT image is a DTB's."""
    members: Callable[[bytes], Mapping[str, bytes]]
    """Its members, by name in file order."""
    suffixes: tuple[str, ...] = ()
    """Suffixes of files that are looked at when a folder is given, beside those of devicetrees."""


#: The formats that are known; the first that matches is asked.
CONTAINERS: tuple[Container, ...] = ()


def container_of(data: bytes) -> Container | None:
    """The format of a file, by its bytes; ``None`` if it is not a container."""
    return next((each for each in CONTAINERS if each.matches(data)), None)


def container_suffixes() -> tuple[str, ...]:
    """The suffixes of files that may be containers."""
    return tuple(suffix for each in CONTAINERS for suffix in each.suffixes)


def is_container(path: str) -> bool:
    """Whether a file is a container. False for one that can't be read: reading it reports why."""
    if not CONTAINERS:
        return False
    from dtlink.firmware.read import load

    try:
        return container_of(load(path)) is not None
    except InputError:
        return False


def member_names(data: bytes) -> tuple[str, ...]:
    """The members of a container, in file order. Raises :class:`InputError` for a damaged one."""
    container = container_of(data)
    return () if container is None else tuple(container.members(data))


def member_of(data: bytes, name: str) -> bytes:
    """The bytes of one member. Raises :class:`InputError` if there is no such member."""
    container = container_of(data)
    members = {} if container is None else container.members(data)
    if name not in members:
        kind = container.name if container else "file"
        raise InputError(f"the {kind} has no member {name!a}")
    return members[name]
