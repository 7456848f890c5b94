"""PCI functions as people and ``lspci`` write them."""

from __future__ import annotations

import re

_FUNCTION = re.compile(
    r"(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])", re.IGNORECASE
)


def function_id(name: str) -> tuple[int, int]:
    """The segment and the requester ID of ``[SEG:]BUS:DEV.FN``, such as ``0000:01:00.0``.

    Raises :class:`ValueError`, naming it, for anything else.
    """
    found = _FUNCTION.fullmatch(name)
    device = int(found[3], 16) if found else 32
    if found is None or device > 31:
        raise ValueError(f"{name} is not a PCI function such as 0000:01:00.0")
    return int(found[1] or "0", 16), int(found[2], 16) << 8 | device << 3 | int(found[4])
