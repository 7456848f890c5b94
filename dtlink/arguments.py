"""Arguments of public functions: each is taken by its kind, or refused with its name.

A wrong type is a :class:`TypeError`, a value that cannot be a :class:`ValueError`; both begin with
the name of the argument and say what is needed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    _T = TypeVar("_T")

#: What is iterable, but never several values.
_WHOLE = (str, bytes, bytearray, memoryview, Mapping, os.PathLike)
#: Bytes of a file.
BYTES = (bytes, bytearray, memoryview)


def refused(name: str, needed: str, value: object) -> TypeError:
    """The error for a value of a wrong type."""
    kind = value.__name__ if isinstance(value, type) else type(value).__name__
    what = f"the class {kind}" if isinstance(value, type) else kind
    return TypeError(f"{name}: {needed} is needed, not {what}")


def mapping(name: str, value: object, needed: str) -> Mapping[Any, Any]:
    """A mapping."""
    if not isinstance(value, Mapping):
        raise refused(name, needed, value)
    return value


def instance(name: str, value: object, kind: type[_T], needed: str) -> _T:
    """A value of a class."""
    if not isinstance(value, kind):
        raise refused(name, needed, value)
    return value


def text(name: str, value: object, needed: str = "a string") -> str:
    """A string."""
    return instance(name, value, str, needed)


def flags(**values: object) -> None:
    """Arguments that are True or False."""
    for name, value in values.items():
        instance(name, value, bool, "True or False")


def number(name: str, value: object, least: int, needed: str = "a number") -> int:
    """A whole number. Raises :class:`ValueError` for whatever is not one."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}: {needed} is needed, {least} or more, not {_short(value)}")
    return value


def choice(name: str, value: object, choices: Iterable[str]) -> str:
    """One of several words."""
    every = [*choices]
    found = text(name, value, f"one of {', '.join(every)}")
    if found not in every:
        raise ValueError(f"{name}: {_short(found)} is not one of {', '.join(every)}")
    return found


def path(name: str, value: object, needed: str = "a path (str or Path)") -> str:
    """A path, as text. An empty one is refused: as a path it would be the working folder."""
    if not isinstance(value, (str, os.PathLike)):
        raise refused(name, needed, value)
    found = os.fspath(value)
    if not isinstance(found, str):
        raise refused(name, needed, found)
    if wrong := _problem(found):
        raise ValueError(f"{name}: {wrong}")
    return found


def _problem(found: str) -> str:
    """Why a text is not a path; empty if it may be one."""
    if not found:
        return "a path is needed, not an empty string"
    if "\0" in found:
        return "a path can't have a NUL in it"
    try:
        os.fsencode(found)
    except UnicodeEncodeError:
        return f"{found!a} can't be the path of a file"
    return ""


def paths(name: str, value: object) -> list[str]:
    """One path, or several."""
    needed = "a path (str or Path), or several,"
    return [path(name, each, needed) for each in several(name, value, needed, os.PathLike)]


def words(name: str, value: object, needed: str = "a string, or several,") -> tuple[str, ...]:
    """One string, or several."""
    return tuple(text(name, each, needed) for each in several(name, value, needed))


def several(name: str, value: object, needed: str, *also: type) -> Iterable[Any]:
    """What is given one by one; text, and what is of one of the classes, is one."""
    if isinstance(value, (str, *also)):
        return (value,)
    if not are_several(value):
        raise refused(name, needed, value)
    return value  # type: ignore[return-value]  # it is iterable


def are_several(value: object) -> bool:
    """Whether a value holds others: text, bytes and files, which are iterable, do not."""
    is_file = hasattr(value, "read")  # an open one has lines
    return isinstance(value, Iterable) and not isinstance(value, _WHOLE) and not is_file


def _short(value: object) -> str:
    """A value in a message; of a long one the beginning."""
    shown = ascii(value) if isinstance(value, str) else repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."
