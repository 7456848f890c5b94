"""PCI functions as the kernel writes them."""

from __future__ import annotations


def bdf(function: int, segment: int | None = None) -> str:
    """A function (bus << 8 | device << 3 | function) as ``00:14.0``, or ``0000:00:14.0``."""
    text = f"{function >> 8:02x}:{function >> 3 & 0x1F:02x}.{function & 7}"
    return text if segment is None else f"{segment:04x}:{text}"
