"""A boot that finds no root filesystem: which of the causes is on the way to its disk."""

from __future__ import annotations

from collections.abc import Sequence

from dtlink.boot.roles import Role
from dtlink.facts.loglines import Topic
from dtlink.facts.loglines.system import NO_ROOT
from dtlink.observed.bootlog.model import CauseKind, CauseOrigin, DeviceEffect, RootCause, Victim
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.observed.bootlog.history import History, LoggedMessage

ROOT = "the root file system"


def explain_lost_root(
    history: History, causes: Sequence[RootCause], board: TreeBoard | None
) -> list[RootCause]:
    """A cause for the missing root, unless the log shows that its controller waits for one.

    Then the root is a victim of that cause too.
    """
    lines = _lines(history)
    if not lines:
        return []
    is_sure = board is not None and (board.roles.is_told or len(board.media) == 1)
    blamed = {name: cause for cause in causes if (name := _controller(cause, board))}
    for name, cause in blamed.items():
        cause.victims.append(_victim(lines, via=(name,))._replace(sure=is_sure))
    if blamed and is_sure:
        return []
    message = lines[0].match.message
    origin = CauseOrigin(CauseKind.SYSTEM, ROOT, message.meaning, cure=message.cure)
    return [RootCause(origin, [_victim(lines)])]


def _lines(history: History) -> list[LoggedMessage]:
    """The lines that say so; a log that ends while the kernel waits for the root is one too."""
    said = list(history.of(Topic.SYSTEM))
    found = [each for each in said if is_lost(history, each)]
    if found or history.stages:
        return found
    return [each for each in said if each.match.message.kind == "root-wait"]


def is_lost(history: History, said: LoggedMessage) -> bool:
    """Whether a line reports a missing root, and no filesystem was mounted for the first time
    after it.
    """
    mounted = history.stages.get("root-mounted")
    came = mounted is not None and mounted.number > said.line.number
    return said.match.message.kind.startswith(NO_ROOT) and not came


def _controller(cause: RootCause, board: TreeBoard | None) -> str:
    """The device that a cause takes down and that can have the root; empty if there is none."""
    for victim in cause.victims if board else ():
        node = board.tree.by_path.get(victim.node or "") if board else None
        if node and not victim.effect.is_mild and board and board.roles.of(node.index) is Role.ROOT:
            return victim.device
    return ""


def _victim(lines: Sequence[LoggedMessage], via: tuple[str, ...] = ()) -> Victim:
    line = lines[0].line
    return Victim(
        device="",
        node=None,
        effect=DeviceEffect.NO_ROOT,
        words=line.text,
        line=line.number,
        time=line.time,
        via=via,
        lines=len(lines),
    )
