"""What is read as one: a file, a folder of tables, or a member of a container."""

from __future__ import annotations

from typing import NamedTuple


class Input(NamedTuple):
    """A path as the user wrote it, and a member where the file is a container of several."""

    path: str
    member: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.member}" if self.member else self.path

    @classmethod
    def of(cls, named: Input | str) -> Input:
        """An input as it is; a path as an input."""
        return cls(named) if isinstance(named, str) else named
