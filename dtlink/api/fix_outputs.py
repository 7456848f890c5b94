"""Where fixes of what has no source go."""

from __future__ import annotations

from dtlink.records import NamedTuple


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
    def overlay_blob(self) -> str:
        """The blob of the overlay."""
        if not self.overlay:
            return ""
        from pathlib import Path

        return str(Path(self.overlay).with_suffix(".dtbo"))

    @property
    def files(self) -> list[str]:
        """The files that may be written, but for the blobs themselves."""
        named = [self.blob, self.overlay, self.overlay_blob, self.override]
        if self.tables:
            # Which of them is known when the tables are fixed.
            from pathlib import Path

            named += map(str, Path(self.tables).glob("*.dat"))
        return [each for each in named if each]

    @property
    def problem(self) -> str:
        """What is wrong with the names, if anything is."""
        if self.overlay and self.overlay == self.overlay_blob:
            return f"--overlay-out {self.overlay}: name the source, such as FILE.dtso"
        files = [
            each for each in (self.blob, self.overlay, self.overlay_blob, self.override) if each
        ]
        if "-" in (*files, self.tables):
            return "-: fixes are written to files, not to standard output"
        twice = next((each for each in files if files.count(each) > 1), "")
        return f"{twice}: two outputs have one name" if twice else ""

    @property
    def needs_one_input(self) -> bool:
        """Whether there is one file for what is made."""
        return any(self[1:])
