"""Findings from rows of the table: one for each row that a board uses, however often."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from dtlink.board.tree import Board
from dtlink.firmware.tree import Node
from dtlink.rules.legacy._binding import LegacyBinding
from dtlink.rules.model import Finding, Rule

#: How much of a long list of phandles a fix repeats.
_MOST_ENTRIES = 8

#: Cells from here on are addresses or masks rather than numbers of something.
_MOST_LINES = 1000

Says = Callable[[LegacyBinding, str], str]


def tell(rule: Rule, board: Board, rows: Iterable[LegacyBinding], says: Says) -> Iterator[Finding]:
    """One finding per row: at its first node, with the others as related nodes.

    ``says`` makes the message from the row and the nodes' names.
    """
    for row in rows:
        nodes = row.nodes(board.tree)
        if nodes:
            words = {
                "node": nodes[0].name,
                "path": nodes[0].path,
                "old": row.old,
                "new": row.new,
                "text": next(iter(nodes[0].strings(row.old)), ""),
                "value": as_dts(board, nodes[0], row.old, row.cells),
            }
            yield rule.finding(
                nodes[0],
                says(row, several(nodes)),
                property_name=row.old,
                consequence=row.consequence.format(**words),
                fix=row.fix.format(**words),
                related=nodes[1:],
                severity=row.severity,
                likely=row.likely,
            )


def several(nodes: Sequence[Node]) -> str:
    """The first node's name, and how many others there are."""
    others = len(nodes) - 1
    more = f" and {others} other node{'s' if others > 1 else ''}" if others else ""
    return (nodes[0].name or "/") + more


def as_dts(board: Board, node: Node, name: str, cells_name: str | None = None) -> str:
    """A property's phandle list as DTS, with references for phandles; as numbers if it is none."""
    cells, tree = node.cells(name), board.tree
    entries: list[str] = []
    at = 0
    while at < len(cells) and len(entries) < _MOST_ENTRIES:
        target = tree.phandles.get(cells[at])
        width = 0 if cells_name is None or target is None else tree.cell(cells_name, target) or 0
        if target is None or at + width >= len(cells):
            return "<" + " ".join(map(number, cells[: 2 * _MOST_ENTRIES])) + ">"
        words = [board.ref(tree[target]), *map(number, cells[at + 1 : at + 1 + width])]
        entries.append("<" + " ".join(words) + ">")
        at += 1 + width
    return ", ".join(entries) + (" …" if at < len(cells) else "")


def number(value: int) -> str:
    """A cell as people write it: what may be the number of a line or a channel in decimal."""
    return str(value) if value < _MOST_LINES else f"{value:#x}"
