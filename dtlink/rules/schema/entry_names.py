"""A list has more names than entries, or names that the binding does not have.

What it finds: ``clock-names``, ``reset-names``, ``interrupt-names`` and the like with more names
than their list has entries; and, where ``--schema-dir`` brings the device's binding, names, or an
order of them, that the binding does not have. Only with ``--schema``.
Why it matters: drivers request a clock or a reset line by its name, and the index of the name is
the index of the entry. A name after the last entry has no entry; an entry with a name that the
driver does not know is not found.
What to do: write one name for each entry, as the binding has them, in the order of the entries.
References: Linux, drivers/clk/clk.c, of_parse_clkspec(), and its like; dtlink's
schemas/dt/names.yaml; for devices, the bindings in Documentation/devicetree/bindings of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule
from dtlink.rules.schema._tell import place, schema_of, tell
from dtlink.schema.suppliers import SchemaFault, SchemaFaultKind, names_of
from dtlink.wording import counted, joined, noun


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "an entry may be what is missing"),
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
def entry_names(board: TreeBoard) -> Iterator[Finding]:
    """Every list of names that does not fit."""
    yield from tell(entry_names, board, SchemaFaultKind.NAMES, _message, _effect, _fix)


def _beyond(fault: SchemaFault) -> list[str]:
    """The names after the last entry, where that is the fault."""
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
            f"{names} of {fault.node.name} has {total} names, but {fault.property_name} has "
            f"{counted(error.length or 0, 'entry', 'entries')}"
        )
    if error.keyword in {"const", "enum", "pattern"} and None not in (error.value, error.expected):
        wanted = error.expected if isinstance(error.expected, list) else [error.expected]
        return f'{place(fault)} has "{error.value}", {schema_of(fault)} has {_either(wanted)} there'
    if error.keyword in {"minItems", "maxItems"} and error.length is not None:
        most = "at least" if error.keyword == "minItems" else "at most"
        return (
            f"{place(fault)} has {error.length} names, {schema_of(fault)} allows {most} "
            f"{error.expected}"
        )
    if error.keyword in {"anyOf", "oneOf"}:
        return f"{place(fault)} matches none of the lists of {schema_of(fault)}"
    return f"{place(fault)} does not match {schema_of(fault)}: {error.message}"


def _either(wanted: list[object]) -> str:
    text = [f'"{each}"' for each in wanted[:4]]
    return " or ".join(text) + (" or others" if len(wanted) > 4 else "")


def _effect(fault: SchemaFault) -> str:
    if beyond := _beyond(fault):
        quoted = joined(f'"{name}"' for name in beyond)
        verb = noun(len(beyond), "has", "have")
        return f"{quoted} {verb} no entry: a driver that requests one by that name gets an error"
    return (
        f"a driver of {fault.node.name} that uses the names of the binding does not find entries "
        "with other names"
    )


def _fix(fault: SchemaFault) -> Fix | str:
    from dtlink.firmware.edits import SetProperty, ref

    if beyond := _beyond(fault):
        names, node = _names_of(fault), fault.node
        quoted = joined(f'"{name}"' for name in beyond)
        kept = tuple(node.strings(names))[: fault.error.length]
        return Fix(
            f"Remove {quoted} from {names} of {node.path}, or add "
            f"{noun(len(beyond), 'its entry', 'their entries')} to {fault.property_name}.",
            (SetProperty(ref(node), names, kept),),
        )
    return f"Write {fault.property_name} of {fault.node.path} as the binding says."
