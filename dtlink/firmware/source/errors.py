"""What is wrong in a source, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtlink.firmware.errors import InputError
from dtlink.wording import and_more

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtlink.firmware.tree import Location


class SourceFault(NamedTuple):
    """One thing that makes a source no devicetree."""

    message: str
    place: Location

    def __str__(self) -> str:
        by = "".join(f", included at {file}:{line}" for file, line in self.place.chain)
        return f"{self.place.file}:{self.place.line}:{self.place.column}: {self.message}{by}"


class SourceError(InputError):
    """A source that cannot be read; ``faults`` has all that is wrong, in the order of reading."""

    def __init__(self, faults: Sequence[SourceFault]) -> None:
        first, *rest = faults
        more = f" ({and_more(len(rest), 'fault')})" if rest else ""
        super().__init__(f"{first}{more}")
        self.faults = faults

    def __reduce__(self) -> tuple[object, ...]:
        return SourceError, (list(self.faults),)
