"""Two children of one node have the same name.

What it finds: a node with the full path of an earlier node.
Why it matters: the path is ambiguous. Lookups by path, label or alias, and tools that merge
overlays, only ever find the first; Linux keeps both, and creates devices with the same name, of
which the second fails.
What to do: give the nodes their own unit addresses, or write the second as ``&label { … };`` so
that dtc merges it into the first.
References: Linux, drivers/of/kobj.c, safe_name(); Devicetree Specification 2.2.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.rules.model import Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    asks="tree.oddities",
    bad=Dts(
        """
        / {
            serial@1000 { compatible = "ns16550a"; reg = <0x1000>; };
            serial@2000 { compatible = "ns16550a"; reg = <0x1000>; };
        };
        """,
        finds=("/serial@1000",),
        patch={"/serial@2000": b"serial@1000"},
    ),
    good=Dts(
        """
        / {
            serial@1000 { compatible = "ns16550a"; reg = <0x1000>; };
            serial@2000 { compatible = "ns16550a"; reg = <0x2000>; };
        };
        """
    ),
)
def duplicate_node(board: TreeBoard) -> Iterator[Finding]:
    """Every node with the path of another."""
    for oddity in board.tree.oddities:
        if oddity.kind == "duplicate-node":
            node = board.tree[oddity.node]
            parent = node.parent.name or "base" if node.parent else ""
            yield duplicate_node.finding(
                node,
                f"duplicate node {node.path}",
                effect=f'"Duplicate name in {parent}, renamed to "{node.name}#1""; '
                "lookups by path do not find the second node",
                fix="Give each its own unit address, or merge them into one node.",
            )
