"""Bytes as hexdump, xxd and od print them."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def pieces(data: bytes) -> list[tuple[int, bytes]]:
    """Rows of 16 bytes, with their offsets."""
    return [(at, data[at : at + 16]) for at in range(0, len(data), 16)]


def shown(piece: bytes) -> str:
    """The bytes as text, a dot for what has no character."""
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)


def squeezed(data: bytes, row: Callable[[int, bytes], str], end: str) -> str:
    """Rows as hexdump and od leave them out: ``*`` for those like the one before."""
    lines: list[str] = []
    before = b""
    for at, piece in pieces(data):
        if piece == before and len(piece) == 16:
            lines += [] if lines[-1] == "*" else ["*"]
        else:
            lines.append(row(at, piece))
        before = piece
    return "\n".join([*lines, end, ""])


def words(piece: bytes) -> str:
    """Pairs of bytes as little-endian numbers."""
    whole = piece + bytes(len(piece) % 2)
    return " ".join(f"{whole[at + 1]:02x}{whole[at]:02x}" for at in range(0, len(whole), 2))


def xxd(data: bytes) -> str:
    """As ``xxd`` prints it."""
    return "".join(
        f"{at:08x}: {' '.join(piece[pos : pos + 2].hex() for pos in range(0, len(piece), 2)):<39}  "
        f"{shown(piece)}\n"
        for at, piece in pieces(data)
    )


def xxd_bytes(data: bytes) -> str:
    """As ``xxd -u -g 1`` prints it."""
    return "".join(
        f"{at:08x}: {piece.hex(' ').upper():<47}  {shown(piece)}\n" for at, piece in pieces(data)
    )


def canonical(data: bytes) -> str:
    """As ``hexdump -C`` prints it."""

    def row(at: int, piece: bytes) -> str:
        halves = f"{piece[:8].hex(' '):<23}  {piece[8:].hex(' '):<23}"
        return f"{at:08x}  {halves}  |{shown(piece)}|"

    return squeezed(data, row, f"{len(data):08x}")


def hexdump(data: bytes) -> str:
    """As ``hexdump`` prints it."""
    return squeezed(data, lambda at, piece: f"{at:07x} {words(piece)}", f"{len(data):07x}")


def od_words(data: bytes) -> str:
    """As ``od -x`` prints it."""
    return squeezed(data, lambda at, piece: f"{at:07o} {words(piece)}", f"{len(data):07o}")


def od_bytes(data: bytes) -> str:
    """As ``od -A x -t x1`` prints it."""
    return squeezed(data, lambda at, piece: f"{at:06x} {piece.hex(' ')}", f"{len(data):06x}")


#: The forms of one table.
FORMS: Sequence[Callable[[bytes], str]] = (xxd, xxd_bytes, canonical, hexdump, od_words, od_bytes)
