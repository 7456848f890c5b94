"""Enumerations whose members are hashed by identity, in C: tables are looked up with them often.

``enum.Enum`` hashes a member's name, by a function in Python: three times as slow.
"""

from __future__ import annotations

from enum import Enum


class Member(Enum):
    """An enumeration that is a key of tables which are read for every device of a board."""

    __hash__ = object.__hash__
