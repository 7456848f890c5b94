"""A supplier property, or a #…-cells, that a schema requires is missing.

What it finds: a property that references suppliers, or makes a node one (``#iommu-cells``,
``msi-controller``), and that a schema requires of the node: of every such node (dtlink's own
schemas), or of this device (its binding, where ``--schema-dir`` brings it). Only with ``--schema``.
Why it matters: without these properties a node is no usable supplier. What a driver does without a
supplier that its binding requires is not specified: it may fail, or work without it.
What to do: add the property; or, if the hardware needs none, correct the binding.
References: dtlink's schemas/dt; Devicetree Specification v0.4, chapter 2; for devices, the bindings
in Documentation/devicetree/bindings of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.rules.model import Dts, Finding, Safety, Severity, rule
from dtlink.rules.schema._tell import schema_of, tell
from dtlink.schema.suppliers import SchemaFault, SchemaFaultKind


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(is_safe=False, reason="the driver may take the value for more than the schema says"),
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
def missing_property(board: TreeBoard) -> Iterator[Finding]:
    """Every required property that is missing."""
    yield from tell(missing_property, board, SchemaFaultKind.MISSING, _message, _effect, _fix)


def _message(fault: SchemaFault) -> str:
    node, error = fault.node.name or "/", fault.error
    if error.choice:
        groups = " or ".join(" and ".join(group) for group in error.choice)
        return f"{node} has none of {groups}, but {schema_of(fault)} requires one of them"
    if error.is_own and error.keyword == "dependentRequired":
        return f"{node} has {error.expected}, but no {fault.property_name}"
    because = f" beside {error.expected}" if error.keyword == "dependentRequired" else ""
    return f"{node} has no {fault.property_name}, which {schema_of(fault)} requires{because}"


def _effect(fault: SchemaFault) -> str:
    return (
        f"a driver written to the binding may require {fault.property_name}; without it, it may "
        f"fail to probe {fault.node.name or '/'}, or work without it"
    )


def _fix(fault: SchemaFault) -> str:
    return f"Add {fault.property_name} to {fault.node.path} as the binding describes it."
