"""Two nodes have the same phandle.

What it finds: a phandle value that more than one node has, as ``phandle`` or ``linux,phandle``.
Why it matters: Linux uses the node that comes first in the blob. References meant for the other one
silently resolve to the wrong supplier, which interprets their arguments. This happens where a tool
merges an overlay without renumbering, or where phandles are written by hand.
What to do: let dtc assign the phandles (reference labels), and merge overlays with fdtoverlay.
References: Linux, drivers/of/base.c, of_find_node_by_phandle(); Devicetree Specification 2.3.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.facts.binding import Walk
from dtlink.firmware.tree import Node
from dtlink.links.reference import Failure, Link, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule
from dtlink.wording import joined, listed, noun


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
    """Every phandle that several nodes have, at the second of them."""
    tree = board.tree
    for nodes in tree.shared_phandles.values():
        yield _finding(board, [tree[node] for node in nodes])


def _finding(board: TreeBoard, nodes: Sequence[Node]) -> Finding:
    first, node, *others = nodes
    named_by = _references(board, first)
    users = list(dict.fromkeys(entry.node for entry in named_by))
    of_another = nodes[1:] if others else [node]
    return duplicate_phandle.finding(
        node,
        f"{joined(each.path for each in (node, first, *others))} share phandle "
        f"{node.phandle:#x}; lookups resolve to {first.path}, which comes first",
        effect=f"{_entries(named_by)} {noun(len(named_by), 'resolves', 'resolve')} to "
        f"{first.path}, whichever was meant"
        if users
        else f"no property can reference {joined((each.path for each in of_another), 'or')}; none "
        "does so far",
        fix=f"Give {joined(each.path for each in of_another)} "
        f"{noun(len(of_another), 'its own phandle', 'their own phandles')}: reference "
        f"{noun(len(of_another), 'it', 'them')} by a label, and dtc assigns a number.",
        property_name="phandle" if node.has("phandle") else "linux,phandle",
        related=(first, *others, *users),
        severity=Severity.ERROR if users else Severity.WARNING,
    )


def _references(board: TreeBoard, first: Node) -> list[Link | Failure]:
    """The entries with the phandle; first those that only another node can resolve."""
    links = [
        Link(board.tree, ref)
        for ref in board.graph.references
        if (
            board.tree.first_cell(ref.at) == first.phandle
            if ref.binding.walk is Walk.ENDPOINT
            else ref.supplier == first.index and ref.binding.name != "interrupts"
        )
    ]
    broken = [entry for entry in board.failures(*UnresolvedReason) if entry.target == first]
    # fw_devlink may read an entry that fails for the driver, with 0 cells.
    found: list[Link | Failure] = [*broken, *links]
    entries = {(each.node.index, each.entry): each for each in found}
    return list(entries.values())


def _entries(entries: list[Link | Failure]) -> str:
    """The first entries with their nodes, and how many more there are."""
    return listed((f"{entry.entry} of {entry.node.path}" for entry in entries), 2)
