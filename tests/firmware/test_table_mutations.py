"""Damaged tables are read or refused, and linted, whatever was done to them.

``pytest -m corpus -s tests/firmware/test_table_mutations.py`` tells the figures.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.errors import InputError
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Tables
from dtlink.rules.run import check
from dtlink.views.cycles import CyclesView
from dtlink.views.links import LinksView
from dtlink.views.order import OrderView
from dtlink.views.why import WhyView
from tests.support.limits import TookTooLongError, at_most
from tests.support.make_tables import machines

SEED = 20260412
#: CPU seconds that the tables of one machine may take.
LIMIT = 1
EXTREMES = (0, 1, 2, 3, 4, 8, 0x0F, 0x10, 0x7F, 0xFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF)


def damaged(count: int) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Machines, each with one table damaged; in turns over all machines and tables."""
    chance = random.Random(SEED)  # noqa: S311 - repeatable is what it must be
    sound = [
        (folder.name, signature, tables)
        for folder, tables in machines().items()
        for signature in tables
    ]
    for number in range(count):
        name, signature, tables = sound[number % len(sound)]
        data = bytearray(tables[signature])
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            data = damage(data, chance)
        if chance.random() < 0.8:
            # A wrong length is refused at once, a wrong checksum is a finding of its own.
            data[4:8] = len(data).to_bytes(4, "little")
        yield f"{number} {name} {signature}", {**tables, signature: bytes(data)}


def damage(data: bytearray, chance: random.Random) -> bytearray:
    """Change a number, cut, repeat or insert; the first 10 bytes of the header stay."""
    at = chance.randrange(10, max(len(data), 12))
    kind = chance.randrange(6)
    if kind <= 2:
        width = chance.choice((1, 2, 4))
        number = chance.choice((*EXTREMES, chance.getrandbits(32))) & ((1 << 8 * width) - 1)
        data[at : at + width] = number.to_bytes(width, "little")
    elif kind == 3:
        del data[max(at, 36) :]
    elif kind == 4:
        data[at:at] = data[at : at + chance.randrange(1, 64)]
    else:
        del data[at : at + chance.randrange(1, 32)]
    return data + bytes(max(36 - len(data), 0))


def lint(tables: dict[str, bytes]) -> str:
    """All that dtlink does with a machine; ``refused`` if it can't be read."""
    try:
        machine = Machine.of(tables)
    except InputError as error:
        return "refused" if error.message and error.offset is not None else "not told"
    board = TablesBoard(machine)
    checked = check(board, choose(kind=Tables))
    assert not checked.faults
    for finding in checked.findings:
        assert finding.message
        assert finding.offset is None or finding.offset >= 0
    LinksView.of(board).to_json()
    CyclesView.of(board).to_json()
    OrderView.of(board).to_json()
    for node in machine.nodes[1:3]:
        WhyView.of(board, node.path).to_json()
    return "read"


@pytest.mark.parametrize(
    "count", [pytest.param(1_500), pytest.param(20_000, marks=pytest.mark.corpus)]
)
def test_damaged_tables_are_read_or_refused(count: int) -> None:
    outcomes: Counter[str] = Counter()
    for name, tables in damaged(count):
        try:
            with at_most(LIMIT):
                outcome = lint(tables)
        except (Exception, TookTooLongError) as error:  # noqa: BLE001 - none may come
            pytest.fail(f"{name}: {type(error).__name__}: {error}")
        outcomes[f"{name.split()[2]} {outcome}"] += 1
        outcomes[outcome] += 1
    print(f"\n{dict(sorted(outcomes.items()))}")  # noqa: T201 - the figures
    assert outcomes["not told"] == 0
    assert min(outcomes["read"], outcomes["refused"]) > count / 20
    assert outcomes["read"] + outcomes["refused"] == count


def test_the_sound_tables_are_read() -> None:
    assert {lint(tables) for tables in machines().values()} == {"read"}
