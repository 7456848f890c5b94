"""The highest index that a clock, reset or power-domain provider of one cell can have.

They are the highest of the headers of bindings that the provider's driver includes, in Linux 5.10
to 7.2 (include/dt-bindings/clock, reset and power); ``tools/index_limits.py`` lists them.
"""

from __future__ import annotations

from functools import lru_cache

from dtlink.facts.resources import CLOCK, POWER_DOMAIN, RESET
from dtlink.facts.shipped import INDEX_LIMITS, read_data
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: The kinds of the columns of the file of data.
KINDS: Final = (CLOCK.kind, RESET.kind, POWER_DOMAIN.kind)


@lru_cache(maxsize=1)
def _lines() -> bytes:
    return b"\n" + read_data(INDEX_LIMITS)


@lru_cache(maxsize=1024)
def index_limit(compatible: str, kind: str) -> int | None:
    """The highest index of one of :data:`KINDS` that a binding names; ``None``: not known.

    The file is searched and not read into a table: a board has a few providers.
    """
    lines, start = _lines(), f"\n{compatible} ".encode("latin-1")
    at = lines.find(start)
    if at < 0 or kind not in KINDS:
        return None
    numbers = lines[at + len(start) : lines.index(b"\n", at + 1)].split()
    number = numbers[KINDS.index(kind)]
    return None if number == b"-" else int(number)
