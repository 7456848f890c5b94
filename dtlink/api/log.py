"""``log()``: a boot log explained."""

from __future__ import annotations

from dtlink import arguments as taken
from dtlink.board.tree import TreeBoard
from dtlink.firmware.errors import InputError
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.api.board import Board
    from dtlink.api.options import AnyPath
    from dtlink.facts.kernels import KernelVersion
    from dtlink.views.log import LogView


def log(
    dmesg: AnyPath, *, board: Board | None = None, kernel_version: str | KernelVersion | None = None
) -> LogView:
    """Explain a boot log, as ``dtlink log`` does: the root causes, and what each costs.

    ``dmesg`` is a file as dmesg, journalctl -k or a serial console give it, or ``-``. With
    ``board``, a devicetree, names become nodes; if it has a kernel, each cause names its driver.
    ``kernel_version`` is the kernel that wrote the log; by default the one that the log names.
    Raises :class:`InputError` for a log, or a kernel of the board, that cannot be read.
    """
    from dtlink.api.board import Board
    from dtlink.api.options import values
    from dtlink.observed.bootlog.read import read_log
    from dtlink.views.log import LogView

    file = taken.path("dmesg", dmesg)
    if board is not None:
        taken.instance("board", board, Board, "a Board")
    if board is not None and not isinstance(board.parts, TreeBoard):
        raise InputError("ACPI tables: a log is explained with a devicetree", path=board.path)
    parts = board.parts if board and isinstance(board.parts, TreeBoard) else None
    version = values({"kernel_version": kernel_version}).get("kernel_version")
    tree = None if board is None else board.path or None
    return LogView.of(read_log(file), parts, version=version, tree=tree)
