"""The way of an ID through the entries of tables, as ``dtlink iort`` shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dtlink.report.layout import DIM, Line, Span, line
from dtlink.typed import TYPE_CHECKING, Literal
from dtlink.views.data import JsonRow

if TYPE_CHECKING:
    from typing import TypeAlias

#: Whose reading of the entries a walk follows.
Reading: TypeAlias = Literal["linux", "specification"]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class TranslationStep(JsonRow):
    """An entry that translates an ID."""

    node: str
    """The node that has the entry."""
    index: int
    id_in: int | None
    """``None``: the entry takes any ID."""
    id_out: int
    target: str
    entry: str = "mappings"
    """What the entry is called: ``mappings``, with ``index``; else an entry that is a node."""

    def text(self) -> Line:
        """Which ID becomes which, where, and by which entry."""
        place = f"mappings[{self.index}] of" if self.entry == "mappings" else "by"
        place = f"{self.entry} of" if self.entry.isupper() else place
        source = "any ID" if self.id_in is None else f"{self.id_in:#x}"
        return line(
            f"    {source} → {self.id_out:#x} at {self.target}  ",
            Span(f"{place} {self.node}", DIM),
        )


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class TranslationWalk(JsonRow):
    """The way of an ID to what is sought."""

    sought: str
    """``IOMMU`` or ``MSI controller``."""
    reading: Reading
    steps: tuple[TranslationStep, ...]
    found: str | None
    id: int | None
    """The ID that it has there."""
    end: str | None
    """Why nothing is found."""
    note: str | None = None
    """What the tables leave open."""

    def text(self) -> Iterator[Line]:
        """What is sought, and each step."""
        linux = self.reading == "linux"
        note = "" if linux else "  (as specified; Linux does not use it this way)"
        yield line(f"  {self.sought}", Span(note, DIM))
        for step in self.steps:
            yield step.text()
        if self.end:
            yield line(Span(f"    none: {self.end}", DIM))
        if self.note:
            yield line(Span(f"    {self.note}", DIM))
