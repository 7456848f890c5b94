"""Tables as text: as acpidump, iasl, xxd, hexdump and od print them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.support.hexdumps import FORMS, pieces, shown

__all__ = ["FORMS", "acpidump", "dumped", "listing"]


def acpidump(tables: Mapping[str, bytes]) -> bytes:
    """All tables in a text of acpidump."""
    text = ""
    for word, data in tables.items():
        text += f"{word} @ 0x0000000000000000\n"
        for at, piece in pieces(data):
            text += f"    {at:04X}: {piece.hex(' ').upper():<47}  {shown(piece)}\n"
        text += "\n"
    return text.encode()


def listing(tables: Mapping[str, bytes]) -> bytes:
    """Listings of iasl, one after another."""
    text = "/*\n * Intel ACPI Component Architecture\n */\n"
    for word, data in tables.items():
        text += f'[000h 0000   4]  Signature : "{word}"\n[004h 0004   4] Length : 7\n\n'
        text += f"Raw Table Data: Length {len(data)} (0x{len(data):X})\n\n"
        for at, piece in pieces(data):
            text += f"    {at:04X}: {piece.hex(' ').upper():<47}  // {shown(piece)}\n"
    return text.encode()


def dumped(form: Callable[[bytes], str], tables: Mapping[str, bytes]) -> bytes:
    """The tables one after another, as a report to a forum has them."""
    parts = (f"$ sudo dump {word}\n```\n{form(data)}```\n" for word, data in tables.items())
    return "".join(parts).encode()
