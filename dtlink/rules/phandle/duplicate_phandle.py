"""Two nodes have the same phandle.

What it finds: a phandle value that more than one node has, as ``phandle`` or ``linux,phandle``.
Why it matters: Linux takes the node that stands first in the blob. References meant for the other
one silently get the wrong supplier, and whatever its specifier means there. It happens where an
overlay is merged by a tool that does not renumber, or where phandles are written by hand.
What to do: let dtc number the phandles (write labels), and merge overlays with fdtoverlay.
References: Linux, drivers/of/base.c, of_find_node_by_phandle(); Devicetree Specification 2.3.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.facts.binding import Walk
from dtlink.firmware.tree import Node
from dtlink.links.reference import Failure, Link, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule


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
def duplicate_phandle(board: Board) -> Iterator[Finding]:
    """Every node whose phandle another node in front of it has."""
    tree = board.tree
    for oddity in tree.oddities:
        if oddity.kind == "duplicate-phandle":
            node = tree[oddity.node]
            yield _finding(board, node, tree[tree.phandles[node.phandle]])


def _finding(board: Board, node: Node, first: Node) -> Finding:
    named_by = _references(board, node, first)
    users = [entry.node for entry in named_by]
    return duplicate_phandle.finding(
        node,
        f"phandle {node.phandle:#x} of {node.path} is the phandle of {first.path} too, "
        "which stands first",
        consequence=f"Linux reads {_entries(named_by)} as {first.path}, whichever was meant"
        if users
        else f"nobody can refer to {node.path}; so far nobody does",
        fix=f"give {node.path} a phandle of its own (leave the number to dtc: write labels)",
        property_name="phandle" if node.has("phandle") else "linux,phandle",
        related=(first, *users),
        severity=Severity.ERROR if users else Severity.WARNING,
    )


def _references(board: Board, node: Node, first: Node) -> list[Link | Failure]:
    """The entries that hold the phandle, those first that only the second node can serve."""
    links = [
        Link(board.tree, ref)
        for ref in board.graph.references
        if (
            board.tree.words[ref.at + 3] == node.phandle
            if ref.binding.walk is Walk.ENDPOINT
            else ref.supplier == first.index and ref.binding.name != "interrupts"
        )
    ]
    broken = [entry for entry in board.failures(UnresolvedReason.NO_CELLS) if entry.target == first]
    return [*broken, *links]


def _entries(entries: list[Link | Failure]) -> str:
    """Entries with their nodes, in one phrase."""
    told = [f"{entry.entry} of {entry.node.path}" for entry in entries[:2]]
    rest = len(entries) - len(told)
    return ", ".join(told) + (f" and {rest} more" if rest else "")
