"""Which board an included file is read as a part of, if the user has opened none that has it."""

from __future__ import annotations

import os
from itertools import takewhile

from dtlink.firmware.errors import InputError
from dtlink.firmware.source.includers import COMPILED, boards_with
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.lsp.options import ServerOptions


def choose_board(path: str, options: ServerOptions) -> tuple[str, int]:
    """A board that includes a file, and how many others do; empty: none does.

    The one that is set, if it includes the file; else that whose name begins as the file's does
    for the most characters: in the same folder if there is one, before overlays, the shortest.
    """
    from dtlink.config.resolve import settings_of
    from dtlink.firmware.source.options import NO_OPTIONS

    try:
        settings = settings_of(path, options.given, file=options.config, isolated=options.isolated)
        sources = settings.board.sources
    except (InputError, ValueError):
        sources = NO_OPTIONS
    boards = boards_with(os.path.realpath(path), sources)
    if not boards:
        return "", 0
    wanted = os.path.realpath(options.board) if options.board else ""
    chosen = wanted if wanted in boards else min(boards, key=lambda each: _rank(each, path))
    return chosen, len(boards) - 1


def _rank(board: str, path: str) -> tuple[bool, bool, int, int, str]:
    name, own = os.path.basename(board), os.path.basename(path)
    pairs = zip(name, own, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    beside = os.path.dirname(board) == os.path.dirname(os.path.realpath(path))
    return not beside, not name.endswith(COMPILED[0]), -same, len(name), name
