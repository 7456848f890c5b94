"""What the user says of how devicetree source is read."""

from __future__ import annotations

from dtlink.records import NamedTuple


class SourceOptions(NamedTuple):
    """Options of the preprocessor, as a compiler's ``-I`` and ``-D`` give them."""

    include: tuple[str, ...] = ()
    """Folders in which included files are looked for before those of the source's own tree."""
    define: tuple[str, ...] = ()
    """Macros: ``NAME``, which is 1, or ``NAME=TEXT``."""
    allow_include: tuple[str, ...] = ()
    """Folders outside the source's tree that it may include from; they are not searched."""
    overlay: tuple[str, ...] = ()
    """Overlays, blobs or sources, that are applied to what is read, in order."""
    symbols: bool = False
    """Whether labels are kept for overlays, as ``dtc -@`` does."""

    @property
    def macros(self) -> dict[str, str]:
        """The macros by name."""
        pairs = (each.partition("=") for each in self.define)
        return {name: text if equals else "1" for name, equals, text in pairs}


NO_OPTIONS = SourceOptions()
