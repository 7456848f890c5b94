"""A node has a supplier property that its schema does not allow.

What it finds: a property that references suppliers, on a node whose schema does not have it, or
forbids it next to another. Mostly this requires the device's binding (``--schema-dir``). What the
kernel's core reads on any device (``iommus``, ``power-domains``, ``pinctrl-0`` …) works whatever
the binding says, and is not reported. Only with ``--schema``.
Why it matters: a driver written to the binding does not read it, and it may be the misspelt form,
or the old name, of one that the driver reads. If fw_devlink follows the property, the device waits
for its suppliers nevertheless.
What to do: delete it, or write the property that was meant; if the hardware has that supplier, add
it to the binding.
References: Linux, drivers/of/property.c, of_supplier_bindings[]; dtlink's schemas/dt; for devices,
the bindings in Documentation/devicetree/bindings of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.bindings import binding_of
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.schema._tell import schema_of, tell
from dtlink.schema.suppliers import SchemaFault, SchemaFaultKind
from dtlink.wording import joined


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    yields=True,
    bad=Dts(
        """
        / {
            gic: interrupt-controller { interrupt-controller; #interrupt-cells = <1>; };
            serial {
                compatible = "ns16550a"; interrupt-parent = <&gic>;
                interrupts = <5>; interrupts-extended = <&gic 6>;
            };
        };
        """,
        finds=("/serial:interrupts",),
        schema=True,
    ),
    good=Dts(
        """
        / {
            gic: interrupt-controller { interrupt-controller; #interrupt-cells = <1>; };
            serial { compatible = "ns16550a"; interrupts-extended = <&gic 6>; };
        };
        """,
        schema=True,
    ),
)
def unexpected_property(board: TreeBoard) -> Iterator[Finding]:
    """Every property that the schema does not have."""
    yield from tell(unexpected_property, board, SchemaFaultKind.UNEXPECTED, _message, _effect, _fix)


def _message(fault: SchemaFault) -> str:
    names = (fault.property_name, *fault.also)
    verb = "have" if fault.error.keyword else "allow"
    it = "them" if fault.also else "it"
    there = "" if fault.error.keyword else " there"
    whole = f"{joined(names)} of {fault.node.name or '/'}"
    return f"{whole}: {schema_of(fault)} does not {verb} {it}{there}"


def _effect(fault: SchemaFault) -> str:
    node, name = fault.node.name or "/", fault.property_name
    binding = binding_of(name)
    held = ""
    if binding and binding.kernel and binding.orders_probe:
        held = f"; fw_devlink makes it wait for the {binding.kind} nevertheless"
    return f"a driver of {node} written to the binding does not read {name}{held}"


def _fix(fault: SchemaFault) -> str:
    names = joined((fault.property_name, *fault.also))
    it = "them" if fault.also else "it"
    return (
        f"Delete {names} from {fault.node.path}; if the hardware has {it}, add {it} to the binding."
    )
