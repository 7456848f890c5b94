"""What files open, kept until they change."""

from __future__ import annotations

from dtlink.lsp.openings import Opening, openings
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.lsp.documents import OpenFiles

_KEPT = 8


class FileStructures:
    """The nodes that files open."""

    def __init__(self, files: OpenFiles) -> None:
        self._files = files
        self._known: dict[str, tuple[object, list[Opening]]] = {}

    def of(self, path: str) -> list[Opening]:
        """The nodes that a file opens at its top level."""
        state = self._files.state(path)
        known = self._known.pop(path, None)
        if known is None or known[0] != state:
            known = state, openings(self._files.lines(path).text)
        self._known[path] = known
        while len(self._known) > _KEPT:
            self._known.pop(next(iter(self._known)))
        return known[1]
