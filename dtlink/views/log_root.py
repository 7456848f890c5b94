"""A root filesystem that is not found: what the rules about modules say of the way to its disk."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib import import_module

from dtlink.boot.roles import Role
from dtlink.observed.bootlog.lost_root import ROOT
from dtlink.observed.bootlog.model import CauseKind, CauseOrigin, RootCause
from dtlink.rules.finding import Confidence
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed, noun

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.rules.finding import Finding
    from dtlink.rules.model import Rule

#: The rules that know what a root filesystem needs.
_RULES = ("root_lacks_driver", "initramfs_lacks_supplier", "no_driver")


def explained_root(causes: Collection[RootCause], board: TreeBoard) -> list[RootCause]:
    """The causes; that of a missing root is replaced by what the rules find on the way to it."""
    found: list[RootCause] = []
    known = {cause.origin.subject for cause in causes}
    for cause in causes:
        is_root = cause.origin.root is CauseKind.SYSTEM and cause.origin.subject == ROOT
        found += _by_rules(cause, board, known) if is_root else [cause]
    return found


def _by_rules(cause: RootCause, board: TreeBoard, known: set[str]) -> list[RootCause]:
    findings = list(_findings(board))
    new = [each for each in findings if each.subject.path not in known]
    if findings:
        return [_of_finding(board, each, cause) for each in new]
    cause.origin = cause.origin._replace(detail=f"{cause.origin.detail} {_nothing(board)}")
    return [cause]


def _findings(board: TreeBoard) -> Iterator[Finding]:
    """What the rules report of the controllers that can have the root, and of the layers above."""
    for name in _RULES:
        rule: Rule = getattr(import_module(f"dtlink.rules.module.{name}"), name)
        for finding in rule.check(board):
            if name == "root_lacks_driver" or _is_about_root(finding, board):
                yield finding


def _is_about_root(finding: Finding, board: TreeBoard) -> bool:
    return any(_is_root(board, path) for path in (finding.subject.path, *finding.related))


def _is_root(board: TreeBoard, path: str) -> bool:
    node = board.tree.by_path.get(path)
    return node is not None and board.roles.of(node.index) is Role.ROOT


def _of_finding(board: TreeBoard, finding: Finding, cause: RootCause) -> RootCause:
    is_sure = finding.confidence is Confidence.SURE
    origin = CauseOrigin(
        CauseKind.NO_DRIVER,
        finding.subject.path,
        finding.message,
        sure=is_sure,
        rule=finding.rule,
        cure=finding.fix.text,
        is_absent=True,
    )
    via = tuple(path for path in finding.related if _is_root(board, path))
    victims = [victim._replace(sure=is_sure, via=via) for victim in cause.victims]
    return RootCause(origin, victims)


def _modules(board: TreeBoard) -> list[str]:
    """The modules of the drivers that the root's controllers need."""
    steps = board.needs.follow(sorted(board.media))
    names = (name for step in steps for name in board.needs.driver(step).modules)
    return list(dict.fromkeys(names))


def _nothing(board: TreeBoard) -> str:
    """What was looked at, where nothing is missing."""
    ways = [board.tree.path(node) for node in sorted(board.media)]
    if not ways:
        return "The tree has no controller that could have it: pass the tree that was booted with."
    if board.named_facts.initramfs is None and (modules := _modules(board)):
        needed = f"{listed(ways)} need the {noun(len(modules), 'module')} {listed(modules, 12)}"
        return f"{needed}: pass the initramfs (--initramfs) to see whether it has them."
    return f"No driver is missing for {listed(ways)}, as far as the kernel and initramfs show."
