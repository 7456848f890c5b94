"""A node has an invalid phandle value.

What it finds: a ``phandle`` or ``linux,phandle`` that is 0, 0xffffffff or not a single cell, and
a node in which the two differ.
Why it matters: no property can reference such a node: 0 means "none" and 0xffffffff "not resolved
yet". Of two values Linux uses the first that is not 0; references by the other one do not resolve.
What to do: leave the number to dtc: put a label on the node and reference the label.
References: Linux, drivers/of/fdt.c, populate_properties(); Devicetree Specification 2.3.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node, Oddity
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(True, "the number that Linux uses is kept"),
    covers=Covers.SUPPLIER,
    asks="tree.oddities",
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
def invalid_phandle(board: TreeBoard) -> Iterator[Finding]:
    """Every node whose own phandle is wrong, once."""
    seen: set[int] = set()
    for oddity in board.tree.oddities:
        if oddity.kind in ("invalid-phandle", "two-phandles") and oddity.node not in seen:
            seen.add(oddity.node)
            yield _finding(board, oddity)


def _finding(board: TreeBoard, oddity: Oddity) -> Finding:
    node = board.tree[oddity.node]
    name = "phandle" if node.has("phandle") else "linux,phandle"
    if oddity.kind == "two-phandles":
        return invalid_phandle.finding(
            node,
            f"phandle and linux,phandle of {node.path} differ ({oddity.detail})",
            effect=f"Linux finds the node by {node.phandle:#x} only; "
            "references by the other number do not resolve",
            fix=_keep_one(node),
            property_name="linux,phandle",
        )
    known = node.phandle if board.tree.phandles.get(node.phandle) == node.index else 0
    return invalid_phandle.finding(
        node,
        f"{node.path} has a {name} {oddity.detail}, which is not a valid phandle",
        effect=f"Linux uses its first cell, {known:#x}; other readers refuse the tree"
        if known
        else f"no property can reference {node.path}",
        fix=f"Remove {name} and put a label on {node.name or '/'}: dtc then assigns a number.",
        property_name=name,
    )


def _keep_one(node: Node) -> Fix:
    """Keep the number by which Linux finds the node, in ``phandle``."""
    from dtlink.firmware.edits import DeleteProperty, SetProperty, ref

    here = ref(node)
    same = node.cell("phandle") == node.phandle
    number = () if same else (SetProperty(here, "phandle", ((node.phandle,),)),)
    text = f"Keep {node.phandle:#x} in phandle and remove linux,phandle."
    return Fix(text, (*number, DeleteProperty(here, "linux,phandle")))
