"""The task of ``dtlink lint``: which rules are asked of an input, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from dtlink.board.boards import board_of
from dtlink.board.settings import DEFAULTS, Settings
from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Tree
from dtlink.rules.catalogue import (
    SCHEMA_FAMILY,
    chosen_rules,
    family_of,
    has_notes,
    without_notes,
)
from dtlink.rules.model import Dts, Finding, Severity, Tables
from dtlink.rules.run import run, yielding
from dtlink.rules.screen import asks_nothing, speaking
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.tables import TablesBoard
    from dtlink.engine.written import ExpectedTree
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.report.answer import InputAnswer
    from dtlink.rules.catalogue import Asked, ChosenRule, Kind
    from dtlink.rules.model import Rule
    from dtlink.rules.run import Checked
    from dtlink.typed import Unpack


def lint(
    firmware: Tree | Machine,
    settings: Settings = DEFAULTS,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    *,
    write_fixes: bool = False,
    expected: ExpectedTree | None = None,
) -> InputAnswer:
    """Run the chosen rules over one input, as the fields of its :class:`InputReport`.

    ``write_fixes``: findings have the edits of their fixes as edits of the source; then the tree
    is compared with the one that is ``expected``.

    Raises :class:`InputError` for facts of a kernel, or schemas, that can't be read.
    """
    board = board_of(firmware, settings)
    return lint_board(board, select, ignore, write_fixes=write_fixes, expected=expected)


def lint_board(
    board: AnyBoard,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    *,
    write_fixes: bool = False,
    expected: ExpectedTree | None = None,
) -> InputAnswer:
    """Run the chosen rules over a board; as :func:`lint`."""
    if not isinstance(board, TreeBoard):
        return _lint_tables(board, tuple(select), tuple(ignore))
    answer = _lint_tree(board, tuple(select), tuple(ignore))
    if write_fixes:
        answer["blob"] = board.tree.blob
        if expected is not None or answer.get("findings"):
            from dtlink.engine.written import with_written

            with_written(board.tree, answer, expected)
    return answer


def _lint_tree(board: TreeBoard, select: tuple[str, ...], ignore: tuple[str, ...]) -> InputAnswer:
    settings = board.settings
    named, compared, schema = board.facts is not None, settings.against is not None, settings.schema
    overlay = board.tree.is_overlay or board.tree.overlaid is not None
    chosen = _chosen(
        select, ignore, Dts, kernel=named, against=compared, schema=schema, overlay=overlay
    )
    asked = schema and any(family_of(each.id) == SCHEMA_FAMILY for each in chosen)
    answered = not asked or board.verdict.answered
    found = _checked(board, chosen, select)
    if settings.bases and board.tree.is_overlay:
        from dtlink.report.model import TriedBase

        found["bases"] = [TriedBase(each.path, each.why) for each in board.overlays.fits]
    return {
        **found,
        "notes": [*(board.notes if asked else []), *_root_notes(board)],
        "silent": () if answered else (SCHEMA_FAMILY,),
    }


def _root_notes(board: TreeBoard) -> Sequence[str]:
    """A note if the user names a node for the root file system that is not there."""
    root = board.settings.root
    if not root or board.tree.named(root):
        return ()
    return [f"no node, label or alias {root!r} (root): the command line says where the root is"]


def _lint_tables(
    board: TablesBoard, select: tuple[str, ...], ignore: tuple[str, ...]
) -> InputAnswer:
    there, named = frozenset(board.machine.tables), board.facts is not None
    given: Asked = {"kernel": named, "against": False, "schema": False, "overlay": False}
    return _checked(board, _chosen(select, ignore, Tables, there, **given), select)


def _checked(board: AnyBoard, chosen: Sequence[ChosenRule], select: tuple[str, ...]) -> InputAnswer:
    if isinstance(board, TreeBoard):
        # A comment may be about a note that is not reported.
        has_comments = board.tree.origins and board.tree.origins.comments
        board.without_notes = frozenset() if has_comments else without_notes(select)
    rules, checked = _asked(board, chosen)
    if isinstance(board, TreeBoard) and board.without_notes and yielding(checked.findings, rules):
        board.without_notes = frozenset()  # a note, too, may cover what yields
        rules, checked = _asked(board, chosen)
    findings: Sequence[Finding] = checked.findings
    answer: InputAnswer = {"faults": checked.faults, "references": len(board.graph.references)}
    if isinstance(board, TreeBoard) and board.tree.origins and board.tree.origins.comments:
        from dtlink.engine.comments import sifted

        left = sifted(board.tree, findings, rules)
        findings, answer["comments"] = left.findings, left.comments
        answer["ignored"] = [each for each in left.ignored if _is_wanted(each.finding, select)]
    wanted = [each for each in findings if _is_wanted(each, select)]
    answer["findings"] = wanted
    return answer


def _asked(board: AnyBoard, chosen: Sequence[ChosenRule]) -> tuple[list[Rule], Checked]:
    """The rules that may have something to say, and what they say."""
    rules = [each.load() for each in speaking(board, chosen)]
    return rules, run(board, rules)


def load_rules(settings: Settings, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> None:
    """Import the chosen rules that many devicetrees need.

    Not those about overlays and schemas, nor those that ask for a sign which few boards have.
    """
    asked: Asked = {
        "kernel": bool(settings.kernel),
        "against": settings.against is not None,
        "schema": False,
        "overlay": False,
    }
    for each in _chosen(tuple(select), tuple(ignore), Dts, **asked):
        if asks_nothing(each.id):
            each.load()


def _is_wanted(finding: Finding, select: tuple[str, ...]) -> bool:
    return finding.severity is not Severity.INFO or has_notes(finding.rule, select, finding.alias)


@lru_cache(maxsize=8)
def _chosen(
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    kind: Kind,
    tables: frozenset[str] | None = None,
    **asked: Unpack[Asked],
) -> Sequence[ChosenRule]:
    return chosen_rules(select, ignore, kind, tables, **asked)
