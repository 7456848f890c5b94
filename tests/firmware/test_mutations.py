"""Damaged blobs are read or rejected, without a traceback and without a hang.

``pytest -m corpus -s tests/firmware/test_mutations.py`` prints the figures.
"""

from __future__ import annotations

from collections import Counter

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.rules.catalogue import all_rules
from dtlink.rules.run import check
from tests.support.boards import fixture_blobs
from tests.support.limits import TookTooLongError, at_most
from tests.support.mutate import Mutator

SEED = 20240917
#: CPU seconds that one blob may take.
LIMIT = 2


def lint(data: bytes) -> str:
    """Lint a blob; return ``refused`` if it cannot be read."""
    try:
        tree = fdt.read(data)
    except InputError as error:
        # If the header itself is cut off, the offset may be after the end of the file.
        reported = error.message and error.offset is not None
        return "refused" if reported and 0 <= error.offset <= max(len(data), 40) else "not reported"
    for node in tree:
        assert node.path
        assert node.properties is not None
    board = TreeBoard(tree)
    assert all(cycle.chain for cycle in board.cycles)
    assert all(link.args is not None and link.offset < len(data) for link in board.graph.links)
    checked = check(board, all_rules())
    assert not checked.faults
    return "read"


@pytest.mark.parametrize(
    "count", [pytest.param(2_000), pytest.param(20_000, marks=pytest.mark.corpus)]
)
def test_damaged_blobs_are_read_or_rejected(count):
    outcomes: Counter[str] = Counter()
    for name, data in Mutator(fixture_blobs(), SEED).blobs(count):
        try:
            with at_most(LIMIT):
                outcome = lint(data)
        except (Exception, TookTooLongError) as error:  # noqa: BLE001 - none may come
            pytest.fail(f"{name}: {type(error).__name__}: {error}")
        outcomes[f"{name.split()[2]} {outcome}"] += 1
        outcomes[outcome] += 1
    print(f"\n{dict(sorted(outcomes.items()))}")  # noqa: T201 - the figures
    # If nearly all were rejected, or nearly all read, the damage would test only one half.
    assert min(outcomes["read"], outcomes["refused"]) > count / 5
    assert sum(outcomes[name] for name in ("read", "refused")) == count


def test_the_undamaged_boards_are_read():
    assert {lint(data) for data in fixture_blobs().values()} == {"read"}


def test_the_same_seed_makes_the_same_blobs():
    first, second = (list(Mutator(fixture_blobs(), SEED).blobs(50)) for _ in range(2))
    assert first == second
