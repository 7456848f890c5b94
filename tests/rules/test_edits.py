"""Edits on whole boards: what a fix changes, it changes for the better, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.firmware import fdt
from dtlink.firmware.apply import apply
from dtlink.firmware.errors import InputError
from dtlink.firmware.tree import Tree
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Dts, Finding
from dtlink.rules.run import check
from tests.rules.edits import left, new
from tests.support.boards import fixture_blobs, need_corpus

#: The marked sweep takes every so-manyth board of the corpus.
EVERY = 10
CHOSEN = choose(kind=Dts, kernel=False, schema=False)


def findings(tree: Tree) -> list[Finding]:
    checked = check(TreeBoard(tree), CHOSEN)
    assert checked.faults == []
    return checked.findings


def faults(name: str, tree: Tree) -> Iterator[str]:
    """What is wrong with the edits of each rule, made together."""
    before = findings(tree)
    for rule in sorted({each.rule for each in before if each.fix.edits}):
        edited = [each for each in before if each.rule == rule and each.fix.edits]
        others = [each for each in before if each.rule == rule and not each.fix.edits]
        after = findings(apply(tree, [edit for each in edited for edit in each.fix.edits]))
        yield from (f"{name}: left {each}" for each in left(edited, after, others))
        yield from (f"{name}: {rule} made {each}" for each in new(rule, before, after))


@pytest.mark.parametrize("name", fixture_blobs())
def test_the_fixtures(name: str) -> None:
    tree = fdt.read(fixture_blobs()[name])
    if tree.is_overlay:
        pytest.skip("edits of an overlay are made in its source")
    assert list(faults(name, tree)) == []


@pytest.mark.corpus
def test_real_boards() -> None:
    assert [line for path in need_corpus()[::EVERY] for line in of_file(path)] == []


def of_file(path: Path) -> Iterator[str]:
    tree = fdt.read(path.read_bytes())
    if not tree.is_overlay:
        yield from faults(path.name, tree)


def test_an_overlay_is_not_edited() -> None:
    overlays = (tree for tree in map(fdt.read, fixture_blobs().values()) if tree.is_overlay)
    overlay = next(overlays, None)
    if overlay is None:
        pytest.skip("no overlay among the fixtures")
    with pytest.raises(InputError, match="overlay"):
        apply(overlay, [])
