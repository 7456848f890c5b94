"""A schema requires a supplier property, or a #…-cells, that is not there.

What it finds: a property that names suppliers, or makes a node one (``#iommu-cells``,
``msi-controller``), and that a schema requires of the node: of every such node (dtlink's own
schemas), or of this device (its binding, where ``--schema-dir`` brings it). Only with ``--schema``.
Why it matters: without what makes it a supplier, a node serves nobody. What a driver does without
a supplier that its binding requires is not written there: it may fail, or do without.
What to do: write the property; or, if the hardware needs none, correct the binding.
References: dtlink's schemas/dt; Devicetree Specification v0.4, chapter 2; for devices, the bindings
in Documentation/devicetree/bindings of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.schema._tell import schema_of, tell
from dtlink.schema.suppliers import SchemaFault, SchemaFaultKind


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    yields=True,
    bad=Dts(
        """
        / {
            msi-controller@1000 {
                compatible = "arm,gic-v3-its"; #msi-cells = <1>;
            };
            serial { compatible = "ns16550a"; clock-names = "baud"; };
        };
        """,
        finds=("/msi-controller@1000:msi-controller", "/serial:clocks"),
        schema=True,
    ),
    good=Dts(
        """
        / {
            osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            msi-controller@1000 {
                compatible = "arm,gic-v3-its"; msi-controller; #msi-cells = <1>;
            };
            serial { compatible = "ns16550a"; clocks = <&osc>; clock-names = "baud"; };
        };
        """,
        schema=True,
    ),
)
def missing_property(board: Board) -> Iterator[Finding]:
    """Every property that is required and not there."""
    yield from tell(missing_property, board, SchemaFaultKind.MISSING, _message, _consequence, _fix)


def _message(fault: SchemaFault) -> str:
    node, error = fault.node.name or "/", fault.error
    if error.choice:
        groups = " or ".join(" and ".join(group) for group in error.choice)
        return f"{node} has none of {groups}, and {schema_of(fault)} requires one of them"
    if error.is_own and error.keyword == "dependentRequired":
        return f"{node} has {error.expected}, and no {fault.property_name}"
    because = f" beside {error.expected}" if error.keyword == "dependentRequired" else ""
    return f"{node} has no {fault.property_name}, which {schema_of(fault)} requires{because}"


def _consequence(fault: SchemaFault) -> str:
    return (
        f"a driver written to the binding may count on {fault.property_name}; one that finds "
        f"{fault.node.name or '/'} without it may refuse the device, or do without"
    )


def _fix(fault: SchemaFault) -> str:
    return f"write {fault.property_name} in {fault.node.path}, as the binding describes it"
