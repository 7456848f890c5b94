"""Which of dtschema's errors are about suppliers, and of which kind."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from dtlink.facts.bindings import BINDINGS, binding_of

if TYPE_CHECKING:
    from dtlink.firmware.tree import Node, Tree
    from dtlink.schema.model import SchemaError, SchemaResult

#: The properties of entry names, with the first list whose entries they name.
_LISTS = {
    row.resource.names: row.name for row in reversed(BINDINGS) if row.resource.names is not None
}
#: What else is told together with a list.
_TOGETHER = {"interrupts-extended": "interrupts", "#stream-id-cells": "mmu-masters"}

#: What makes a node a supplier, or tells how a map of suppliers is read.
_BESIDE = frozenset(
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


#: What the kernel's core reads on any device: it works where a device's binding does not have it.
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
    """What is wrong; the first of them that a property has is told."""

    MISSING = "it is not there"
    UNEXPECTED = "the schema does not have it"
    SHAPE = "its value is not one that the schema takes"
    NAMES = "the names of its entries are not those of the schema, or too many"
    DEPRECATED = "the schema has something newer"


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
    """The errors about enabled nodes."""

    faults: tuple[SchemaFault, ...] = ()
    others: int = 0
    """How many are about no supplier, or about a binding that does not speak of what works."""


def is_about_suppliers(name: str) -> bool:
    """Whether a property names suppliers, says how they are named, or makes a node one."""
    return name in _BESIDE or name in _LISTS or name in _cells() or binding_of(name) is not None


def names_of(name: str) -> str | None:
    """The property that names the entries of a list; ``None`` if they have no names."""
    binding = binding_of(name)
    return binding.resource.names if binding is not None else None


def listed_by(name: str) -> str:
    """The list that a property of names belongs to; any other property itself."""
    return _LISTS.get(name) or _TOGETHER.get(name, name)


def repeats(told: AbstractSet[tuple[str, str]], path: str, name: str) -> bool:
    """Whether a property of a node was told of: its list, its names, or the cells it lacks.

    ``told`` has node paths with property names; ``#`` stands for any cells property.
    """
    before = {listed_by(known) for place, known in told if place == path}
    return listed_by(name) in before or (name.startswith("#") and "#" in before)


def sort_out(tree: Tree, verdict: SchemaResult) -> SupplierFaults:
    """The faults that a verdict tells of suppliers, each property's once, in the tree's order."""
    faults: dict[tuple[int, str], SchemaFault] = {}
    others = 0
    for error in verdict.errors:
        node, rest = _place(tree, error)
        if node is None or node.index in tree.disabled:
            continue
        found = list(_faults(node, rest, error))
        others += not found
        for fault in found:
            key = node.index, listed_by(fault.property_name)
            if key not in faults or _rank(fault) < _rank(faults[key]):
                faults[key] = fault
    return SupplierFaults(tuple(faults[key] for key in sorted(faults)), others)


def _rank(fault: SchemaFault) -> tuple[bool, int, int]:
    """Own schemas first, since they know what follows; then by kind, and the nearest schema."""
    error = fault.error
    return not error.is_own, list(SchemaFaultKind).index(fault.kind), len(error.path)


def _place(tree: Tree, error: SchemaError) -> tuple[Node | None, tuple[str | int, ...]]:
    """The node that an error is about, below the one that was checked, and the path from there."""
    path, rest = error.node, error.path
    while rest and tree.find(f"{path.rstrip('/')}/{rest[0]}"):
        path, rest = f"{path.rstrip('/')}/{rest[0]}", rest[1:]
    return tree.find(path), rest


def _faults(node: Node, rest: tuple[str | int, ...], error: SchemaError) -> Iterator[SchemaFault]:
    if rest:
        name = str(rest[0])
        kind = _kind(name, error)
        if _matters(name, kind, error):
            index = rest[1] if len(rest) > 1 and isinstance(rest[1], int) else None
            yield SchemaFault(kind, node, name, error, index)
        return
    if error.choice and all(any(map(is_about_suppliers, group)) for group in error.choice):
        yield SchemaFault(SchemaFaultKind.MISSING, node, error.choice[0][0], error, None)
    kind = SchemaFaultKind.MISSING if "equired" in error.keyword else SchemaFaultKind.UNEXPECTED
    names = tuple(name for name in error.names if _matters(name, kind, error))
    if names:  # of what is unexpected on a node, one finding tells
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
    """Every property that says how many cells follow a phandle."""
    return frozenset(row.cells for row in BINDINGS if row.cells)
