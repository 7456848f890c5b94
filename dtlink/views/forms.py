"""The form of JSON data that is read: what is on a disk is untyped until it was checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dtlink.firmware.errors import InputError
from dtlink.typed import Any

#: An object of JSON data.
Members = Mapping[str, Any]
#: The types of a value; a :class:`Narrow` form; a list of the form of each item; the forms of an
#: object's members; or that and null, as a tuple.
Form = Any

TEXT, NUMBER, FLAG, NONE = (str,), (int,), (bool,), (type(None),)


@dataclass(frozen=True, slots=True)
class Narrow:
    """The form of some values of some types."""

    types: tuple[type, ...]
    name: str
    """What a value of another form is not."""
    holds: Callable[[Any], object]
    """Asked of values of the types but null."""


def matching(pattern: str, name: str, types: tuple[type, ...] = TEXT) -> Narrow:
    """Text that matches a pattern as a whole."""
    return Narrow(types, name, re.compile(pattern, re.DOTALL).fullmatch)


def one_of(*words: str) -> Narrow:
    """One of some words."""
    return Narrow(TEXT, f"one of {', '.join(words)}", frozenset(words).__contains__)


COUNT = Narrow(NUMBER, "a number from 0", lambda value: value >= 0)
#: A cell of a devicetree, or a field of a table as large.
CELL = Narrow(NUMBER, "a number of 32 bits", lambda value: 0 <= value < 1 << 32)
COUNT_OR_NONE = Narrow(NUMBER + NONE, "a number from 0, or null", lambda value: value >= 0)
#: A node, by its path or by its name in a table.
NODE = matching("(/|[A-Z]{4}/).*", "the path of a node")
#: The first and the last of a range, or null.
PAIR = Narrow(
    (list, *NONE),
    "a pair of numbers or null",
    lambda value: [type(each) for each in value] == [int, int] and min(value) >= 0,
)

_NAMES = {list: "a list", str: "text", int: "a number", bool: "true or false", type(None): "null"}


def check(value: Any, form: Any, where: str) -> None:
    """Raise :class:`InputError` unless a value has a form; see :data:`Form`."""
    if isinstance(form, Narrow):
        check(value, form.types, where)
        if value is not None and not form.holds(value):
            raise InputError(f"{where} is not {form.name}")
    elif isinstance(form, tuple) and isinstance(form[0], dict):
        if value is not None:
            check(value, form[0], where)
    elif isinstance(form, tuple):
        if type(value) not in form:
            raise InputError(f"{where} is not {' or '.join(_NAMES[each] for each in form)}")
    elif isinstance(form, list):
        if not isinstance(value, list):
            raise InputError(f"{where} is not a list")
        for number, each in enumerate(value):
            check(each, form[0], f"{where}[{number}]")
    else:
        _check_members(value, form, where)


def check_present(items: Iterable[Members], form: Mapping[str, Any], where: str) -> None:
    """Raise :class:`InputError` unless the members that are there have their forms."""
    for number, each in enumerate(items):
        check(each, {name: form[name] for name in form if name in each}, f"{where}[{number}]")


def _check_members(value: Any, form: Mapping[str, Any], where: str) -> None:
    if not isinstance(value, dict):
        raise InputError(f"{where or 'the document'} is not an object")
    for name, below in form.items():
        place = f"{where}.{name}".lstrip(".")
        if name not in value:
            raise InputError(f"{place} is missing")
        check(value[name], below, place)
