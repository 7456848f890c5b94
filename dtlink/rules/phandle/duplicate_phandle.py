"""Two nodes have the same phandle.

What it finds: a phandle value that more than one node has, as ``phandle`` or ``linux,phandle``.
Why it matters: Linux uses the node that comes first in the blob. References meant for the other one
silently resolve to the wrong supplier, which interprets their arguments. This happens where a tool
merges an overlay without renumbering, or where phandles are written by hand.
What to do: let dtc assign the phandles (reference labels), and merge overlays with fdtoverlay.
References: Linux, drivers/of/base.c, of_find_node_by_phandle(); Devicetree Specification 2.3.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.facts.binding import Walk
from dtlink.firmware.tree import Node
from dtlink.links.reference import Failure, Link, UnresolvedReason
from dtlink.records import NamedTuple
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule
from dtlink.wording import joined, listed, noun

#: The nodes of one phandle where nothing else has it.
_PAIR = 2
#: Upper bound on the nodes that the findings of a phandle name as users, and that each may name.
_MOST_USERS, _FEW_USERS = 64, 8


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(True, "no property references the node by the number"),
    covers=Covers.SUPPLIER,
    asks="tree.oddities",
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
    if not tree.shared_phandles:
        return
    users = {target: _Users.of(entries) for target, entries in _references(board).items()}
    nobody = _Users.of([])
    for oddity in tree.oddities:
        if oddity.kind == "duplicate-phandle":
            nodes = tree.shared_phandles[tree[oddity.node].phandle]
            yield _finding(board, oddity.node, nodes, users.get(nodes[0], nobody))


class _Users(NamedTuple):
    """The entries that reference a phandle, the same for all nodes that have it."""

    told: str
    entries: int
    nodes: tuple[Node, ...]
    """The first of their nodes: thousands of nodes may share a phandle that thousands reference."""

    @classmethod
    def of(cls, entries: Sequence[Link | Failure]) -> _Users:
        """The entries as text, and their nodes."""
        nodes = dict.fromkeys(entry.node for entry in entries)
        return cls(_entries(entries), len(entries), tuple(nodes)[:_MOST_USERS])


def _finding(board: TreeBoard, index: int, nodes: Sequence[int], users: _Users) -> Finding:
    node, first, count = board.tree[index], board.tree[nodes[0]], len(nodes)
    number = f"{node.phandle:#x}" + (f", as do {count} nodes in all" if count > _PAIR else "")
    return duplicate_phandle.finding(
        node,
        f"{node.path} and {first.path} share phandle {number}; lookups resolve to {first.path}, "
        "which comes first",
        effect=f"{users.told} {noun(users.entries, 'resolves', 'resolve')} to "
        f"{first.path}, whichever was meant"
        if users.entries
        else f"no property can reference {node.path}; none does so far",
        fix=_fix(node, is_used=bool(users.entries)),
        property_name="phandle" if node.has("phandle") else "linux,phandle",
        related=(first, *users.nodes[: max(_MOST_USERS // (count - 1), _FEW_USERS)]),
        severity=Severity.ERROR if users.entries else Severity.WARNING,
    )


def _fix(node: Node, *, is_used: bool) -> Fix:
    """Delete the number, which no property means: what a lookup finds stays the same."""
    from dtlink.firmware.edits import DeleteProperty, ref

    if is_used:
        text = (
            f"Give {node.path} its own phandle: reference it by a label, and dtc assigns a number."
        )
        return Fix(text)
    names = [name for name in ("phandle", "linux,phandle") if node.has(name)]
    return Fix(
        f"Delete {joined(names)} of {node.path}: dtc assigns a number where a label is referenced.",
        tuple(DeleteProperty(ref(node), name) for name in names),
    )


def _references(board: TreeBoard) -> Mapping[int, list[Link | Failure]]:
    """The entries that lead to each node; first those that only another node can resolve."""
    tree, found = board.tree, dict[int, dict[tuple[int, str], Link | Failure]]()
    mistakable = tree.mistakable
    for entry in board.failures(*UnresolvedReason):
        if entry.raw.target in mistakable:
            _enter(found, entry.raw.target, entry)
    for ref in board.graph.references:
        target = ref.supplier
        if ref.binding.walk is Walk.ENDPOINT:
            target = tree.phandles.get(tree.first_cell(ref.at) or 0, -1)
        if target in mistakable and ref.binding.name != "interrupts":
            _enter(found, target, Link(tree, ref))
    return {target: list(entries.values()) for target, entries in found.items()}


def _enter(
    found: dict[int, dict[tuple[int, str], Link | Failure]], target: int, entry: Link | Failure
) -> None:
    """Keep an entry once: fw_devlink may read with 0 cells what fails for the driver."""
    found.setdefault(target, {}).setdefault((entry.node.index, entry.entry), entry)


def _entries(entries: Sequence[Link | Failure]) -> str:
    """The first entries with their nodes, and how many more there are."""
    return listed((f"{entry.entry} of {entry.node.path}" for entry in entries), 2)
