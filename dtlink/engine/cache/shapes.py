"""Whether values are of the types that the fields of a record are annotated with.

An entry of the cache that is whole but of another form, however it came there, must not end a run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from dtlink.typed import Any

#: Whether a value is of a type.
Shape = Callable[[Any], bool]

#: What annotations call others, and records that they do not import.
_ALIASES = {
    "Edit": "SetProperty | DeleteProperty | AddNode",
    "PropertyValue": "tuple[str | bytes | Cells, ...]",
    "Cells": "tuple[int | Hex | NodeRef, ...]",
}


def _any(_: Any) -> bool:
    """The dots after the type of all items."""
    return True


def check(values: Iterable[Any], shapes: Iterable[Shape]) -> None:
    """Raise :class:`TypeError` for a value that is not of the shape in its place."""
    for value, fits in zip(values, shapes, strict=True):
        if not fits(value):
            raise TypeError(type(value).__name__)


@lru_cache(maxsize=64)
def shapes_of(record: Any) -> dict[str, Shape]:
    """The shapes of a record's fields, by their annotations."""
    return {name: _shape(record.__annotations__[name]) for name in record._fields}


@lru_cache(maxsize=64)
def _shape(annotation: str) -> Shape:
    return _either(iter(re.findall(r"\.\.\.|[\w.]+|[][|,]", annotation)))[0]


def _either(words: Iterator[str]) -> tuple[Shape, str]:
    """One of several types, and the word after them."""
    shapes, end = [], "|"
    while end == "|":
        name, inner = next(words), list[Shape]()
        end = next(words, "")
        if end == "[":
            while end != "]":
                shape, end = _either(words)
                inner.append(shape)
            end = next(words, "")
        shapes.append(_one(name, inner))
    if len(shapes) == 1:
        return shapes[0], end
    return lambda value: any(fits(value) for fits in shapes), end


def _one(name: str, inner: list[Shape]) -> Shape:
    """A type with those of its items; any other name is that of a record."""
    if name == "...":
        return _any
    if name in _ALIASES:
        return _shape(_ALIASES[name])
    if name in ("Sequence", "tuple") and inner:
        return _items(list if name == "Sequence" else tuple, inner)
    if name == "Mapping":
        key, item = inner
        return lambda value: (
            type(value) is dict and all(key(each) and item(value[each]) for each in value)
        )
    name = "NoneType" if name == "None" else name
    return lambda value: type(value).__name__ == name


def _items(kind: type, inner: list[Shape]) -> Shape:
    fits = inner[0]
    if len(inner) == 1 or inner[1] is _any:
        kinds = (tuple, kind)
        return lambda value: type(value) in kinds and all([fits(each) for each in value])  # noqa: C419 - sooner
    return lambda value: (
        type(value) is tuple
        and len(value) == len(inner)
        and all(shape(each) for shape, each in zip(inner, value, strict=True))
    )
