"""What to do about a finding."""

from __future__ import annotations

from collections.abc import Container, Iterator

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.edits import Edit


class Safety(NamedTuple):
    """Whether the edits of a rule's fixes may be made without a look at each, and why."""

    is_safe: bool
    reason: str


class Fix(NamedTuple):
    """One imperative sentence, and the edits that do what it says.

    Edits are given only where the input determines them: with all of them made, the finding is
    gone and there is no new one.
    """

    text: str
    edits: tuple[Edit, ...] = ()
    safety: Safety | None = None
    """Whether the edits are safe; what the rule says of all its fixes, unless this fix differs."""
    reveals: bool = False
    """Whether more of the firmware is read with the edits made: that may have faults of its own."""

    def __str__(self) -> str:
        return self.text

    @classmethod
    def setting(cls, text: str, *fields: tuple[Struct, str, int | str]) -> Fix:
        """A fix that sets fields of tables: structure, field and value of each."""
        from dtlink.firmware.edits import set_field

        return cls(text, tuple(set_field(*each) for each in fields))

    @classmethod
    def of(cls, fix: Fix | str) -> Fix:
        """A fix as it is; a sentence as a fix without edits."""
        return cls(fix) if isinstance(fix, str) else fix

    def without_edits_of(self, paths: Container[str]) -> Fix:
        """The fix; its sentence alone if an edit names one of the paths."""
        named = (path for edit in self.edits for path in _named(edit))
        return Fix(self.text) if any(path in paths for path in named) else self


def _named(edit: Edit) -> Iterator[str]:
    """The paths of the nodes that an edit names."""
    from dtlink.firmware.edits import AddNode, NodeRef, SetField, SetProperty

    if isinstance(edit, SetField):
        return
    yield edit.parent.path if isinstance(edit, AddNode) else edit.node.path
    if isinstance(edit, SetProperty):
        cells = (cell for part in edit.value if isinstance(part, tuple) for cell in part)
        yield from (cell.path for cell in cells if isinstance(cell, NodeRef))
