"""The result of dtschema for one devicetree."""

from __future__ import annotations

from dtlink.records import NamedTuple
from dtlink.typed import Any

_BASE = "http://devicetree.org/schemas/"


class SchemaError(NamedTuple):
    """One error of dtschema, with the members of the worker's answer."""

    node: str
    """The path of the node that was checked."""
    schema: str
    """The ``$id`` of the schema."""
    path: tuple[str | int, ...]
    """From the node to the invalid part: child nodes, a property, indexes of entries and cells."""
    keyword: str
    """The keyword of the schema that failed (``minItems``, ``required`` …), or ``deprecated``;
    empty if the schema forbids the property."""
    message: str
    expected: Any = None
    """The value of the keyword, if it is short and a plain type; for ``dependentRequired``, the
    property that requires another."""
    value: Any = None
    """The actual value, if it is short and a plain type."""
    length: int | None = None
    """The number of members of the value, if it is a list."""
    names: tuple[str, ...] = ()
    """The missing or unexpected properties."""
    choice: tuple[tuple[str, ...], ...] = ()
    """Groups of properties, one of which is required."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> SchemaError:
        """Return the error from one member of ``errors`` in the worker's answer."""
        listed = {"path": tuple(data["path"]), "names": tuple(data["names"])}
        choice = tuple(tuple(group) for group in data.get("choice", ()))
        return cls(**{**data, **listed, "choice": choice})

    @property
    def is_own(self) -> bool:
        """Whether the schema is one of dtlink's own."""
        return self.schema.startswith(_BASE + "dt/")

    @property
    def schema_name(self) -> str:
        """The ``$id`` of the schema without the common prefix."""
        return self.schema.removeprefix(_BASE).removesuffix("#")


class SchemaResult(NamedTuple):
    """The errors of one devicetree, or why there are none."""

    errors: tuple[SchemaError, ...] = ()
    note: str = ""
    """Why the devicetree was not checked, or which schema was ignored; else empty."""
    answered: bool = True
    """Whether the devicetree was checked."""
