"""Reading the files of a source tree."""

from __future__ import annotations

from pathlib import Path

from dtlink.typed import Final

#: The most that is read of a file; what is longer is data written as C.
_SIZE: Final = 16 << 20


def read_source(tree: Path, name: str) -> str | None:
    """The text of a file, by its name in the tree; ``None`` if there is no such file in it.

    Latin-1, because it takes any bytes; all that counts is ASCII.
    """
    path = tree / name
    if name.startswith(("../", "/")) or not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            return file.read(_SIZE).decode("latin-1")
    except OSError:
        return None
