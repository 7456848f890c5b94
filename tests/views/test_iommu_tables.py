"""``dtlink iommu`` over real tables and boards beside the checkout."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import dtlink
from dtlink.facts.pci import bdf
from dtlink.links.id_ranges import REQUESTER_IDS
from dtlink.views.iommu.of_tables import ID_KINDS

#: Functions that are asked for in each segment.
_FUNCTIONS = 8


def inputs(shared: Path) -> list[Path]:
    tables = shared / "tables"
    if not tables.is_dir():
        pytest.skip(f"no real tables: there is no {tables}")
    files = [each for each in sorted(tables.glob("linuxhw/*/*")) if each.suffix in (".bin", ".txt")]
    folders = [each for each in sorted(tables.glob("*/*")) if each.is_dir()]
    return files + [each for each in folders if each.parent.name in ("qemu", "retail")]


def test_functions_of_real_tables_agree_with_the_ranges(shared: Path) -> None:
    chosen = random.Random(1)  # noqa: S311 - which functions are asked for
    asked = 0
    for path in inputs(shared):
        board = dtlink.Board.read(path)
        if not board.parts.holdings & set(ID_KINDS):
            continue
        view = board.iommu()
        assert str(view), path
        for segment in sorted({each.segment for each in view.ranges})[:2]:
            spans = [each for each in view.ranges if each.segment == segment]
            assert sum(each.last - each.first + 1 for each in spans) == REQUESTER_IDS.size, path
            for requester in chosen.sample(range(REQUESTER_IDS.size), _FUNCTIONS):
                (row,) = board.iommu(bdf(requester, segment)).requesters
                (span,) = (each for each in spans if each.first <= requester <= each.last)
                found = [each.found for each in row.iommus if each.found]
                assert found == ([span.iommu] if span.iommu else []), (path, row.requester)
                asked += 1
    assert asked > 1000


def test_real_boards_have_an_answer_for_each_master(boards: tuple[Path, ...]) -> None:
    rows = 0
    for path in boards:
        view = dtlink.Board.read(path).iommu()
        assert str(view), path
        rows += len(view.requesters)
        for row in view.requesters:
            # A devicetree alone never says that a platform device can be given away.
            assert row.obstacles, (path, row.requester)
            assert row.iommus, (path, row.requester)
    assert rows
