"""Two children of one node have the same name.

What it finds: a node whose full path another node in front of it has.
Why it matters: a path no longer names one node. Look-ups by path, by label or by alias, and tools
that merge overlays, only ever find the first; Linux keeps both, and makes devices of one name of
them, of which the second fails.
What to do: give the nodes their own unit addresses, or write the second as ``&label { … };`` so
that dtc merges it into the first.
References: Linux, drivers/of/kobj.c, safe_name(); Devicetree Specification 2.2.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.rules.model import Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
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
def duplicate_node(board: Board) -> Iterator[Finding]:
    """Every node that has the path of another."""
    for oddity in board.tree.oddities:
        if oddity.kind == "duplicate-node":
            node = board.tree[oddity.node]
            parent = node.parent.name or "base" if node.parent else ""
            yield duplicate_node.finding(
                node,
                f"{node.path} is there twice",
                consequence=f'"Duplicate name in {parent}, renamed to "{node.name}#1""; '
                "what is written in the second is not found by path",
                fix="give each its own unit address, or merge them into one node",
            )
