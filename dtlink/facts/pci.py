"""PCI functions as the kernel and lspci write them."""

from __future__ import annotations


def bdf(function: int, segment: int | None = None) -> str:
    """A function (bus << 8 | device << 3 | function) as ``00:14.0``, or ``0000:00:14.0``."""
    text = f"{function >> 8:02x}:{function >> 3 & 0x1F:02x}.{function & 7}"
    return text if segment is None else f"{segment:04x}:{text}"


def parse_bdf(text: str) -> tuple[int, int]:
    """The segment and the function of ``[SEG:]BUS:DEV.FN``, such as ``0000:00:14.0``.

    Raises :class:`ValueError`, naming it, for any other text.
    """
    import re

    digit = "[0-9a-fA-F]"
    found = re.fullmatch(f"(?:({digit}{{1,4}}):)?({digit}{{1,2}}):({digit}{{1,2}})\\.([0-7])", text)
    device = int(found[3], 16) if found else 32
    if found is None or device > 31:
        raise ValueError(f"{text} is not a PCI function such as 0000:01:00.0")
    return int(found[1] or "0", 16), int(found[2], 16) << 8 | device << 3 | int(found[4])
