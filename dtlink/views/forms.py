"""The form of JSON data that is read: what is on a disk is untyped until it was checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dtlink.firmware.errors import InputError

#: An object of JSON data.
Members = Mapping[str, Any]
#: The types of a value; a list of the form of each item; the forms of an object's members; or that
#: and null, as a tuple.
Form = Any

TEXT, NUMBER, FLAG, NONE = (str,), (int,), (bool,), (type(None),)

#: The first and the last of a range, or null.
PAIR = "a pair of numbers or null"

_NAMES = {str: "text", int: "a number", bool: "true or false", type(None): "null"}


def check(value: Any, form: Any, where: str) -> None:
    """Raise :class:`InputError` unless a value has a form; see :data:`Form`."""
    if form is PAIR:
        if value is not None and not _is_pair(value):
            raise InputError(f"{where} is not {PAIR}")
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


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and [type(each) for each in value] == [int, int]


def _check_members(value: Any, form: Mapping[str, Any], where: str) -> None:
    if not isinstance(value, dict):
        raise InputError(f"{where or 'the document'} is not an object")
    for name, below in form.items():
        place = f"{where}.{name}".lstrip(".")
        if name not in value:
            raise InputError(f"{place} is missing")
        check(value[name], below, place)
