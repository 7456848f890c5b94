"""What a shape is: an input that can be made at any size, and the commands that are run on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

#: Bytes of the inputs.
SIZES = (64_000, 256_000, 1_000_000)
#: Of archives, logs and kernels, real ones of which are large.
BULK = (256_000, 1_000_000, 5_000_000)
#: Seconds at most for each size, start included.
SECONDS = {64_000: 1.0, 256_000: 1.0, 1_000_000: 4.0, 5_000_000: 20.0}
#: Megabytes at most.
MEGABYTES = {64_000: 150.0, 256_000: 150.0, 1_000_000: 450.0, 5_000_000: 600.0}
JSON = ("links @ --format json", "cycles @ --format json", "devlink @ --format json")
TREE = (
    *("lint @", "links @", "cycles @", "order @", "devlink @", "iommu @", "diff @ @", "graph @"),
    *JSON,
)
SOURCE = ("lint @", "links @", "preprocess @", "lint --diff @")
TABLE = (
    *("lint @", "links @", "iommu @", "diff @ @", "inspect @"),
    *("links @ --format json", "iommu @ --format json"),
)

Made = bytes | Mapping[str, bytes]


class Shape(NamedTuple):
    """An input that can be made at any size."""

    make: Callable[[int], Made]
    """The file, or files by name, for a count of whatever repeats."""
    commands: Sequence[str] = TREE
    """``@`` is the file, ``@NAME`` one of several."""
    file: str = "input.dtb"
    sizes: Sequence[int] = SIZES
    before: Sequence[str] = ()
    """Commands that make what the others read; they are not measured."""

    def write(self, size: int, folder: Path) -> None:
        """Make an input of about that many bytes."""
        made = _sized(self.make, size)
        for name, data in ({self.file: made} if isinstance(made, bytes) else made).items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def arguments(self, command: str, folder: Path) -> list[str]:
        """The arguments of a command, with the paths of the files."""
        words = command.split()
        return [str(folder / (word[1:] or self.file)) if word[0] == "@" else word for word in words]


def _sized(make: Callable[[int], Made], wanted: int) -> Made:
    count = 200
    made = make(count)
    for _ in range(4):
        size = len(made) if isinstance(made, bytes) else sum(map(len, made.values()))
        if abs(size - wanted) < wanted // 20:
            break
        count = max(count * wanted // size, 2)
        made = make(count)
    return made
