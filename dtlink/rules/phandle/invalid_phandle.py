"""A node's own phandle is not a phandle.

What it finds: a ``phandle`` or ``linux,phandle`` that is 0, 0xffffffff or no single cell, and a
node in which the two differ.
Why it matters: nobody can refer to such a node: 0 means "none" and 0xffffffff "not resolved yet".
Of two values Linux takes the first that is not 0; references by the other one lead nowhere.
What to do: leave the number to dtc: write a label on the node, and refer to that.
References: Linux, drivers/of/fdt.c, populate_properties(); Devicetree Specification 2.3.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.firmware.tree import Oddity
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    covers=Covers.SUPPLIER,
    bad=Dts(
        """
        / {
            gpio: gpio@1000 {
                compatible = "vendor,gpio"; reg = <0x1000>; gpio-controller; #gpio-cells = <2>;
                phandle = <1>;
            };
        };
        """,
        finds=("/gpio@1000:phandle",),
        patch={"/gpio@1000:phandle": b"\0\0\0\0"},
    ),
    good=Dts(
        """
        / {
            gpio: gpio@1000 {
                compatible = "vendor,gpio"; reg = <0x1000>; gpio-controller; #gpio-cells = <2>;
                phandle = <1>;
            };
        };
        """
    ),
)
def invalid_phandle(board: Board) -> Iterator[Finding]:
    """Every node whose own phandle is wrong, told once."""
    told: set[int] = set()
    for oddity in board.tree.oddities:
        if oddity.kind in ("invalid-phandle", "two-phandles") and oddity.node not in told:
            told.add(oddity.node)
            yield _finding(board, oddity)


def _finding(board: Board, oddity: Oddity) -> Finding:
    node = board.tree[oddity.node]
    name = "phandle" if node.has("phandle") else "linux,phandle"
    if oddity.kind == "two-phandles":
        return invalid_phandle.finding(
            node,
            f"phandle and linux,phandle of {node.path} differ ({oddity.detail})",
            consequence=f"Linux knows the node by {node.phandle:#x} only; "
            "references by the other number lead nowhere",
            fix="leave linux,phandle out",
            property_name="linux,phandle",
        )
    known = node.phandle if board.tree.phandles.get(node.phandle) == node.index else 0
    return invalid_phandle.finding(
        node,
        f"{node.path} has a {name} {oddity.detail}, which is no valid phandle",
        consequence=f"Linux takes its first cell, {known:#x}; other readers refuse the tree"
        if known
        else f"nobody can refer to {node.path}",
        fix=f"leave the number to dtc: write a label on {node.name or '/'}, and refer to that",
        property_name=name,
    )
