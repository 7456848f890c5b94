"""What the result of an input rests on besides its file, for the cache of results."""

from __future__ import annotations

from dtlink.config.model import LintSettings
from dtlink.engine.cache.results import Basis

#: The form of a blob that is not an overlay.
_BLOB = "fdt"


def basis_of(settings: LintSettings, *, write_fixes: bool) -> Basis | None:
    """The settings of an input that decide what is found, and its kernel's files.

    ``None`` where that is more than can be compared: dtschema and its schemas, what a machine
    shows, a kernel whose facts are not kept. Where there are bases, only the results of blobs that
    are not overlays rest on no more.

    What only decides which findings count is not part of it: that is done to every report.
    """
    board = settings.board
    if board.schema or board.lspci or board.iomem or board.kernel_index:
        return None
    form = _BLOB if board.bases else ""
    text = repr((board._replace(bases=()), settings.selected, settings.ignore, write_fixes))
    if board.paths is None:
        return Basis(text, form=form)
    from dtlink.kernel.facts import load

    stamp = load(board.paths).stamp
    return None if stamp is None else Basis(text, stamp, form)
