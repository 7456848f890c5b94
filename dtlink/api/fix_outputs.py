"""Where fixes of what has no source go."""

from typing import NamedTuple


class FixOutputs(NamedTuple):
    """Where fixes of blobs and tables are written; empty: nowhere."""

    in_place: bool = False
    """The blobs themselves."""
    blob: str = ""
    """A blob."""
    overlay: str = ""
    """Source of an overlay; its blob is beside it."""
    tables: str = ""
    """A folder for the tables that are changed."""
    override: str = ""
    """A cpio for the kernel to take tables from."""

    @property
    def is_given(self) -> bool:
        """Whether any is."""
        return any(self)

    @property
    def needs_one_input(self) -> bool:
        """Whether there is one file for what is made."""
        return any(self[1:])
