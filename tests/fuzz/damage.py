"""Damage to bytes and text that knows nothing of their form."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tests.support.mutate import EXTREMES

#: Text that controls a terminal, a browser, a workflow or a shell, or breaks a reader of text.
HOSTILE = (
    b"\x1b[31mred\x1b[0m", b"\x1b]0;title\x07", b"\r\n::error::x", b"\n", b"\t", b"\0", b"\x7f",
    b"\xff\xfe", b"\xc3(", b"\xe2\x80\xae", b"\xe2\x80\xa8", b"\xc2\x9b31m", b"\xed\xa0\x80",
    b"[red]x[/red]", b"[/]", b"<script>alert(1)</script>", b"]]>", b"&lt;&#27;", b"`x`|**y**",
    b"$(id)", b"'; id; '", b"--format", b"%s%n", b"{0}{x}", b"../../etc/passwd", b"x" * 300,
    b"\xf0\x9f\x92\xa5", b"", b" ", b"/", b"//", b"@", b"a@", b"@0", b":", b",", b"!", b"+", b"=",
)  # fmt: skip
#: Numbers as text has them.
NUMBERS = (
    b"0", b"-1", b"1", b"0x", b"0xffffffff", b"4294967296", b"18446744073709551616", b"1e999",
    b"9" * 40, b"00", b"nan", b"0x1g", b"1.5", b"999999999999",
)  # fmt: skip


def some(chance: random.Random, most: int) -> range:
    """A number of rounds, few more often than many."""
    return range(min(int(1 + chance.expovariate(0.7)), most))


def bits(data: bytearray, chance: random.Random) -> None:
    """Turn some bits over."""
    for _ in some(chance, 8):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def numbers(data: bytearray, chance: random.Random) -> None:
    """Put extremes of any width in either order of bytes, aligned or not."""
    for _ in some(chance, 6):
        width = chance.choice((1, 2, 4, 4, 8))
        at = chance.randrange(len(data))
        at -= at % width if chance.random() < 0.8 else 0
        value = chance.choice((*EXTREMES, chance.getrandbits(32), at, len(data)))
        order = chance.choice(("big", "little"))
        data[at : at + width] = (value & ((1 << 8 * width) - 1)).to_bytes(width, order)


def near(data: bytearray, chance: random.Random) -> None:
    """Make bytes a little larger or smaller."""
    for _ in some(chance, 6):
        at = chance.randrange(len(data))
        data[at] = (data[at] + chance.choice((-8, -4, -1, 1, 4, 8))) & 0xFF


def cut(data: bytearray, chance: random.Random) -> None:
    """Cut the end off."""
    del data[chance.randrange(len(data)) :]


def remove(data: bytearray, chance: random.Random) -> None:
    """Take a piece out."""
    at = chance.randrange(len(data))
    del data[at : at + chance.choice((1, 2, 4, 8, chance.randint(1, 256)))]


def repeat(data: bytearray, chance: random.Random) -> None:
    """Repeat a piece."""
    at = chance.randrange(len(data))
    piece = data[at : at + chance.choice((1, 4, chance.randint(1, 256)))]
    data[at:at] = piece * chance.choice((1, 1, 2, 16))


def move(data: bytearray, chance: random.Random) -> None:
    """Overwrite a piece with another."""
    at, to = chance.randrange(len(data)), chance.randrange(len(data))
    piece = data[at : at + chance.choice((1, 2, 4, 8, chance.randint(1, 256)))]
    data[to : to + len(piece)] = piece


def hostile(data: bytearray, chance: random.Random) -> None:
    """Put hostile text in, or over what is there."""
    at = chance.randrange(len(data))
    piece = chance.choice(HOSTILE)
    data[at : at + chance.choice((0, len(piece)))] = piece


def zeros(data: bytearray, chance: random.Random) -> None:
    """Blank a piece, as a sector that was not written."""
    at = chance.randrange(len(data))
    end = min(at + chance.choice((4, 16, 512)), len(data))
    data[at:end] = bytes([chance.choice((0, 0, 0xFF))]) * (end - at)


KINDS: Sequence[Callable[[bytearray, random.Random], None]] = (
    bits, numbers, numbers, near, cut, remove, repeat, move, hostile, zeros,
)  # fmt: skip


def damaged(data: bytes, chance: random.Random, rounds: int = 4) -> bytes:
    """The bytes with damage of some kinds."""
    changed = bytearray(data)
    for _ in some(chance, rounds):
        if changed:
            chance.choice(KINDS)(changed, chance)
    return bytes(changed)


def damaged_lines(data: bytes, chance: random.Random, words: Sequence[bytes] = ()) -> bytes:
    """Text with lines lost, repeated, exchanged and joined, and words taken from elsewhere."""
    lines = data.split(b"\n")
    for _ in some(chance, 8):
        at = chance.randrange(len(lines))
        kind = chance.randrange(7)
        if kind == 0 and len(lines) > 1:
            del lines[at]
        elif kind == 1:
            lines[at:at] = [lines[at]] * chance.choice((1, 2, 30))
        elif kind == 2:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == 3:
            lines[at] = damaged(lines[at], chance, 2)
        else:
            lines[at] = _damaged_words(lines[at], chance, words)
    return b"\n".join(lines)


def _damaged_words(line: bytes, chance: random.Random, words: Sequence[bytes]) -> bytes:
    """A line with a word that is another."""
    parts = line.split(b" ")
    at = chance.randrange(len(parts))
    other = chance.choice((HOSTILE, NUMBERS, parts, words or parts))
    parts[at] = chance.choice(other) if chance.random() < 0.9 else b""
    return b" ".join(parts)
