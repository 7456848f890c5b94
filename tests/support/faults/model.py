"""What a seeded fault is: where it goes on a board, and what the lint must say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from dtlink.rules.model import Finding, Severity

if TYPE_CHECKING:
    from tests.support.faults.bed import Bed

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


#: Most faults fit on any board; a few have no device that is plain enough.
USUAL = 18


class Planted(NamedTuple):
    """Where the finding must be."""

    node: str
    """The path of its subject."""
    property_name: str | None = None
    index: int | None = None  # type: ignore[assignment]  # as in Finding
    """The entry of the property, if the rule is to say it."""
    touched: frozenset[str] = frozenset()
    """Other nodes that the fault spoils, where other rules may speak too."""
    together: frozenset[str] = frozenset()
    """Of these, and the node, all must be told in one finding, whichever is its subject."""

    def is_told_by(self, finding: Finding) -> bool:
        """Whether a finding of the right rule is about this."""
        told = {finding.subject.path, *finding.related}
        if self.together:
            return {self.node, *self.together} <= told
        return (
            finding.subject.path == self.node
            and self.property_name in (None, finding.property_name)
            and self.index in (None, finding.index)
        )


class Fault(NamedTuple):
    """One fault that can be put into a board."""

    rule: str
    """The id of the rule that must find it."""
    name: str
    severity: Severity
    """How serious the finding must be at least."""
    boards: int
    """On how many of the 20 boards, at least, there must be a place for it."""
    plant: Callable[[Bed], Planted | None]
    """Change the board; ``None`` if it has no suitable place."""

    @property
    def id(self) -> str:
        """The fault in one word, for the name of a test."""
        return f"{self.rule}:{self.name.replace(' ', '-')}"


def fault(
    rule: str, severity: Severity, boards: int = USUAL
) -> Callable[[Callable[[Bed], Planted | None]], Fault]:
    """Make a function that plants into a fault; its name is the fault's."""

    def make(plant: Callable[[Bed], Planted | None]) -> Fault:
        name = plant.__name__.strip("_").replace("_", " ")
        return Fault(rule, name, severity, boards, plant)

    return make


def faults_of(module: dict[str, object]) -> tuple[Fault, ...]:
    """All the faults in a module's names."""
    return tuple(value for value in module.values() if isinstance(value, Fault))
