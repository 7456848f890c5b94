"""What a container holds, as its reader returns it and as it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dtlink.firmware.errors import InputError
from dtlink.firmware.tree import Tree
from dtlink.records import NamedTuple
from dtlink.typed import Literal

#: What a container says of a part: numbers, names, lists of names.
AboutValue = str | int | Sequence[str]
About = Mapping[str, AboutValue]


#: What is expected of a part. ``maybe``: it is looked into for containers and appended trees, and
#: may have none; ``other``: it is only listed.
What = Literal["devicetree", "maybe", "other"]


class Problem(NamedTuple):
    """Why a container, or a part of it, is not as it should be; ``offset`` is a byte offset."""

    message: str
    offset: int | None = None


class Part(NamedTuple):
    """A member of a container."""

    name: str
    """Empty for the content of a container that has one only: it keeps the container's name."""
    data: bytes
    offset: int | None = None
    """Byte offset in the container, where it is stored as it is."""
    what: What = "devicetree"
    kind: str = ""
    """What the container says it is, such as ``kernel``."""
    about: Mapping[str, AboutValue] = {}
    problems: tuple[Problem, ...] = ()
    size: int | None = None
    """Its size, where ``data`` was not kept."""
    make: Callable[[], Tree] | None = None
    """Makes the devicetree when it is read, of a member that is made of others."""


class Contents(NamedTuple):
    """What a reader found, in file order."""

    parts: Sequence[Part] = ()
    about: Mapping[str, AboutValue] = {}
    notes: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    """What was passed over, a sentence each."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file or a member, and what is in it."""

    name: str = ""
    """As in :class:`Part`."""
    form: str = ""
    """The format: ``devicetree``, that of a container, or what the container says it is."""
    packing: tuple[str, ...] = ()
    """Compressions, the outermost first."""
    size: int = 0
    """Bytes, as stored in the container."""
    offset: int | None = None
    about: About = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    entries: tuple[Entry, ...] = ()
    data: bytes | None = None
    """What is read as an input; ``None`` for a container, and for what is only listed."""
    make: Callable[[], Tree] | None = None
    error: InputError | None = None
    """Why a member cannot be opened."""

    @property
    def is_input(self) -> bool:
        """Whether this is read as an input, or would be if it could be opened."""
        return self.data is not None or self.make is not None or self.error is not None

    def named(self, name: str) -> Entry:
        """The same under another name."""
        return replace(self, name=name)
