"""What is read as one: a file, a folder of tables, or a member of a container."""

from __future__ import annotations

import os
from typing import NamedTuple

#: Between a container and its member, as the user writes it and as reports print it.
MEMBER = "!"


class Input(NamedTuple):
    """A path as the user wrote it, and a member where the file is a container of several."""

    path: str
    member: str = ""
    """Its name in the container; of a container in a container, both names with ``!`` between."""

    def __str__(self) -> str:
        return f"{self.path}{MEMBER}{self.member}" if self.member else self.path

    @classmethod
    def of(cls, named: Input | str) -> Input:
        """An input as it is; a text as :meth:`named`."""
        return cls.named(named) if isinstance(named, str) else named

    @classmethod
    def named(cls, text: str) -> Input:
        """What the user names: a file, or ``FILE!MEMBER`` if no file has that whole name."""
        if MEMBER not in text or os.path.lexists(text):
            return cls(text)
        path, _, member = text.partition(MEMBER)
        while MEMBER in member and not os.path.lexists(path):
            more, _, member = member.partition(MEMBER)
            path += MEMBER + more
        return cls(path, member) if member and os.path.lexists(path) else cls(text)
