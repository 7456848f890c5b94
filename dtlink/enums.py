"""Enumerations: for programs that import dtlink those of :mod:`enum`, for the command quick ones.

The classes of the command are made in a tenth of the time that :mod:`enum` takes, without importing
it: each process makes some twenty before it reads its first byte. They do what those of ``enum``
do. Members of both are hashed by identity, in C, where ``enum`` calls Python: tables are looked up
with them often. To type checkers these are the names of :mod:`enum`.
"""

from __future__ import annotations

from dtlink import process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import Enum, IntEnum, auto
    from typing import Any

__all__ = ["Enum", "IntEnum", "auto"]


class _EnumMaker(type):
    """Makes a class of the values that a class statement assigns."""

    _members: dict[str, Any]
    _by_value: dict[Any, Any]

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _EnumMaker:
        values = {key: value for key, value in namespace.items() if _is_member(key, value)}
        others = {key: value for key, value in namespace.items() if key not in values}
        others["_members"], others["_by_value"] = members, by_value = {}, {}
        made = super().__new__(cls, name, bases, others)
        last = 0
        for key, given in values.items():
            value: Any = last + 1 if isinstance(given, _Next) else given
            last = value if isinstance(value, int) else last
            if value not in by_value:
                by_value[value] = _member(made, key, value)
            members[key] = by_value[value]
            type.__setattr__(made, key, by_value[value])
        return made

    def __call__(cls: Any, value: Any) -> Any:
        """The member of a value, or the member itself."""
        try:
            return value if type(value) is cls else cls._by_value[value]
        except (KeyError, TypeError):
            raise ValueError(f"{value!r} is not a valid {cls.__qualname__}") from None

    def __iter__(cls) -> Iterator[Any]:
        return iter(cls._by_value.values())

    def __reversed__(cls) -> Iterator[Any]:
        return reversed(cls._by_value.values())

    def __len__(cls) -> int:
        return len(cls._by_value)

    def __bool__(cls) -> bool:
        return True

    def __contains__(cls: Any, value: object) -> bool:
        return isinstance(value, cls) or value in list(cls._by_value)

    def __getitem__(cls, name: str) -> Any:
        return cls._members[name]

    @property
    def __members__(cls) -> dict[str, Any]:
        return dict(cls._members)

    def __setattr__(cls, name: str, value: object) -> None:
        if name in cls._members:
            raise AttributeError(f"cannot reassign member {name!r}")
        super().__setattr__(name, value)


def _is_member(key: str, value: object) -> bool:
    return key[:1] != "_" and not hasattr(value, "__get__")


def _member(made: Any, name: str, value: Any) -> Any:
    new: Any = int.__new__(made, value) if issubclass(made, int) else object.__new__(made)
    new.__dict__.update(name=name, value=value)
    return new


class _Next:
    """What stands for the next number."""


class _Member:
    """What all members have."""

    def __repr__(self: Any) -> str:
        return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

    def __str__(self: Any) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __format__(self, form: str) -> str:
        return format(str(self), form)

    def __reduce_ex__(self: Any, _: Any) -> Any:
        return type(self), (self.value,)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot set {name!r} of a member")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete {name!r} of a member")


class QuickEnum(_Member, metaclass=_EnumMaker):
    """The base of an enumeration, as ``enum.Enum`` is."""


class QuickIntEnum(_Member, int, metaclass=_EnumMaker):
    """The base of an enumeration whose members are numbers, as ``enum.IntEnum`` is."""

    __str__, __format__ = int.__repr__, int.__format__  # type: ignore[assignment]


if TYPE_CHECKING:
    pass
elif process.is_command:
    Enum, IntEnum, auto = QuickEnum, QuickIntEnum, _Next
else:
    from enum import Enum as _Enum
    from enum import IntEnum, auto
    from operator import attrgetter

    class Enum(_Enum):
        """The base of an enumeration: ``enum.Enum``, with what is asked often in C."""

        __hash__ = object.__hash__
        name = property(attrgetter("_name_"), doc="The name of the member.")
        value = property(attrgetter("_value_"), doc="The value of the member.")
