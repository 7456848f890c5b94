"""What follows on the board where one of dtlink's own schemas is not met: one row each.

Device bindings have no rows: what a driver makes of a mismatch is the driver's to say. Where a
device does name a node that lacks its cells, ``phandle/missing-cells`` tells it: what is left here
is a supplier that nobody uses.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from dtlink.rules.model import Severity
from dtlink.schema.suppliers import SchemaFault, SchemaFaultKind

if TYPE_CHECKING:
    from collections.abc import Mapping


class Row(NamedTuple):
    """``schema`` is a file of ``schemas/dt``, ``name`` a pattern of property names."""

    schema: str
    name: str
    kind: SchemaFaultKind
    consequence: str
    """May name ``{node}`` and ``{property}``."""
    fix: str
    """May name ``{path}`` and ``{property}``."""
    severity: Severity = Severity.WARNING
    message: str = ""
    """As the fix; empty: the rule's own words."""


ROWS = (
    Row(
        "iommu",
        "#iommu-cells",
        SchemaFaultKind.MISSING,
        "no device can be put behind {node}: an entry of iommus that names it can't be read",
        "in {path}:  #iommu-cells = <…>;  as many cells as its stream IDs take",
        Severity.INFO,
        message="{node} is an IOMMU without #iommu-cells",
    ),
    Row(
        "iommu",
        "#iommu-cells",
        SchemaFaultKind.SHAPE,
        "the driver of {node} refuses the entries of its masters, or misreads them",
        "in {path}:  #iommu-cells  as its binding says, and entries of that length in its masters",
    ),
    Row(
        "iommu",
        "iommu-map",
        SchemaFaultKind.MISSING,
        "the mask does nothing: no device behind {node} gets an IOMMU by it",
        "in {path}:  iommu-map = <…>;  or  /delete-property/ iommu-map-mask;",
    ),
    Row(
        "msi",
        "msi-controller",
        SchemaFaultKind.MISSING,
        '"{path}: no msi-controller property, ITS ignored": no device gets an MSI from it',
        "in {path}:  msi-controller;",
        message="{node} is a GICv3 ITS without msi-controller",
    ),
    Row(
        "msi",
        "#msi-cells",
        SchemaFaultKind.MISSING,
        "no device that names {node} in msi-parent gets an MSI: the entry can't be read",
        "in {path}:  #msi-cells = <1>;",
        message="{node} is a GICv3 ITS without #msi-cells",
    ),
    Row(
        "msi",
        "#msi-cells",
        SchemaFaultKind.SHAPE,
        "the device IDs of those who name {node} in msi-parent are misread",
        "in {path}:  #msi-cells = <1>;  and entries of that length in msi-parent",
    ),
    Row(
        "msi",
        "msi-map",
        SchemaFaultKind.MISSING,
        "the mask does nothing: no device behind {node} gets an MSI controller by it",
        "in {path}:  msi-map = <…>;  or  /delete-property/ msi-map-mask;",
    ),
    Row(
        "interrupts",
        "#interrupt-cells",
        SchemaFaultKind.MISSING,
        "no interrupt that leads to {node} can be read",
        "in {path}:  #interrupt-cells = <…>;",
        Severity.INFO,
        message="{node} is an interrupt controller or nexus without #interrupt-cells",
    ),
    Row(
        "interrupts",
        "interrupt-map",
        SchemaFaultKind.MISSING,
        "the mask does nothing: {node} maps no interrupts",
        "in {path}:  interrupt-map = <…>;  or  /delete-property/ interrupt-map-mask;",
        Severity.INFO,
    ),
    Row(
        "interrupts",
        "interrupts",
        SchemaFaultKind.UNEXPECTED,
        "interrupts-extended wins: interrupts counts only behind the end of that list",
        "in {path}:  /delete-property/ interrupts;",
    ),
    Row(
        "gpio",
        "#gpio-cells",
        SchemaFaultKind.MISSING,
        "no device can name a GPIO of {node}: the entry can't be read",
        "in {path}:  #gpio-cells = <2>;",
        Severity.INFO,
        message="{node} is a GPIO controller without #gpio-cells",
    ),
    Row(
        "phandle",
        "*",
        SchemaFaultKind.SHAPE,
        "the first phandle counts, and whoever reads {property} passes over what is behind it",
        "leave one phandle in {property} of {path}",
    ),
    Row(
        "clock-defaults",
        "assigned-clocks",
        SchemaFaultKind.MISSING,
        "parents of no clock: the bus gives up the probe of {node} (rates alone do nothing)",
        "in {path}:  assigned-clocks = <…>;  one for each parent and rate",
    ),
    Row(
        "thermal",
        "#cooling-cells",
        SchemaFaultKind.SHAPE,
        '"wrong reference to cooling device, missing limits": no cooling map can use {node}',
        "in {path}:  #cooling-cells = <2>;",
    ),
    Row(
        "pinctrl",
        "pinctrl-*",
        SchemaFaultKind.MISSING,
        "there is no such state: a driver of {node} that selects it by name gets an error, and the "
        "kernel reads no state behind the gap",
        "in {path}:  {property} = <…>;  or take its name out of pinctrl-names",
        Severity.INFO,
        message="{node} has no {property}, although pinctrl-names or a later state counts it",
    ),
    Row(
        "names",
        "*",
        SchemaFaultKind.MISSING,
        "the names lead to no entry: a driver of {node} that asks for one by name gets an error",
        "in {path}:  {property} = <…>;  one entry for each name, or delete the names",
        Severity.INFO,
    ),
)

_BY_SCHEMA: Mapping[str, tuple[Row, ...]] = {
    schema: tuple(row for row in ROWS if row.schema == schema)
    for schema in {row.schema for row in ROWS}
}


def row_of(fault: SchemaFault) -> Row | None:
    """The row that a fault falls under; ``None`` for device bindings."""
    if not fault.error.is_own:
        return None
    schema = fault.error.schema_name.removeprefix("dt/").removesuffix(".yaml")
    rows = _BY_SCHEMA.get(schema, ())
    return next(
        (
            row
            for row in rows
            if row.kind is fault.kind and fnmatchcase(fault.property_name, row.name)
        ),
        None,
    )
