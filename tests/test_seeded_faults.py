"""Faults seeded into clean boards are found: at the right node, by the right rule, and no other."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.firmware import fdt
from dtlink.rules.catalogue import all_rules, choose
from dtlink.rules.model import Dts, Finding, Severity
from dtlink.rules.run import check
from tests.support.boards import FIXTURES, corpus, need_corpus
from tests.support.faults import FAULTS, NOT_SEEDED
from tests.support.faults.bed import Bed
from tests.support.faults.model import USUAL, Fault, Planted

SEED = "dtlink"
#: So many real boards, half of them arm64, half of them 32-bit Arm.
BOARDS = 20
#: So many in the sweep.
MANY = 100
#: Boards with fewer nodes lack most of what a fault needs.
SMALLEST = 100


class Clean(NamedTuple):
    """A board of which the lint says nothing that matters."""

    name: str
    board: TreeBoard
    findings: list[Finding]


def lint(board: TreeBoard) -> list[Finding]:
    checked = check(board, all_rules())
    assert checked.faults == []
    return checked.findings


def read(path: Path) -> Clean:
    board = TreeBoard(fdt.read(path.read_bytes()))
    return Clean(path.stem, board, lint(board))


def is_clean(board: Clean) -> bool:
    return len(board.board.tree) >= SMALLEST and all(
        finding.severity is Severity.INFO for finding in board.findings
    )


def vendors(architecture: str) -> list[list[Path]]:
    """The boards of an architecture by vendor or, without folders, by SoC; the most first."""
    groups: dict[str, list[Path]] = {}
    for path in corpus():
        if architecture in path.parts:
            folder = path.parent.name
            key = path.stem.partition("-")[0] if folder == architecture else folder
            groups.setdefault(key, []).append(path)
    return [groups[key] for key in sorted(groups, key=lambda key: (-len(groups[key]), key))]


def clean_boards(groups: list[list[Path]], count: int) -> list[Clean]:
    """A clean board of each group, in turns, until there are enough."""
    shuffle = random.Random(SEED).shuffle  # noqa: S311 - repeatable is what it must be
    for group in groups:
        shuffle(group)
    found: list[Clean] = []
    while any(groups):
        for group in groups:
            board = next_clean(group)
            if board is not None:
                found.append(board)
            if len(found) == count:
                return found
    return found


def next_clean(group: list[Path]) -> Clean | None:
    """The last clean board of a group, which loses it and those behind it."""
    while group:
        board = read(group.pop())
        if is_clean(board):
            return board
    return None


@lru_cache(maxsize=2)
def real_boards(count: int = BOARDS) -> list[Clean]:
    half = count // 2
    return [
        board
        for architecture in ("arm64", "armhf")
        for board in clean_boards(vendors(architecture), half)
    ]


@lru_cache(maxsize=1)
def own_board() -> Clean:
    return read(FIXTURES / "clean-board.dtb")


def seeded(fault: Fault, board: Clean) -> list[str] | None:
    """What is wrong with the findings once the fault is in; ``None`` if there is no place."""
    bed = Bed(board.board, f"{SEED} {fault.id} {board.name}")
    planted = fault.plant(bed)
    if planted is None:
        return None
    after = lint(TreeBoard(fdt.read(bed.blob())))
    wrong = [*missed(fault, planted, board.findings, after), *strangers(fault, planted, after)]
    return [f"{board.name}, {planted.node}:{planted.property_name}: {what}" for what in wrong]


def missed(
    fault: Fault, planted: Planted, before: Sequence[Finding], after: Sequence[Finding]
) -> list[str]:
    """Whether the right rule does not tell the fault, or not seriously enough."""
    known = list(map(told, before))
    found = [
        finding.severity
        for finding in after
        if finding.rule == fault.rule and planted.is_told_by(finding) and told(finding) not in known
    ]
    if not found:
        return [f"{fault.rule} does not find it"]
    worst = min(found, key=lambda severity: severity.rank)
    return [] if worst.rank <= fault.severity.rank else [f"it is told as {worst.value} only"]


def strangers(fault: Fault, planted: Planted, after: Sequence[Finding]) -> list[str]:
    """Errors and warnings elsewhere: the board had none before."""
    near = {planted.node, *planted.touched, *planted.together}
    return [
        f"also {finding.rule} at {finding.subject.path}: {finding.message}"
        for finding in after
        if finding.severity is not Severity.INFO
        and finding.subject.path not in near
        and not (finding.rule == fault.rule and planted.is_told_by(finding))
    ]


faults = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)


@faults
def test_fault_is_found_where_it_is_and_nothing_elsewhere(fault: Fault) -> None:
    results = [seeded(fault, board) for board in (own_board(), *real_boards())]
    assert [what for result in results for what in result or ()] == []
    places = sum(result is not None for result in results[1:])
    if corpus():
        assert places >= fault.boards, (
            f"{fault.id} fits on {places} of {BOARDS} boards, fewer than {fault.boards}: let it "
            "choose from more places, or lower boards= of the fault"
        )
    elif results[0] is None:
        assert fault.boards < USUAL
        pytest.skip("the project's own board has no place for it")


@pytest.mark.corpus
@faults
def test_fault_is_found_on_many_boards(fault: Fault) -> None:
    need_corpus()
    results = [seeded(fault, board) for board in real_boards(MANY)]
    assert [what for result in results for what in result or ()] == []


def test_every_rule_has_a_fault_or_a_reason() -> None:
    rules = {rule.id for rule in choose(("all",), kind=Dts, kernel=False, schema=False)}
    seeded_for = {fault.rule for fault in FAULTS}
    unknown = sorted((seeded_for | NOT_SEEDED.keys()) - rules)
    assert not unknown, (
        f"no rules any more: {unknown}: rename or remove them in tests/support/faults/"
    )
    missing = sorted(rules - seeded_for - NOT_SEEDED.keys())
    assert not missing, (
        f"no seeded fault for {missing}: add one in tests/support/faults/<family>.py, or a reason "
        "to NOT_SEEDED in tests/support/faults/__init__.py"
    )
    both = sorted(seeded_for & NOT_SEEDED.keys())
    assert not both, f"{both} have a fault: take them out of NOT_SEEDED"


def test_names_of_faults_differ() -> None:
    assert [
        name for name, count in Counter(fault.id for fault in FAULTS).items() if count > 1
    ] == []


def test_boards_are_clean_and_of_many_makes() -> None:
    assert is_clean(own_board())
    if corpus():
        assert len(real_boards()) == BOARDS
        assert len({board.board.tree.root.compatible[-1] for board in real_boards()}) > BOARDS // 2


def test_a_board_written_anew_lints_the_same() -> None:
    for board in (own_board(), *real_boards()):
        again = lint(TreeBoard(fdt.read(Bed(board.board, "").blob())))
        assert list(map(told, again)) == list(map(told, board.findings)), board.name


def told(finding: Finding) -> Finding:
    return finding._replace(offset=None)
