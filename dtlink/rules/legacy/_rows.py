"""Findings from rows of the table: one for each row, however many nodes of a board use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.rules.legacy._binding import LegacyBinding, Rewrite
from dtlink.rules.model import Finding, Fix, Rule
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import beside, counted

if TYPE_CHECKING:
    from dtlink.firmware.edits import Edit

#: How many entries of a long list a fix repeats.
_MOST_ENTRIES = 8

Message = Callable[[LegacyBinding, str], str]


def report(
    rule: Rule, board: TreeBoard, rows: Iterable[LegacyBinding], message: Message
) -> Iterator[Finding]:
    """One finding per row: at its first node, with the others as related nodes.

    ``message`` makes the message from the row and the nodes' names.
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
            }
            if "{value}" in row.effect + row.fix:
                words["value"] = as_dts(nodes[0], row.old, row.cells)
            yield rule.finding(
                nodes[0],
                message(row, several(nodes)),
                property_name=row.old,
                effect=row.effect.format(**words),
                fix=_rewritten(row, nodes) if row.rewrite else row.fix.format(**words),
                related=nodes[1:],
                severity=row.severity,
                likely=row.likely,
            )


def _rewritten(row: LegacyBinding, nodes: Sequence[Node]) -> Fix:
    edits = [_rewrite(row, node) for node in nodes]
    verb = f"Delete {row.old}" if row.rewrite is Rewrite.DELETE else f"Write {row.new}"
    fix = in_all(f"{row.fix or verb}: ", edits)
    return fix if all(_resolves(row, node) for node in nodes) else fix._replace(edits=())


def _resolves(row: LegacyBinding, node: Node) -> bool:
    """Whether the new name's entries resolve: their suppliers have the cells property."""
    if row.cells is None:
        return True
    suppliers = [node.tree.phandles.get(cell, -1) for cell in node.cells(row.old)[:1]]
    return all(each in node.tree.holders(row.cells) for each in suppliers)


def in_all(text: str, edits: Sequence[Sequence[Edit]]) -> Fix:
    """A fix with the edits of several nodes, the first of which the text spells out."""
    from dtlink.firmware.edit_text import dts

    others = len(edits) - 1
    more = f" (and likewise in {counted(others, 'other node')})" if others else ""
    return Fix(text + dts(edits[0]) + more, tuple(edit for each in edits for edit in each))


def _rewrite(row: LegacyBinding, node: Node) -> Sequence[Edit]:
    from dtlink.firmware.edit_values import renamed_list
    from dtlink.firmware.edits import DeleteProperty, SetProperty, ref

    delete = DeleteProperty(ref(node), row.old)
    if row.rewrite is Rewrite.DELETE:
        return (delete,)
    renamed = renamed_list(node, row.old, row.new, row.cells)
    supplier = node.tree.phandles.get(node.cell(row.old) or 0)
    if row.rewrite is Rewrite.RENAME_PHY and supplier is not None:
        phy = node.tree[supplier]
        if not phy.has("#phy-cells"):
            return (*renamed, SetProperty(ref(phy), "#phy-cells", ((0,),)))
    return renamed


def several(nodes: Sequence[Node]) -> str:
    """The first node's name, and how many others there are."""
    return beside(nodes[0].name or "/", len(nodes) - 1, "node")


def as_dts(node: Node, name: str, cells_name: str | None = None) -> str:
    """A property's phandle list as DTS, with references for phandles; numbers if it is not one."""
    from dtlink.firmware.edit_text import property_value
    from dtlink.firmware.edit_values import phandle_list

    value = phandle_list(node, name, cells_name)
    if len(value) == 1 and not isinstance(value[0], str):
        value = (value[0][: 2 * _MOST_ENTRIES],)
    return property_value(value, _MOST_ENTRIES)
