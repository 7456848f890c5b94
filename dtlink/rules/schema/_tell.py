"""From the faults of one kind to findings: what all rules of this family tell alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dtlink.rules.model import Finding, Rule, Severity
from dtlink.rules.schema._own import row_of
from dtlink.schema.suppliers import SchemaFault, SchemaFaultKind

if TYPE_CHECKING:
    from dtlink.board.tree import Board

    Words = Callable[[SchemaFault], str]


def tell(
    rule: Rule, board: Board, kind: SchemaFaultKind, message: Words, consequence: Words, fix: Words
) -> Iterator[Finding]:
    """A finding for each fault; ``consequence`` and ``fix`` speak of device bindings.

    What a driver does where its binding is not met is not known here: such a finding is worth
    knowing, and no more.
    """
    for fault in board.schema_faults.faults:
        if fault.kind is kind:
            row = row_of(fault)
            yield rule.finding(
                fault.node,
                _fill(row.message, fault) if row and row.message else message(fault),
                property_name=fault.property_name,
                consequence=_fill(row.consequence, fault) if row else consequence(fault),
                fix=_fill(row.fix, fault) if row else fix(fault),
                severity=row.severity if row else None if fault.error.is_own else Severity.INFO,
                # Whether a driver asks for the names that are too many is not known either.
                likely=not fault.error.is_own or kind is SchemaFaultKind.NAMES,
            )._replace(index=fault.index)


def schema_of(fault: SchemaFault) -> str:
    """The schema, in a sentence."""
    if fault.error.is_own:
        return f"dtlink's {fault.error.schema_name.removeprefix('dt/')}"
    return f"the binding {fault.error.schema_name}"


def place(fault: SchemaFault) -> str:
    """A property as it is named in text: ``clocks of serial@1000``."""
    return f"{fault.property_name} of {fault.node.name or '/'}"


def several(words: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def _fill(text: str, fault: SchemaFault) -> str:
    return (
        text.replace("{node}", fault.node.name or "/")
        .replace("{path}", fault.node.path)
        .replace("{property}", fault.property_name)
    )
