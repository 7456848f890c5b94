"""Rules whose notes nobody reads do not look for any, and report what they would beside them."""

from __future__ import annotations

from pathlib import Path

from dtlink.board.tree import TreeBoard
from dtlink.engine.linting import lint
from dtlink.firmware import fdt
from dtlink.rules.catalogue import choose, has_notes, without_notes
from dtlink.rules.model import Dts, Severity
from dtlink.rules.run import check


def test_all_but_the_notes_is_the_same(boards: tuple[Path, ...]) -> None:
    """On real boards: what is reported is what all rules find, less those notes."""
    rules = choose((), (), Dts, kernel=False, against=False, schema=False, overlay=False)
    left_out = 0
    for path in boards:
        tree = fdt.read(path.read_bytes())
        if tree.is_overlay:
            continue
        every = check(TreeBoard(tree), rules).findings
        wanted = [
            each
            for each in every
            if each.severity is not Severity.INFO or has_notes(each.rule, (), each.alias)
        ]
        assert lint(tree)["findings"] == wanted, path
        left_out += len(every) - len(wanted)
    assert left_out > 0


def test_notes_that_are_asked_for() -> None:
    """A rule that is selected, alone, with its family or with all others, has its notes."""
    assert "cycle/supplier-cycle" in without_notes(())
    for word in ("cycle/supplier-cycle", "cycle", "all"):
        assert "cycle/supplier-cycle" not in without_notes((word,))
