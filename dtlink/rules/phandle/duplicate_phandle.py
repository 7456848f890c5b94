"""Two nodes have the same phandle.

What it finds: a phandle value that more than one node has, as ``phandle`` or ``linux,phandle``.
Why it matters: Linux uses the node that comes first in the blob. References meant for the other one
silently resolve to the wrong supplier, which interprets their arguments. This happens where a tool
merges an overlay without renumbering, or where phandles are written by hand.
What to do: let dtc assign the phandles (reference labels), and merge overlays with fdtoverlay.
References: Linux, drivers/of/base.c, of_find_node_by_phandle(); Devicetree Specification 2.3.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.binding import Walk
from dtlink.firmware.tree import Node
from dtlink.links.reference import Failure, Link, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule
from dtlink.wording import listed


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    covers=Covers.SUPPLIER,
    bad=Dts(
        """
        / {
            a: clock-a { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            b: clock-b { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <2>; };
            serial@1000 { compatible = "ns16550a"; reg = <0x1000>; clocks = <&a>, <&b>; };
        };
        """,
        finds=("/clock-b:phandle",),
        patch={
            "/clock-b:phandle": b"\0\0\0\1",
            "/clock-a:phandle": b"\0\0\0\1",
            "/serial@1000:clocks": b"\0\0\0\1\0\0\0\1",
        },
    ),
    good=Dts(
        """
        / {
            a: clock-a { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            b: clock-b { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <2>; };
            serial@1000 { compatible = "ns16550a"; reg = <0x1000>; clocks = <&a>, <&b>; };
        };
        """
    ),
)
def duplicate_phandle(board: TreeBoard) -> Iterator[Finding]:
    """Every node whose phandle an earlier node has."""
    tree = board.tree
    for oddity in tree.oddities:
        if oddity.kind == "duplicate-phandle":
            node = tree[oddity.node]
            yield _finding(board, node, tree[tree.phandles[node.phandle]])


def _finding(board: TreeBoard, node: Node, first: Node) -> Finding:
    named_by = _references(board, node, first)
    users = [entry.node for entry in named_by]
    return duplicate_phandle.finding(
        node,
        f"{node.path} and {first.path} share phandle {node.phandle:#x}; lookups resolve to "
        f"{first.path}, which comes first",
        effect=f"{_entries(named_by)} resolves to {first.path}, whichever was meant"
        if users
        else f"no property can reference {node.path}; none does so far",
        fix=f"Give {node.path} its own phandle: reference it by a label, and dtc assigns a number.",
        property_name="phandle" if node.has("phandle") else "linux,phandle",
        related=(first, *users),
        severity=Severity.ERROR if users else Severity.WARNING,
    )


def _references(board: TreeBoard, node: Node, first: Node) -> list[Link | Failure]:
    """The entries with the phandle; first those that only the second node can resolve."""
    links = [
        Link(board.tree, ref)
        for ref in board.graph.references
        if (
            board.tree.first_cell(ref.at) == node.phandle
            if ref.binding.walk is Walk.ENDPOINT
            else ref.supplier == first.index and ref.binding.name != "interrupts"
        )
    ]
    broken = [entry for entry in board.failures(UnresolvedReason.NO_CELLS) if entry.target == first]
    return [*broken, *links]


def _entries(entries: list[Link | Failure]) -> str:
    """The first entries with their nodes, and how many more there are."""
    return listed((f"{entry.entry} of {entry.node.path}" for entry in entries), 2)
