"""What the user says of which inputs a path means."""

from __future__ import annotations

from dtlink.firmware.source.options import NO_OPTIONS, SourceOptions
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: How many boards are read at most because they include a file that the user names. No .dtsi of
#: Linux 7.2 is included by more than 231 (imx6qdl.dtsi); a header may be by 3,000.
MAX_BOARDS: Final = 250


class Exclusion(NamedTuple):
    """Files that are left out of folders."""

    pattern: str
    """As a line of ``.gitignore``."""
    base: str = ""
    """The folder from which the pattern is seen, absolute; empty: the working folder."""


class InputOptions(NamedTuple):
    """What decides which inputs a path means."""

    max_boards: int = MAX_BOARDS
    """Upper bound on the boards that are read because they include a named file; 0: none."""
    sources: SourceOptions = NO_OPTIONS
    """How boards are read: it decides which files they include."""
    exclude: tuple[Exclusion, ...] = ()
    force_exclude: bool = False
    """Whether files that are named are left out too."""
    respect_gitignore: bool = True
    """Whether sources are left out that git ignores."""
