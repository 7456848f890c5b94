"""The rows that tables are made of: fields, read and written by the same declaration.

A structure is a class whose attributes are its fields:

>>> class Mapping(Struct):
...     WORD = "map"
...     SIZE = 20
...     input_base = U32(0)
...     count = U32(4)

Reading is lazy: a field is taken from the bytes when it is asked for, and is its default where the
structure ends before it. All numbers are little-endian (ACPI specification, 5.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar

from dtlink.records import NamedTuple
from dtlink.typed import Any, Generic, TypeVar, overload

T = TypeVar("T")
StructT = TypeVar("StructT", bound="Struct")
Value = int | str | bytes | Sequence[int]


class Field(Generic[T]):
    """One field: ``offset`` and ``size`` in bytes from the start of its structure.

    ``since`` is the first revision of the structure that has it; ``default`` is what is written
    where nothing else is said, and read where there is no such field.
    """

    def __init__(
        self, offset: int, size: int, default: T, *, since: int = 0, reserved: int = 0
    ) -> None:
        self.offset = offset
        self.size = size
        self.default = default
        self.since = since
        self.reserved = reserved
        """The bits that must be 0."""
        self.refers_to: tuple[str, ...] = ()
        """The words of the structures that it may refer to, by their offset in the table."""
        self.name: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, owner: None, kind: type) -> Field[T]: ...
    @overload
    def __get__(self, owner: Struct, kind: type) -> T: ...
    def __get__(self, owner: Struct | None, kind: type) -> Field[T] | T:
        if owner is None:
            return self
        return self.read(owner) if self.lies_in(owner) else self.default

    def lies_in(self, owner: Struct) -> bool:
        """Whether a structure is long and new enough to have the field."""
        last = owner.start + self.offset + self.size
        fields_end = owner.fields_end if owner.ENDS_EARLY else owner.end
        if last > fields_end or last > len(owner.data):
            return False
        return not self.since or owner.revision >= self.since

    def read(self, owner: Struct) -> T:
        """The value in a structure that has the field."""
        raise NotImplementedError

    def write(self, value: Value) -> bytes:
        """The bytes of a value."""
        raise NotImplementedError


class UInt(Field[int]):
    """A number."""

    def __init__(
        self, offset: int, size: int, default: int = 0, *, since: int = 0, reserved: int = 0
    ) -> None:
        super().__init__(offset, size, default, since=since, reserved=reserved)

    @overload
    def __get__(self, owner: None, kind: type) -> Field[int]: ...
    @overload
    def __get__(self, owner: Struct, kind: type) -> int: ...
    def __get__(self, owner: Struct | None, kind: type) -> Field[int] | int:
        # As of a Field, in one call: a table of 1 MB has a million of them.
        if owner is None:
            return self
        at = owner.start + self.offset
        last = at + self.size
        if (
            last > (owner.fields_end if owner.ENDS_EARLY else owner.end)
            or last > len(owner.data)
            or (self.since and owner.revision < self.since)
        ):
            return self.default
        return int.from_bytes(owner.data[at:last], "little")

    def read(self, owner: Struct) -> int:
        at = owner.start + self.offset
        return int.from_bytes(owner.data[at : at + self.size], "little")

    def write(self, value: Value) -> bytes:
        if not isinstance(value, int) or not 0 <= value < 1 << 8 * self.size:
            raise ValueError(f"{self.name} is a number of {self.size} bytes, not {value!r}")
        return value.to_bytes(self.size, "little")


class U8(UInt):
    """A number of one byte."""

    def __init__(self, offset: int, default: int = 0, *, since: int = 0, reserved: int = 0) -> None:
        super().__init__(offset, 1, default, since=since, reserved=reserved)


class U16(UInt):
    """A number of two bytes."""

    def __init__(self, offset: int, default: int = 0, *, since: int = 0, reserved: int = 0) -> None:
        super().__init__(offset, 2, default, since=since, reserved=reserved)


class U32(UInt):
    """A number of four bytes."""

    def __init__(self, offset: int, default: int = 0, *, since: int = 0, reserved: int = 0) -> None:
        super().__init__(offset, 4, default, since=since, reserved=reserved)


class U64(UInt):
    """A number of eight bytes."""

    def __init__(self, offset: int, default: int = 0, *, since: int = 0, reserved: int = 0) -> None:
        super().__init__(offset, 8, default, since=since, reserved=reserved)


class OffsetOf(UInt):
    """The byte offset, in the table, of the first byte of another structure."""

    def __init__(self, offset: int, size: int, refers_to: tuple[str, ...]) -> None:
        super().__init__(offset, size)
        self.refers_to = refers_to


class Chars(Field[str]):
    """Characters of a fixed number of bytes, padded with NUL or blanks."""

    def __init__(self, offset: int, size: int, default: str = "") -> None:
        super().__init__(offset, size, default)

    def read(self, owner: Struct) -> str:
        at = owner.start + self.offset
        return owner.data[at : at + self.size].decode("latin-1").rstrip("\0 ")

    def write(self, value: Value) -> bytes:
        return str(value).encode("latin-1")[: self.size].ljust(self.size, b"\0")


class Text(Field[str]):
    """Characters up to a NUL, or up to where the fields of the structure end."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset, 1, "")

    def read(self, owner: Struct) -> str:
        return self.raw(owner).partition(b"\0")[0].decode("latin-1")

    def raw(self, owner: Struct) -> bytes:
        """All the bytes that the name may take, the NUL and padding among them."""
        return owner.data[owner.start + self.offset : owner.fields_end]

    def write(self, value: Value) -> bytes:
        return str(value).encode("latin-1") + b"\0"


class Numbers(Field[tuple[int, ...]]):
    """An array of numbers of ``width`` bytes each; ``counted_by`` is the field that counts them."""

    def __init__(self, offset: int, width: int, counted_by: str) -> None:
        super().__init__(offset, 0, ())
        self.width = width
        self.counted_by = counted_by

    def read(self, owner: Struct) -> tuple[int, ...]:
        return self.first(owner)

    def first(self, owner: Struct, most: int | None = None) -> tuple[int, ...]:
        """The numbers of a structure, or the first of them: a hostile table has thousands."""
        start = owner.start + self.offset
        room = max(owner.fields_end - start, 0) // self.width
        announced: int = getattr(owner, self.counted_by)
        number = min(announced, room) if most is None else min(announced, room, most)
        ends = range(start, start + number * self.width, self.width)
        return tuple(int.from_bytes(owner.data[at : at + self.width], "little") for at in ends)

    def write(self, value: Value) -> bytes:
        if isinstance(value, str | bytes):
            raise ValueError(f"{self.name} are numbers, not {value!r}")  # noqa: TRY004 - callers catch ValueError
        numbers = [value] if isinstance(value, int) else value
        return b"".join(number.to_bytes(self.width, "little") for number in numbers)


class Part(NamedTuple):
    """Structures that a structure holds.

    ``counted_by`` and ``at`` are the holder's fields that say how many there are and where, in
    bytes from the start of the holder; with neither they follow the fixed part, to the end.
    """

    kinds: tuple[type[Struct], ...]
    counted_by: str = ""
    at: str = ""


class Struct:
    """Bytes of a table, seen through rows.

    ``data`` is the whole table, ``start`` and ``end`` are byte offsets in it. ``owner`` is the
    structure that holds this one, ``entry`` its number there.
    """

    TABLE: ClassVar[str] = ""
    """The signature of the table it belongs to."""
    WORD: ClassVar[str] = ""
    """What it is called, in messages and in examples."""
    MEMBER: ClassVar[str] = ""
    """What a finding calls the array of its owner that it is an entry of, if it is one."""
    TYPE: ClassVar[int] = -1
    """The number in its ``type`` field, if it has one."""
    SIZE: ClassVar[int] = 0
    """Bytes of the fixed part."""
    LEAST: ClassVar[int] = 0
    """Bytes of the fixed part in the oldest revision, where later ones made it longer."""
    ARRAYS_FROM: ClassVar[int] = 0
    """Offset before which no array of it can begin, where that is less than ``SIZE``."""
    PARTS: ClassVar[tuple[Part, ...]] = ()
    ALIGN: ClassVar[int] = 1
    """Its length is padded to a multiple of this when it is written."""
    ENDS_EARLY: ClassVar[bool] = False
    """Whether ``fields_end`` may be before ``end``."""

    __slots__ = ("_path", "data", "end", "entry", "index", "owner", "start")
    _path: str

    def __init__(
        self, data: bytes, start: int, end: int, owner: Struct | None = None, entry: int = 0
    ) -> None:
        self.data: bytes = data
        self.start: int = start
        self.end: int = end
        self.owner: Struct | None = owner
        self.entry: int = entry
        self.index: int = 0
        """Its number among the nodes of its machine; 0 if it is none."""

    def __init_subclass__(cls) -> None:
        cls.ENDS_EARLY = cls.fields_end is not Struct.fields_end

    def __repr__(self) -> str:
        return f"<{self.path}>"

    @property
    def revision(self) -> int:
        """The revision that determines which fields there are; structures that have one say it."""
        return 0

    @property
    def fields_end(self) -> int:
        """Byte offset at which the fields end and what the structure holds begins."""
        return self.end

    def has(self, name: str) -> bool:
        """Whether the structure is long and new enough to have a field."""
        return type(self).fields()[name].lies_in(self)

    def offset(self, name: str | None = None) -> int:
        """Byte offset, in the table, of a field, or of the structure itself."""
        field = type(self).fields().get(name) if name else None
        return self.start + (field.offset if field else 0)

    @property
    def identity(self) -> str:
        """What identifies it among its kind, whatever its offset; empty if nothing does."""
        return ""

    @property
    def path(self) -> str:
        """Its name: table, kind, offset and, where it has one, its identity.

        It is made once: each finding and each link asks for it several times.
        """
        try:
            return self._path
        except AttributeError:
            self._path = f"{self.TABLE}/{self.name}"
            return self._path

    @property
    def name(self) -> str:
        """The name without the table."""
        identity = self.identity
        told = f" ({identity})" if identity else ""
        return f"{self.WORD}@{self.start:#x}{told}"

    @classmethod
    @lru_cache(maxsize=256)
    def fields(cls) -> Mapping[str, Field[Any]]:
        """All fields, by name, in the order of their offsets."""
        found = {
            name: field
            for kind in reversed(cls.__mro__)
            for name, field in vars(kind).items()
            if isinstance(field, Field)
        }
        return dict(sorted(found.items(), key=lambda item: item[1].offset))

    @classmethod
    def least(cls) -> int:
        """Bytes that every structure of the kind has."""
        return cls.LEAST or cls.SIZE

    def array(self, kind: type[StructT], count: int, at: int) -> tuple[StructT, ...]:
        """The entries of an array that lie within the structure, whole ones only.

        ``at`` is in bytes from the start of the structure.
        """
        start, size = self.start + at, kind.SIZE
        if at < (self.ARRAYS_FROM or self.SIZE) or start > self.end:
            return ()
        number = min(count, (self.end - start) // size)
        return tuple(
            kind(self.data, place, place + size, self, entry)
            for entry, place in enumerate(range(start, start + number * size, size))
        )

    def members(self) -> Iterator[Struct]:
        """The entries of its arrays, as ``PARTS`` declares them."""
        for part in self.PARTS:
            kind = part.kinds[0]
            if kind.MEMBER and part.at:
                count = getattr(self, part.counted_by) if part.counted_by else 1
                yield from self.array(kind, count, getattr(self, part.at))

    def nonzero_reserved(self) -> Iterator[tuple[str, int]]:
        """The fields that it has, and the reserved bits in them that are set."""
        for name, field in type(self).fields().items():
            if field.reserved and self.has(name) and (bits := getattr(self, name) & field.reserved):
                yield name, bits
