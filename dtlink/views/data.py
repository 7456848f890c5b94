"""Results of commands as plain JSON data: one rule for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields
from typing import ClassVar

from dtlink.enums import Enum
from dtlink.typed import TYPE_CHECKING, Any, Literal
from dtlink.wording import counted

if TYPE_CHECKING:
    from typing import TypeAlias

    from dtlink.report.entries import Json
    from dtlink.report.layout import Line


class _Absent(Enum):
    ABSENT = "absent"

    def __bool__(self) -> Literal[False]:
        return False


#: The value of a field whose member is left out of the JSON data.
ABSENT = _Absent.ABSENT
Absent: TypeAlias = Literal[_Absent.ABSENT]

#: Members whose names are taken in Python.
_RENAMED = {"property_name": "property", "from_": "from"}


class JsonRow:
    """A dataclass whose fields are the members of a JSON object, in their order."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def to_json(self) -> Json:
        """The fields as plain JSON data."""
        return plain(self)


class CommandResult(JsonRow):
    """What a command makes of one input."""

    __slots__ = ()
    member: ClassVar[str]
    """The member of the report's input that has it."""

    def members(self) -> Mapping[str, Json]:
        """All members that the report's input gets."""
        return {self.member: self.to_json()}

    def to_dict(self) -> dict[str, Json]:
        """The result's members of the JSON document, as data."""
        return dict(self.members())

    def text(self) -> Iterator[Line]:
        """The lines that the command prints."""
        raise NotImplementedError

    def __str__(self) -> str:
        from dtlink.report.layout import plain

        return plain(self.text()).strip()

    def __repr__(self) -> str:
        """What it is about, and how many rows there are of each kind."""
        about = (_about(each.name, getattr(self, each.name)) for each in fields(self))
        return f"<{type(self).__name__}: {', '.join(filter(None, about))}>"


#: Names of fields whose singular is not without the ``s``.
_SINGULARS = {"entries": "entry", "media": "medium", "with gaps": "with gaps"}


def _about(name: str, value: object) -> str:
    if isinstance(value, (tuple, Mapping)):
        words = name.replace("_", " ")
        return counted(len(value), _SINGULARS.get(words, words.removesuffix("s")), words)
    if value is None or value is ABSENT or value == "":
        return ""
    if type(value) is int:
        return f"{name.replace('_', ' ')} {value}" if value else ""
    return str(value) if isinstance(value, str) else repr(value)


def plain(value: object) -> Json:
    """A value as JSON data: a row as an object, an enumeration by its value.

    Rows are nested as deep as a chain of suppliers is long: so this takes few frames a level.
    """
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, JsonRow):
        if value.__class__.to_json is not JsonRow.to_json and not isinstance(value, CommandResult):
            return value.to_json()
        members = ((name, getattr(value, field)) for field, name in _members(value.__class__))
        there = {name: each for name, each in members if each is not ABSENT}
        return dict(zip(there, map(plain, there.values()), strict=True))
    if isinstance(value, (tuple, list)):
        return list(map(plain, value))
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {str(plain(name)): plain(each) for name, each in value.items()}
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _members(kind: type[JsonRow]) -> tuple[tuple[str, str], ...]:
    """The fields of a row, each with the name of its member."""
    found = _MEMBERS.get(kind)
    if found is None:
        names = [field.name for field in fields(kind)]
        found = tuple((name, _RENAMED.get(name, name)) for name in names)
        _MEMBERS[kind] = found
    return found


_MEMBERS: dict[type[JsonRow], tuple[tuple[str, str], ...]] = {}
