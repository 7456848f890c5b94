"""Reading the files of a source tree."""

from __future__ import annotations

from pathlib import Path

from dtlink import reading
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: The most that is read of a file; what is longer is data written as C.
_SIZE: Final = 16 << 20
#: Printable ASCII and blanks, as an index has them; any other byte is a question mark, which no
#: name has.
_PLAIN: Final = bytes(
    byte if 32 <= byte < 127 or byte in b"\t\n\v\f\r" else ord("?") for byte in range(256)
)


def read_source(tree: Path, name: str) -> str | None:
    """The text of a file, by its name in the tree; ``None`` if there is no such file in it.

    All that counts is ASCII; names of authors in comments and strings are not.
    """
    if name.startswith(("../", "/")):
        return None
    try:
        with open(tree / name, "rb", opener=reading.regular) as file:
            return file.read(_SIZE).translate(_PLAIN).decode("ascii")
    except OSError:
        return None
