"""What is wrong in a source, and where."""

from __future__ import annotations

from dtlink.firmware.errors import InputError
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import and_more

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from dtlink.firmware.tree import Location


#: Upper bounds on the faults that one source is read for, and on the message of one.
MAX_FAULTS: Final = 100
MAX_MESSAGE: Final = 300


class SourceFault(NamedTuple):
    """One thing that makes a source no devicetree."""

    message: str
    place: Location
    fix: str = ""
    """What to do, where that can be said."""

    @property
    def at(self) -> str:
        """File, line and column."""
        return f"{self.place.file}:{self.place.line}:{self.place.column}"

    def __str__(self) -> str:
        by = "".join(f", included at {file}:{line}" for file, line in self.place.chain)
        return f"{self.at}: {self.message}{by}{self.fix and f'; {self.fix}'}"


class SourceError(InputError):
    """A source that cannot be read; ``faults`` has all that is wrong, in the order of reading."""

    def __init__(self, faults: Sequence[SourceFault]) -> None:
        # A file that is included twice has its faults twice.
        self.faults = list({(each.at, each.message): each for each in faults}.values())
        first, *rest = self.faults
        more = f" ({and_more(len(rest), 'fault')})" if rest else ""
        super().__init__(f"{first}{more}")

    def __str__(self) -> str:
        # The places name the files: the source itself, or one that it includes.
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (self.faults, self.path)


def _rebuilt(faults: Sequence[SourceFault], path: str) -> SourceError:
    error = SourceError(faults)
    error.path = path
    return error
