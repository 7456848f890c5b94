"""Findings from schema faults of one kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dtlink.rules.model import Finding, Fix, Rule, Severity
from dtlink.rules.schema._own import Row, row_of
from dtlink.schema.suppliers import SchemaFault, SchemaFaultKind
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard

    Words = Callable[[SchemaFault], str]
    Cure = Callable[[SchemaFault], Fix | str]


def tell(
    rule: Rule, board: TreeBoard, kind: SchemaFaultKind, message: Words, effect: Words, fix: Cure
) -> Iterator[Finding]:
    """A finding for each fault; ``effect`` and ``fix`` are those of device bindings.

    What a driver does with a violation of its binding is not known: such a finding is
    informational.
    """
    for fault in board.schema_faults.faults:
        if fault.kind is kind:
            row = row_of(fault)
            yield rule.finding(
                fault.node,
                _fill(row.message, fault) if row and row.message else message(fault),
                property_name=fault.property_name,
                effect=_fill(row.effect, fault) if row else effect(fault),
                fix=_fix(row, fault) if row else fix(fault),
                severity=row.severity if row else None if fault.error.is_own else Severity.INFO,
                # Whether a driver requests the surplus names is not known either.
                likely=not fault.error.is_own or kind is SchemaFaultKind.NAMES,
            )._replace(index=fault.index)


def schema_of(fault: SchemaFault) -> str:
    """The schema as part of a sentence."""
    if fault.error.is_own:
        return f"dtlink's {fault.error.schema_name.removeprefix('dt/')}"
    return f"the binding {fault.error.schema_name}"


def place(fault: SchemaFault) -> str:
    """A property as it is named in text: ``clocks of serial@1000``."""
    return f"{fault.property_name} of {fault.node.name or '/'}"


def _fix(row: Row, fault: SchemaFault) -> Fix:
    from dtlink.firmware.edits import SetProperty, ref

    text = _fill(row.fix, fault)
    if row.value is None:
        return Fix(text)
    return Fix(text, (SetProperty(ref(fault.node), fault.property_name, row.value),))


def _fill(text: str, fault: SchemaFault) -> str:
    return (
        text.replace("{node}", fault.node.name or "/")
        .replace("{path}", fault.node.path)
        .replace("{property}", fault.property_name)
    )
