"""Files that hold several devicetrees: one row for each format, in :data:`CONTAINERS`.

A reader is one function from the file's bytes to its members. What it reads is untrusted: it checks
each offset and size, and raises :class:`InputError` with the byte offset of what is wrong.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from dtlink.firmware.errors import InputError


class Container(NamedTuple):
    """A format: how a file of it begins, and how its members are read, by name in file order."""

    name: str
    magic: bytes
    members: Callable[[bytes], Mapping[str, bytes]]


#: The formats that are known; the first whose magic fits is asked.
CONTAINERS: tuple[Container, ...] = ()


def container_of(data: bytes) -> Container | None:
    """The format of a file, by its first bytes; ``None`` if it is not a container."""
    return next((each for each in CONTAINERS if data.startswith(each.magic)), None)


def is_container(path: str) -> bool:
    """Whether a file is a container. False for one that can't be read: reading it reports why."""
    if not CONTAINERS:
        return False
    try:
        with open(path, "rb") as file:
            return container_of(file.read(max(len(each.magic) for each in CONTAINERS))) is not None
    except OSError:
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
