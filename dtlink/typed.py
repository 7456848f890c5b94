"""The names of :mod:`typing`; the command has them without importing it: a tenth of a cold lint.

The command evaluates no annotation (``from __future__ import annotations``), so that at run time
most names only have to be there, and a class needs nothing of its base. To programs that import
dtlink, to type checkers, and to ruff, these are the names of :mod:`typing` itself.
"""

from __future__ import annotations

from dtlink import process

__all__ = [
    "IO",
    "TYPE_CHECKING",
    "Any",
    "BinaryIO",
    "Generic",
    "Literal",
    "NoReturn",
    "NotRequired",
    "Protocol",
    "Self",
    "SupportsIndex",
    "TextIO",
    "TypeVar",
    "TypedDict",
    "Unpack",
    "cast",
    "overload",
]

TYPE_CHECKING = False
if TYPE_CHECKING or not process.is_command:
    from typing import (
        IO,
        Any,
        BinaryIO,
        Generic,
        Literal,
        NoReturn,
        NotRequired,
        Protocol,
        Self,
        SupportsIndex,
        TextIO,
        TypedDict,
        TypeVar,
        Unpack,
        cast,
        overload,
    )
else:

    class _Form:
        """Stands for whatever is written in an annotation, or made of it."""

        __slots__ = ()

        def __getitem__(self, _):
            return self

        def __or__(self, _):
            return self

        __ror__ = __or__

    IO = Any = BinaryIO = Literal = NoReturn = NotRequired = _Form()
    Self = SupportsIndex = TextIO = Unpack = Any

    def __getattr__(name):
        """What is not here is that of typing: dataclasses look for the very ClassVar."""
        if name.startswith("__"):
            raise AttributeError(name)  # the import system asks for __path__
        import typing

        return getattr(typing, name)

    class Generic:
        """The base of a generic class; of a class for some type it is the class."""

        __slots__ = ()

        def __class_getitem__(cls, _):
            return cls

    class Protocol(Generic):
        """The base of what only type checkers compare with."""

        __slots__ = ()

    class TypedDict(dict):
        """The base of dictionaries with known keys: what is made is a plain one."""

        def __new__(cls, *args, **values):
            return dict(*args, **values)

        def __init_subclass__(cls, *, total=True):
            del total

    def TypeVar(*_, **__):  # noqa: N802 - the name that it stands for
        """A variable of a generic class."""
        return Any

    def cast(_, value):
        """The value."""
        return value

    def overload(function):
        """The function."""
        return function
