"""A damaged input: files, and the commands that read them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

#: In a command line: the folder of the input's files.
HERE = "$HERE"

Files = Mapping[str, bytes]
Call = Sequence[str]


class Made(NamedTuple):
    """What a reader's mutator makes."""

    files: Files
    """By their path in the input's folder; a path that ends in ``/`` is an empty folder."""
    calls: Sequence[Call]
    """Command lines; ``$HERE/name`` is a path in the folder."""


Maker = Callable[[random.Random], Made]


class Case(NamedTuple):
    """One damaged input, and what makes it again."""

    reader: str
    seed: int
    number: int
    files: Files
    calls: Sequence[Call]

    @property
    def command(self) -> str:
        """The command that runs this input alone."""
        return name_of(self.reader, self.seed, self.number)


def name_of(reader: str, seed: int, number: int) -> str:
    """The command that runs one input."""
    return f"python -m tests.fuzz --reader {reader} --seed {seed} --number {number}"


def case_of(reader: str, make: Maker, seed: int, number: int) -> Case:
    """The input of a reader, a seed and a number; no other input has a part in it."""
    chance = random.Random(f"{seed}/{reader}/{number}")  # noqa: S311 - repeatable is what it must be
    made = make(chance)
    return Case(reader, seed, number, made.files, made.calls)
