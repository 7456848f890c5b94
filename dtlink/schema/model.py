"""What dtschema says of one devicetree."""

from __future__ import annotations

from typing import Any, NamedTuple

_BASE = "http://devicetree.org/schemas/"


class SchemaError(NamedTuple):
    """One error of dtschema's, as it stands in the worker's answer."""

    node: str
    """The path of the node that was checked."""
    schema: str
    """The ``$id`` of the schema."""
    path: tuple[str | int, ...]
    """From the node to what is wrong: child nodes, a property, entries and cells by number."""
    keyword: str
    """The keyword of the schema that failed (``minItems``, ``required`` …), or ``deprecated``;
    empty where the schema forbids the property."""
    message: str
    expected: Any = None
    """What the keyword asks for, if that is short and plain; of ``dependentRequired``, the property
    that asks."""
    value: Any = None
    """What stands there, if that is short and plain."""
    length: int | None = None
    """How many members the value has, if it is a list."""
    names: tuple[str, ...] = ()
    """The properties that are missing, or unexpected."""
    choice: tuple[tuple[str, ...], ...] = ()
    """Of several groups of properties, one was to be there."""

    @classmethod
    def of(cls, told: dict[str, Any]) -> SchemaError:
        """From an answer."""
        listed = {"path": tuple(told["path"]), "names": tuple(told["names"])}
        choice = tuple(tuple(each) for each in told.get("choice", ()))
        return cls(**{**told, **listed, "choice": choice})

    @property
    def is_own(self) -> bool:
        """Whether the schema is one of dtlink's."""
        return self.schema.startswith(_BASE + "dt/")

    @property
    def schema_name(self) -> str:
        """The schema as its ``$id`` names it, without what all ids have."""
        return self.schema.removeprefix(_BASE).removesuffix("#")


class SchemaResult(NamedTuple):
    """All that dtschema says of one devicetree."""

    errors: tuple[SchemaError, ...] = ()
    note: str = ""
    """Why there is no answer, or what was left out; empty: nothing to add."""
    answered: bool = True
