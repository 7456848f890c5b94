"""The effects of violations of dtlink's own schemas: one row each.

Device bindings have no rows: what a driver does with a mismatch is not known. Where a device
references a node without its cells property, ``phandle/missing-cells`` reports it; here are only
suppliers that no property references.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from dtlink.records import NamedTuple
from dtlink.rules.model import Severity
from dtlink.schema.suppliers import SchemaFault, SchemaFaultKind
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtlink.firmware.edits import PropertyValue


class Row(NamedTuple):
    """``schema`` is a file of ``schemas/dt``, ``name`` a pattern of property names."""

    schema: str
    name: str
    kind: SchemaFaultKind
    effect: str
    """May name ``{node}`` and ``{property}``."""
    fix: str
    """May name ``{path}`` and ``{property}``."""
    severity: Severity = Severity.WARNING
    message: str = ""
    """As the fix; empty: the rule's own words."""
    value: PropertyValue | None = None
    """The only value that the property may have, which is then set; ``()``: no value."""


ROWS = (
    Row(
        "iommu",
        "#iommu-cells",
        SchemaFaultKind.MISSING,
        "no device can use {node}: an entry of iommus that references it cannot be parsed",
        "Add #iommu-cells = <…>; to {path}, as many cells as its stream IDs have.",
        Severity.INFO,
        message="{node} is an IOMMU without #iommu-cells",
    ),
    Row(
        "iommu",
        "#iommu-cells",
        SchemaFaultKind.SHAPE,
        "the driver of {node} refuses the entries of its masters, or misreads them",
        "Set #iommu-cells of {path} as its binding says, and write entries of that length.",
    ),
    Row(
        "iommu",
        "iommu-map",
        SchemaFaultKind.MISSING,
        "the mask has no effect: no device behind {node} gets an IOMMU by it",
        "Add iommu-map = <…>; to {path}, or delete iommu-map-mask.",
    ),
    Row(
        "msi",
        "msi-controller",
        SchemaFaultKind.MISSING,
        '"{path}: no msi-controller property, ITS ignored": no device gets an MSI from it',
        "Add msi-controller; to {path}.",
        message="{node} is a GICv3 ITS without msi-controller",
        value=(),
    ),
    Row(
        "msi",
        "#msi-cells",
        SchemaFaultKind.MISSING,
        "no device with {node} in msi-parent gets an MSI: the entry cannot be parsed",
        "Add #msi-cells = <1>; to {path}.",
        message="{node} is a GICv3 ITS without #msi-cells",
        value=((1,),),
    ),
    Row(
        "msi",
        "#msi-cells",
        SchemaFaultKind.SHAPE,
        "the device IDs of devices with {node} in msi-parent are misparsed",
        "Set #msi-cells = <1>; in {path}, and write entries of that length in msi-parent.",
    ),
    Row(
        "msi",
        "msi-map",
        SchemaFaultKind.MISSING,
        "the mask has no effect: no device behind {node} gets an MSI controller by it",
        "Add msi-map = <…>; to {path}, or delete msi-map-mask.",
    ),
    Row(
        "interrupts",
        "#interrupt-cells",
        SchemaFaultKind.MISSING,
        "no interrupt specifier for {node} can be parsed",
        "Add #interrupt-cells = <…>; to {path}.",
        Severity.INFO,
        message="{node} is an interrupt controller or nexus without #interrupt-cells",
    ),
    Row(
        "interrupts",
        "interrupt-map",
        SchemaFaultKind.MISSING,
        "the mask has no effect: {node} maps no interrupts",
        "Add interrupt-map = <…>; to {path}, or delete interrupt-map-mask.",
        Severity.INFO,
    ),
    Row(
        "interrupts",
        "interrupts",
        SchemaFaultKind.UNEXPECTED,
        "interrupts-extended wins: of interrupts, only entries beyond its end are read",
        "Delete interrupts from {path}.",
    ),
    Row(
        "gpio",
        "#gpio-cells",
        SchemaFaultKind.MISSING,
        "no device can use a GPIO of {node}: the entry cannot be parsed",
        "Add #gpio-cells = <2>; to {path}.",
        Severity.INFO,
        message="{node} is a GPIO controller without #gpio-cells",
    ),
    Row(
        "phandle",
        "*",
        SchemaFaultKind.SHAPE,
        "the first phandle is used, and the rest of {property} is ignored",
        "Keep one phandle in {property} of {path}.",
    ),
    Row(
        "clock-defaults",
        "assigned-clocks",
        SchemaFaultKind.MISSING,
        "parents of no clock: the bus fails the probe of {node} (rates alone have no effect)",
        "Add assigned-clocks = <…>; to {path}, one for each parent and rate.",
    ),
    Row(
        "thermal",
        "#cooling-cells",
        SchemaFaultKind.SHAPE,
        '"wrong reference to cooling device, missing limits": no cooling map can use {node}',
        "Set #cooling-cells = <2>; in {path}.",
        value=((2,),),
    ),
    Row(
        "pinctrl",
        "pinctrl-*",
        SchemaFaultKind.MISSING,
        "there is no such state: a driver of {node} that selects it by name gets an error, and the "
        "kernel reads no state after the gap",
        "Add {property} = <…>; to {path}, or remove its name from pinctrl-names.",
        Severity.INFO,
        message="{node} has no {property}, although pinctrl-names or a later state counts it",
    ),
    Row(
        "names",
        "*",
        SchemaFaultKind.MISSING,
        "the names have no entries: a driver of {node} that requests one by name gets an error",
        "Add {property} = <…>; to {path}, one entry for each name, or delete the names.",
        Severity.INFO,
    ),
)

_BY_SCHEMA: Mapping[str, tuple[Row, ...]] = {
    schema: tuple(row for row in ROWS if row.schema == schema)
    for schema in {row.schema for row in ROWS}
}


def row_of(fault: SchemaFault) -> Row | None:
    """The row of a fault; ``None`` for device bindings."""
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
