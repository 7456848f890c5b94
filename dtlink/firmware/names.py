"""Names of nodes, as far as the next build keeps them."""

from __future__ import annotations

import re
from functools import lru_cache

#: The offset in the name of a table's node is no part of it: another build may move it.
_OFFSET = re.compile(r"(?<=^[A-Z]{4}/)([a-z0-9-]+)@0x[0-9a-f]+")


@lru_cache(maxsize=4096)
def stable(path: str) -> str:
    """The name of a node, without the offset that one of a table has."""
    return path if path.startswith("/") else _OFFSET.sub(r"\1", path)
