"""A node has a supplier property that its schema does not have.

What it finds: a property that names suppliers, or makes a node one, on a node whose schema does not
know it, or forbids it beside another. Mostly it takes the device's binding (``--schema-dir``) to
tell. Only with ``--schema``.
Why it matters: the driver of such a device need not look at it, and it may be the misspelt form, or
the old name, of one that the driver does look at. fw_devlink makes the device wait for what it
names all the same, if it is one of the properties that it follows.
What to do: delete it, or write the property that was meant; if the hardware has that supplier, add
it to the binding.
References: Linux, drivers/of/property.c, of_supplier_bindings[]; dtlink's schemas/dt; for devices,
the bindings in Documentation/devicetree/bindings of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.links.bindings import binding_of
from dtlink.rules.board import Board
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.schema._tell import place, schema_of, tell
from dtlink.schema.suppliers import Fault, Kind


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
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
def unexpected_property(board: Board) -> Iterator[Finding]:
    """Every property that is there, and not in the schema."""
    yield from tell(unexpected_property, board, Kind.UNEXPECTED, _message, _consequence, _fix)


def _message(fault: Fault) -> str:
    has = "does not allow it there" if not fault.error.keyword else "does not have it"
    return f"{place(fault)}: {schema_of(fault)} {has}"


def _consequence(fault: Fault) -> str:
    binding = binding_of(fault.property_name)
    waits = binding is not None and binding.kernel and binding.orders_probe
    held = (
        f"; fw_devlink makes {fault.node.name} wait for the {binding.kind} all the same"
        if binding and waits
        else ""
    )
    return f"the driver of {fault.node.name or '/'} need not look at it{held}"


def _fix(fault: Fault) -> str:
    return (
        f"in {fault.node.path}:  /delete-property/ {fault.property_name};  or, if the hardware has "
        "it, add it to the binding"
    )
