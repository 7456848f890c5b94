"""Named tuples whose classes are made in a tenth of the time that ``typing`` takes.

Each process makes some hundred of them before it reads its first byte. ``typing.NamedTuple``
compiles each annotation, and a constructor for each class; this one leaves the annotations alone,
and compiles one constructor for each number of fields. To type checkers it is
``typing.NamedTuple``.
"""

from __future__ import annotations

import sys
from types import FunctionType

from dtlink import process
from dtlink.constructors import CONSTRUCTORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NamedTuple, Self

__all__ = ["NamedTuple"]

try:
    # In C; what collections.namedtuple makes its own fields of.
    from collections import _tuplegetter as _getter  # type: ignore[attr-defined]
except ImportError:  # a Python without it
    from operator import itemgetter

    def _getter(index: int, doc: str) -> Any:
        return property(itemgetter(index), doc=doc)


#: Makes annotations resolvable in programs that import dtlink.
_late_annotations: Any = None
if not process.is_command:
    import typing

    from dtlink.hints import LateAnnotations

    _late_annotations = LateAnnotations.of

_GLOBALS = {"new": tuple.__new__, "__builtins__": {}}
#: What collections.namedtuple raises for a name that is not a field.
_UNEXPECTED = TypeError if sys.version_info >= (3, 13) else ValueError


class _Record(tuple):  # type: ignore[type-arg]  # of what, each record says
    """The methods that all named tuples have; those of :func:`collections.namedtuple`."""

    __slots__ = ()
    if TYPE_CHECKING:  # annotations here would be among the hints of each record
        _fields: tuple[str, ...]
        _field_defaults: dict[str, Any]

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Self:
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self, /, **values: Any) -> Self:
        made = tuple.__new__(type(self), map(values.pop, self._fields, self))
        if values:
            raise _UNEXPECTED(f"Got unexpected field names: {list(values)!r}")
        return made

    __replace__ = _replace  # for copy.replace(), since Python 3.13

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
        return f"{type(self).__name__}({fields})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)


class _RecordMaker(type):
    """Makes a class of the fields that a class statement annotates."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
        if not bases:
            return super().__new__(cls, name, bases, namespace)
        if "__annotate_func__" in namespace:  # Python 3.14
            raise TypeError(f"{name}: its module needs 'from __future__ import annotations'")
        fields = tuple(namespace.get("__annotations__", ()))
        defaults = {field: namespace[field] for field in fields if field in namespace}
        namespace |= {
            "__slots__": (),
            "__match_args__": fields,
            "__new__": _constructor(name, fields, tuple(defaults.values())),
            "_fields": fields,
            "_field_defaults": defaults,
        }
        for index, field in enumerate(fields):
            namespace[field] = _getter(index, "")
        if _late_annotations:
            given = namespace.get("__annotations__", {})
            namespace["__annotations__"] = _late_annotations(given, namespace["__module__"])
            namespace.setdefault("__orig_bases__", (typing.NamedTuple,))
        others = tuple(base for base in bases if type(base) is not cls)  # Generic
        return type(name, (_Record, *others), namespace)


def _constructor(name: str, fields: tuple[str, ...], defaults: tuple[Any, ...]) -> FunctionType:
    """``__new__`` of a class, from the code that all classes of as many fields share."""
    if len(fields) < len(CONSTRUCTORS):
        made = CONSTRUCTORS[len(fields)]
    else:
        names = ", ".join(f"_{index}" for index in range(len(fields)))
        made = eval(f"lambda _class, {names}: new(_class, ({names},))", _GLOBALS)  # noqa: S307 - own text
    return FunctionType(
        made.__code__.replace(
            co_varnames=("_class", *fields), co_name="__new__", co_qualname=f"{name}.__new__"
        ),
        _GLOBALS,
        "__new__",
        defaults,
    )


if not TYPE_CHECKING:

    class NamedTuple(metaclass=_RecordMaker):
        """The base of a named tuple, as ``typing.NamedTuple`` is."""
