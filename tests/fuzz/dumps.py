"""Tables as text: as acpidump, iasl, xxd, hexdump and od print them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence


def _pieces(data: bytes) -> Iterator[tuple[int, bytes]]:
    return ((at, data[at : at + 16]) for at in range(0, len(data), 16))


def _shown(piece: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)


def acpidump(tables: Mapping[str, bytes]) -> bytes:
    """All tables in a text of acpidump."""
    text = ""
    for word, data in tables.items():
        text += f"{word} @ 0x0000000000000000\n"
        for at, piece in _pieces(data):
            text += f"    {at:04X}: {piece.hex(' ').upper():<47}  {_shown(piece)}\n"
        text += "\n"
    return text.encode()


def listing(tables: Mapping[str, bytes]) -> bytes:
    """Listings of iasl, one after another."""
    text = "/*\n * Intel ACPI Component Architecture\n */\n"
    for word, data in tables.items():
        text += f'[000h 0000   4]  Signature : "{word}"\n[004h 0004   4] Length : 7\n\n'
        text += f"Raw Table Data: Length {len(data)} (0x{len(data):X})\n\n"
        for at, piece in _pieces(data):
            text += f"    {at:04X}: {piece.hex(' ').upper():<47}  // {_shown(piece)}\n"
    return text.encode()


def _squeezed(data: bytes, row: Callable[[int, bytes], str], end: str) -> str:
    """Rows, with a star for those that are the same as the row before."""
    lines: list[str] = []
    before = b""
    for at, piece in _pieces(data):
        if piece == before and len(piece) == 16:
            lines += [] if lines[-1] == "*" else ["*"]
        else:
            lines.append(row(at, piece))
        before = piece
    return "\n".join([*lines, end, ""])


def _canonical(data: bytes) -> str:
    def row(at: int, piece: bytes) -> str:
        halves = f"{piece[:8].hex(' '):<23}  {piece[8:].hex(' '):<23}"
        return f"{at:08x}  {halves}  |{_shown(piece)}|"

    return _squeezed(data, row, f"{len(data):08x}")


def _words(data: bytes) -> str:
    def row(at: int, piece: bytes) -> str:
        whole = piece + bytes(len(piece) % 2)
        pairs = (f"{whole[i + 1]:02x}{whole[i]:02x}" for i in range(0, len(whole), 2))
        return f"{at:07x} {' '.join(pairs)}"

    return _squeezed(data, row, f"{len(data):07x}")


def _xxd(data: bytes) -> str:
    return "".join(
        f"{at:08x}: {piece.hex(' ', 2):<39}  {_shown(piece)}\n" for at, piece in _pieces(data)
    )


def _od(data: bytes) -> str:
    return _squeezed(data, lambda at, piece: f"{at:07o} {piece.hex(' ')}", f"{len(data):07o}")


#: How people dump one table.
FORMS: Sequence[Callable[[bytes], str]] = (_canonical, _words, _xxd, _od)


def dumped(form: Callable[[bytes], str], tables: Mapping[str, bytes]) -> bytes:
    """The tables one after another, as a report to a forum has them."""
    parts = (f"$ sudo dump {word}\n```\n{form(data)}```\n" for word, data in tables.items())
    return "".join(parts).encode()
