"""A supplier property, or a #…-cells, has a value that its schema does not allow.

What it finds: too few or too many entries, a number that is not among those allowed, a list where
one phandle is read. Faults that show without a schema (a phandle that no node has, a truncated
entry) are reported by the rules ``phandle/…``. Only with ``--schema``.
Why it matters: the device waits for the suppliers of entries that no driver reads, and entries that
a driver needs are missing.
What to do: write a value that the schema allows; or, if the hardware differs, correct the binding.
References: dtlink's schemas/dt; for devices, the bindings in Documentation/devicetree/bindings of
the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.rules.model import Dts, Finding, Safety, Severity, rule
from dtlink.rules.schema._tell import place, schema_of, tell
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
            a: regulator-a { compatible = "regulator-fixed"; regulator-name = "a"; };
            b: regulator-b { compatible = "regulator-fixed"; regulator-name = "b"; };
            mmc { compatible = "vendor,mmc"; vmmc-supply = <&a &b>; };
            fan { compatible = "pwm-fan"; #cooling-cells = <1>; };
        };
        """,
        finds=("/mmc:vmmc-supply", "/fan:#cooling-cells"),
        schema=True,
    ),
    good=Dts(
        """
        / {
            a: regulator-a { compatible = "regulator-fixed"; regulator-name = "a"; };
            b: regulator-b { compatible = "regulator-fixed"; regulator-name = "b"; };
            mmc { compatible = "vendor,mmc"; vmmc-supply = <&a>; vqmmc-supply = <&b>; };
            fan { compatible = "pwm-fan"; #cooling-cells = <2>; };
        };
        """,
        schema=True,
    ),
)
def property_shape(board: TreeBoard) -> Iterator[Finding]:
    """Every value that does not match."""
    yield from tell(property_shape, board, SchemaFaultKind.SHAPE, _message, _effect, _fix)


def _message(fault: SchemaFault) -> str:
    return f"{place(fault)} {_what(fault)}"


def _what(fault: SchemaFault) -> str:
    error, schema = fault.error, schema_of(fault)
    if error.schema_name == "dt/phandle.yaml":
        return "is a list, but may reference one node only"
    depth = len(error.path) - error.path.index(fault.property_name)
    unit = {1: "entry" if error.length == 1 else "entries", 2: "cells in an entry"}.get(
        depth, "members"
    )
    if error.keyword in {"minItems", "maxItems"} and error.length is not None:
        most = "at least" if error.keyword == "minItems" else "at most"
        return f"has {error.length} {unit}, {schema} allows {most} {error.expected}"
    if error.keyword in {"const", "enum"} and None not in (error.expected, error.value):
        wanted = error.expected if isinstance(error.expected, list) else [error.expected]
        return f"is {error.value}, {schema} allows {' or '.join(map(str, wanted))}"
    if error.keyword in {"minimum", "maximum"} and error.value is not None:
        least = "at least" if error.keyword == "minimum" else "at most"
        return f"is {error.value}, {schema} allows {least} {error.expected}"
    if error.keyword in {"anyOf", "oneOf"}:
        return f"matches none of the forms of {schema}"
    return f"does not match {schema}: {error.message}"


def _effect(fault: SchemaFault) -> str:
    node = fault.node.name or "/"
    if fault.error.keyword == "minItems":
        return f"a driver of {node} written to the binding reads more entries"
    if fault.error.keyword == "maxItems":
        return f"a driver of {node} written to the binding ignores the further entries"
    return f"a driver of {node} written to the binding does not expect it"


def _fix(fault: SchemaFault) -> str:
    return f"Write {fault.property_name} of {fault.node.path} as the binding describes it."
