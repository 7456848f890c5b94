"""Damaged ACPI tables: fields by name, structures moved, then bytes; in every form."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache

from dtlink.firmware.acpi.machine import Machine
from tests.fuzz import dumps, seeds
from tests.fuzz.calls import table_calls
from tests.fuzz.case import Files, Made
from tests.fuzz.damage import damaged, damaged_lines, some
from tests.support.mutate import EXTREMES

#: Offset and size of a field.
Place = tuple[int, int]
_HEADER = 36


class Layout:
    """Where a sound table has its fields and its structures."""

    def __init__(self, word: str, data: bytes) -> None:
        table = Machine.of({word: data}).tables[word]
        parts = list(table.everything())
        self.spans = [(each.start, each.end) for each in parts if each.start]
        self.starts = [start for start, _ in self.spans] or [_HEADER]
        self.fields: list[Place] = [
            (each.start + field.offset, field.size)
            for each in parts
            for field in type(each).fields().values()
        ]


@lru_cache(maxsize=4096)
def layout(word: str, data: bytes) -> Layout:
    """The layout of a sound table."""
    return Layout(word, data)


def _number(size: int, length: int, where: Layout, chance: random.Random) -> bytes:
    """A value for a field: an extreme, the offset of a structure, a length, a small number."""
    kind = chance.randrange(5)
    if kind == 0:
        value = chance.choice(where.starts)
    elif kind == 1:
        value = length + chance.choice((-4, -1, 0, 1, 4))
    elif kind == 2:
        value = chance.randrange(32)
    else:
        value = chance.choice((*EXTREMES, chance.getrandbits(8 * size)))
    return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def _field(data: bytearray, where: Layout, chance: random.Random) -> None:
    at, size = chance.choice(where.fields)
    if at >= _HEADER or chance.random() < 0.1:
        data[at : at + size] = _number(size, len(data), where, chance)


def _swapped(data: bytearray, where: Layout, chance: random.Random) -> None:
    """A field with the value of another."""
    at, size = chance.choice(where.fields)
    other, _ = chance.choice(where.fields)
    if at >= _HEADER:
        data[at : at + size] = data[other : other + size].ljust(size, b"\0")


def _copied(data: bytearray, where: Layout, chance: random.Random) -> None:
    """A structure once more, at the end or before another."""
    start, end = chance.choice(where.spans)
    piece = data[start:end]
    place = chance.choice((len(data), chance.choice(where.starts)))
    data[place:place] = piece * chance.choice((1, 1, 1, 3, 20))


def _lost(data: bytearray, where: Layout, chance: random.Random) -> None:
    start, end = chance.choice(where.spans)
    del data[start:end]


def _bytes(data: bytearray, _: Layout, chance: random.Random) -> None:
    data[_HEADER:] = damaged(bytes(data[_HEADER:]), chance, 2)


_KINDS = (_field, _field, _field, _field, _swapped, _swapped, _copied, _lost, _bytes)


def damaged_table(word: str, data: bytes, chance: random.Random) -> bytes:
    """One table with damage; its length and checksum are made right most of the time."""
    where = layout(word, data)
    changed = bytearray(data)
    for _ in some(chance, 8):
        kind = chance.choice(_KINDS)
        if where.spans or kind in (_field, _swapped, _bytes):
            kind(changed, where, chance)
    if chance.random() < 0.9 and len(changed) >= _HEADER:
        changed[4:8] = len(changed).to_bytes(4, "little")
    if chance.random() < 0.5 and len(changed) >= _HEADER:
        changed[9] = 0
        changed[9] = -sum(changed) & 0xFF
    return bytes(changed[: 1 << 16])


def damaged_tables(chance: random.Random) -> dict[str, bytes]:
    """The tables of a machine, one or more of them damaged, at times with another machine's."""
    tables = dict(chance.choice(seeds.tables()))
    if chance.random() < 0.2:
        tables |= chance.choice(seeds.tables())
    for word in chance.sample(list(tables), min(len(some(chance, 3)), len(tables))):
        tables[word] = damaged_table(word, tables[word], chance)
        if chance.random() < 0.05:
            tables[word] = damaged(tables[word], chance)
        if chance.random() < 0.05 and len(tables) > 1:
            del tables[word]
    return tables


def _text(tables: dict[str, bytes], chance: random.Random) -> bytes:
    """The tables as a text of some tool, which is damaged too at times."""
    kind = chance.randrange(3)
    if kind == 0:
        text = dumps.acpidump(tables)
    elif kind == 1:
        text = dumps.listing(tables)
    else:
        text = dumps.dumped(chance.choice(dumps.FORMS), tables)
    return damaged_lines(text, chance) if chance.random() < 0.4 else text


def make_raw(chance: random.Random) -> Made:
    """A folder of tables, or one file of them."""
    tables = damaged_tables(chance)
    if chance.random() < 0.75:
        files: Files = {f"m/{word}.dat": data for word, data in tables.items()}
        return Made({**files, "m/": b""}, table_calls(chance, "$HERE/m"))
    data = b"".join(chance.sample(list(tables.values()), len(tables)))
    return Made({"tables.bin": data}, table_calls(chance, "$HERE/tables.bin"))


def make_text(chance: random.Random) -> Made:
    """Tables as text."""
    data = _text(damaged_tables(chance), chance)
    return Made({"tables.txt": data}, table_calls(chance, "$HERE/tables.txt"))


def kinds() -> Sequence[str]:
    """The signatures that the seeds have."""
    return sorted({word for each in seeds.tables() for word in each})
