"""Reading a file of unknown size up to a limit."""

from __future__ import annotations

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import IO

#: Bytes of one read.
_PIECE = 1 << 20


def read_up_to(file: IO[bytes], most: int) -> bytes:
    """What is left of a file, up to so many bytes.

    ``file.read(most)`` would find memory for all of them, whatever there is to read.
    """
    parts: list[bytes] = []
    while most > 0 and (piece := file.read(min(most, _PIECE))):
        parts.append(piece)
        most -= len(piece)
    return b"".join(parts)
