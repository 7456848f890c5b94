"""Standard streams that are closed, as by ``>&-`` in a shell."""

from __future__ import annotations

import os
import sys

from dtlink.typed import Literal, TextIO

#: How each number is opened: such that its use fails, but that of standard error, which nobody
#: reads then.
_FLAGS = (os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)


def open_closed_streams() -> None:
    """Open each standard stream that is closed, so that its use fails as that of a closed file.

    Python has ``None`` in the place of such a stream, and the next file that is opened would get
    its number: what is printed could end in a file of the user's.
    """
    for number, flags in enumerate(_FLAGS):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free, for those below are open.
            os.open(os.devnull, flags)
    sys.stdin = sys.stdin or _stream(0, "r")
    sys.stdout = sys.stdout or _stream(1, "w")
    sys.stderr = sys.stderr or _stream(2, "w")


def _stream(number: int, mode: Literal["r", "w"]) -> TextIO:
    return open(number, mode, encoding="utf-8", closefd=False)
