"""What the rules about an IORT's nodes share: whom a finding names, and who is referred to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dtlink import wording
from dtlink.board.tables import TablesBoard
from dtlink.facts.behaviours import ACPI_WAIT_ENDS
from dtlink.firmware.acpi.iort import Iort, IortNode
from dtlink.firmware.acpi.layout import Struct
from dtlink.typed import TypeVar

Node = TypeVar("Node", bound=IortNode)

#: How many nodes a message names, and how many a finding lists.
NAMED = 3
MOST_RELATED = 32

_SEGMENT = re.compile(r"[A-Z_][A-Z0-9_]{0,3}")


def nodes(board: TablesBoard, kind: type[Node]) -> Iterator[Node]:
    """The nodes of a kind."""
    table = board.machine.iort
    for node in table.nodes if table else ():
        if isinstance(node, kind):
            yield node


def named(structures: Sequence[Struct]) -> str:
    """The first few, and how many more there are."""
    return wording.listed((each.name for each in structures), NAMED)


def listed(words: Sequence[str]) -> str:
    """The first few of some words, and how many more there are."""
    return wording.listed(words, NAMED)


def others(structures: Sequence[Struct]) -> Sequence[Struct]:
    """Those that a finding at the first of them lists."""
    return structures[1 : MOST_RELATED + 1]


def waiting(board: TablesBoard) -> str:
    """What devices do behind an SMMU that never comes, as the verb after them."""
    if ACPI_WAIT_ENDS.on(board.version):
        return "wait until deferred_probe_timeout expires, then run untranslated"
    return "wait forever"


def targets(table: Iort) -> frozenset[int]:
    """The offsets that mappings refer to."""
    return frozenset(mapping.output for node in table.nodes for mapping in node.mappings)


def full_path(name: str) -> str | None:
    """A path as the kernel writes it, each segment with four characters; ``None``: it is none."""
    segments = name.removeprefix("\\").split(".")
    if not name.startswith("\\") or not all(map(_SEGMENT.fullmatch, segments)):
        return None
    return "\\" + ".".join(segment.ljust(4, "_") for segment in segments)
