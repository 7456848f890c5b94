"""Select dtschema's errors that are about suppliers, and classify them."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase
from functools import cache

from dtlink.enums import Enum
from dtlink.facts.bindings import BINDINGS, binding_of
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Node, Tree
    from dtlink.schema.model import SchemaError, SchemaResult

#: The properties of entry names, with the first list whose entries they name.
_LISTS = {
    row.resource.names: row.name for row in reversed(BINDINGS) if row.resource.names is not None
}
#: Properties whose errors are reported as errors of a list.
_TOGETHER = {"interrupts-extended": "interrupts", "#stream-id-cells": "mmu-masters"}

#: Properties that make a node a supplier, or change how a map of suppliers is read.
_RELATED = frozenset(
    (
        "#interrupt-cells",
        "assigned-clock-rates",
        "assigned-clock-rates-u64",
        "gpio-controller",
        "interrupt-controller",
        "interrupt-map-mask",
        "iommu-map-mask",
        "msi-controller",
        "msi-map-mask",
    )
)


#: Properties that kernel core code reads on any device: they work even if the binding lacks them.
_BY_CORE = (
    "#*-cells",
    "assigned-clock*",
    "gpio-controller",
    "gpio-ranges",
    "interrupt*",
    "iommu*",
    "msi-*",
    "pinctrl-*",
    "power-domains",
    "wakeup-parent",
)


class SchemaFaultKind(Enum):
    """Kinds of error; only the first one that applies to a property is reported."""

    MISSING = "the property is missing"
    UNEXPECTED = "the schema does not allow the property"
    SHAPE = "the schema does not allow the value"
    NAMES = "the names of the entries are wrong, or too many"
    DEPRECATED = "the schema marks the property as deprecated"


class SchemaFault(NamedTuple):
    """One error about one property of one node."""

    kind: SchemaFaultKind
    node: Node
    property_name: str
    error: SchemaError
    index: int | None  # type: ignore[assignment]  # the field's word; no tuple is searched
    also: tuple[str, ...] = ()
    """Further properties that the error is about."""


class SupplierFaults(NamedTuple):
    """The errors about suppliers of enabled nodes."""

    faults: tuple[SchemaFault, ...] = ()
    others: int = 0
    """The number of other errors: not about suppliers, or about what works without the binding."""


def is_about_suppliers(name: str) -> bool:
    """Whether a property references suppliers, names the references, or makes a node a supplier."""
    return name in _RELATED or name in _LISTS or name in _cells() or binding_of(name) is not None


def names_of(name: str) -> str | None:
    """Return the property that names the entries of a list; ``None`` if they have no names."""
    binding = binding_of(name)
    return binding.resource.names if binding is not None else None


def listed_by(name: str) -> str:
    """Return the list that a ``…-names`` property belongs to; for other properties ``name``."""
    return _LISTS.get(name) or _TOGETHER.get(name, name)


def repeats(reported: AbstractSet[tuple[str, str]], path: str, name: str) -> bool:
    """Whether another rule reports the same: for the list, its names, or the missing cells.

    ``reported`` are pairs of node path and property name; ``#`` means any cells property.
    """
    lists = {listed_by(known) for node, known in reported if node == path}
    return listed_by(name) in lists or (name.startswith("#") and "#" in lists)


def sort_out(tree: Tree, result: SchemaResult) -> SupplierFaults:
    """Return the faults about suppliers, at most one per property, in the order of the tree."""
    faults: dict[tuple[int, str], SchemaFault] = {}
    others = 0
    for error in result.errors:
        node, remaining = _place(tree, error)
        if node is None or node.index in tree.disabled:
            continue
        candidates = list(_faults(node, remaining, error))
        others += not candidates
        for fault in candidates:
            key = node.index, listed_by(fault.property_name)
            if key not in faults or _rank(fault) < _rank(faults[key]):
                faults[key] = fault
    return SupplierFaults(tuple(faults[key] for key in sorted(faults)), others)


def _rank(fault: SchemaFault) -> tuple[bool, int, int]:
    """Own schemas first, since they know the effect; then by kind, then the nearest schema."""
    error = fault.error
    return not error.is_own, list(SchemaFaultKind).index(fault.kind), len(error.path)


def _place(tree: Tree, error: SchemaError) -> tuple[Node | None, tuple[str | int, ...]]:
    """The innermost node that an error is about, and the remaining path from there."""
    path, remaining = error.node, error.path
    while remaining and tree.find(f"{path.rstrip('/')}/{remaining[0]}"):
        path, remaining = f"{path.rstrip('/')}/{remaining[0]}", remaining[1:]
    return tree.find(path), remaining


def _faults(
    node: Node, remaining: tuple[str | int, ...], error: SchemaError
) -> Iterator[SchemaFault]:
    if remaining:
        name = str(remaining[0])
        kind = _kind(name, error)
        if _matters(name, kind, error):
            index = remaining[1] if len(remaining) > 1 and isinstance(remaining[1], int) else None
            yield SchemaFault(kind, node, name, error, index)
        return
    if error.choice and all(any(map(is_about_suppliers, group)) for group in error.choice):
        yield SchemaFault(SchemaFaultKind.MISSING, node, error.choice[0][0], error, None)
    kind = SchemaFaultKind.MISSING if "equired" in error.keyword else SchemaFaultKind.UNEXPECTED
    names = tuple(name for name in error.names if _matters(name, kind, error))
    if names:  # one finding covers all unexpected properties of a node
        yield SchemaFault(kind, node, names[0], error, None, names[1:])


def _matters(name: str, kind: SchemaFaultKind, error: SchemaError) -> bool:
    by_core = any(fnmatchcase(name, pattern) for pattern in _BY_CORE)
    if by_core and kind is SchemaFaultKind.UNEXPECTED and not error.is_own:
        return False
    return is_about_suppliers(name)


def _kind(name: str, error: SchemaError) -> SchemaFaultKind:
    if error.keyword == "deprecated":
        return SchemaFaultKind.DEPRECATED
    if not error.keyword:
        return SchemaFaultKind.UNEXPECTED
    of_names = error.schema_name == "dt/names.yaml" and error.keyword == "minItems"
    return SchemaFaultKind.NAMES if name in _LISTS or of_names else SchemaFaultKind.SHAPE


@cache
def _cells() -> frozenset[str]:
    """All properties that define how many cells follow a phandle."""
    return frozenset(row.cells for row in BINDINGS if row.cells)
