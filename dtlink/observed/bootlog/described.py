"""Faults that the kernel names itself: of a description, and of the machine as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dtlink.facts.loglines import Topic
from dtlink.observed.bootlog.model import Cause, Effect, Origin, Root, Victim

if TYPE_CHECKING:
    from dtlink.observed.bootlog.history import History
    from dtlink.observed.naming import NodeNames


def described(history: History, names: NodeNames | None) -> Iterator[Cause]:
    """Faults of the description that the kernel names, one cause for each kind and device."""
    causes: dict[tuple[str, str], Cause] = {}
    for said in history.of(Topic.FIRMWARE):
        message, line = said.match.message, said.line
        name = said.match.groups.get("device", "")
        key = (message.kind, name)
        if key in causes:
            victim = causes[key].victims[0]
            causes[key].victims[0] = victim._replace(lines=victim.lines + 1)
            continue
        node = names.node(name) if names and name else None
        subject = node or name or _about(message.kind)
        origin = Origin(
            Root.DESCRIPTION, subject, message.meaning, rule=message.rule, cure=message.cure
        )
        victim = Victim(
            name or subject, node, Effect.MISDESCRIBED, line.text, line.number, line.time
        )
        causes[key] = Cause(origin, [victim])
    yield from causes.values()


def _about(kind: str) -> str:
    """What a fault without a device is in: the table's signature is the first word of its kind."""
    word = kind.partition("-")[0]
    return f"the {word.upper()}" if word in ("iort", "dmar", "ivrs", "viot") else "the tree"


def lost_root(history: History) -> Iterator[Cause]:
    """The end of a boot that finds no root file system."""
    lines = [s for s in history.of(Topic.SYSTEM) if s.match.message.kind == "no-root"]
    if lines:
        message, line = lines[0].match.message, lines[0].line
        origin = Origin(Root.SYSTEM, "the root file system", message.meaning, cure=message.cure)
        victim = Victim(
            "", None, Effect.NO_ROOT, line.text, line.number, line.time, lines=len(lines)
        )
        yield Cause(origin, [victim])
