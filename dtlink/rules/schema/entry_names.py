"""The names of a list's entries are more than the entries, or not those of the binding.

What it finds: ``clock-names``, ``reset-names``, ``interrupt-names`` and the like with more names
than their list has entries; and, where ``--schema-dir`` brings the device's binding, names, or an
order of them, that the binding does not have. Only with ``--schema``.
Why it matters: drivers ask for a clock or a reset line by its name, and the number of the name is
the number of the entry. A name behind the last entry leads nowhere; a name that a driver does not
know is not asked for, and the entry it was to ask for is not found.
What to do: write one name for each entry, as the binding has them, in the order of the entries.
References: Linux, drivers/clk/clk.c, of_parse_clkspec(), and its like; dtlink's
schemas/dt/names.yaml; for devices, the bindings in Documentation/devicetree/bindings of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.schema._tell import place, schema_of, several, tell
from dtlink.schema.suppliers import SchemaFault, SchemaFaultKind, names_of


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    yields=True,
    bad=Dts(
        """
        / {
            osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            cpu { compatible = "arm,cortex-a53"; clocks = <&osc>; clock-names = "cpu", "armpll"; };
        };
        """,
        finds=("/cpu:clocks",),
        schema=True,
    ),
    good=Dts(
        """
        / {
            osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            pll: pll { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <2>; };
            cpu {
                compatible = "arm,cortex-a53"; clocks = <&osc>, <&pll>;
                clock-names = "cpu", "armpll";
            };
        };
        """,
        schema=True,
    ),
)
def entry_names(board: Board) -> Iterator[Finding]:
    """Every list of names that does not fit."""
    yield from tell(entry_names, board, SchemaFaultKind.NAMES, _message, _consequence, _fix)


def _beyond(fault: SchemaFault) -> list[str]:
    """The names behind the last entry, where that is the fault."""
    names = list(fault.node.strings(_names_of(fault)))
    return names[fault.error.length :] if fault.error.is_own and fault.error.length else []


def _names_of(fault: SchemaFault) -> str:
    """The property with the names of a list that a fault is about."""
    return names_of(fault.property_name) or fault.property_name


def _message(fault: SchemaFault) -> str:
    error, names = fault.error, _names_of(fault)
    if beyond := _beyond(fault):
        total = error.length + len(beyond) if error.length else 0
        return (
            f"{names} of {fault.node.name} has {total} names, {fault.property_name} "
            f"{error.length} {'entry' if error.length == 1 else 'entries'}"
        )
    if error.keyword in {"const", "enum", "pattern"} and None not in (error.value, error.expected):
        wanted = error.expected if isinstance(error.expected, list) else [error.expected]
        return f'{place(fault)} has "{error.value}", {schema_of(fault)} has {_either(wanted)} there'
    if error.keyword in {"minItems", "maxItems"} and error.length is not None:
        most = "at least" if error.keyword == "minItems" else "at most"
        return (
            f"{place(fault)} has {error.length} names, {schema_of(fault)} takes {most} "
            f"{error.expected}"
        )
    if error.keyword in {"anyOf", "oneOf"}:
        return f"{place(fault)} fits none of the lists that {schema_of(fault)} gives"
    return f"{place(fault)} does not fit {schema_of(fault)}: {error.message}"


def _either(wanted: list[object]) -> str:
    text = [f'"{each}"' for each in wanted[:4]]
    return " or ".join(text) + (" or others" if len(wanted) > 4 else "")


def _consequence(fault: SchemaFault) -> str:
    if beyond := _beyond(fault):
        quoted = several([f'"{name}"' for name in beyond])
        verb = "leads" if len(beyond) == 1 else "lead"
        return f"{quoted} {verb} to no entry: a driver that asks by that name gets an error"
    return (
        f"a driver of {fault.node.name} that asks by the names of the binding does not find what "
        "is called otherwise"
    )


def _fix(fault: SchemaFault) -> str:
    if beyond := _beyond(fault):
        return (
            f"in {fault.node.path}:  add to {fault.property_name} what {several(beyond)} was to "
            f"name, or take it out of {_names_of(fault)}"
        )
    return f"in {fault.node.path}:  {fault.property_name} as the binding has it"
