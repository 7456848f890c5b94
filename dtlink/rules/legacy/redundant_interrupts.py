"""A node has both interrupts and interrupts-extended.

What it finds: nodes with both properties, all of a board in one finding.
Why it matters: the two exclude each other, and the extended form wins. Mostly a board's tree sets
it on top of interrupts of the SoC's tree, which is then unused. If the extended list is the shorter
one, the entries after its end are taken from interrupts.
What to do: delete the one that is not meant.
References: Linux drivers/of/irq.c, of_irq_parse_one(); Devicetree Specification 0.4, section 2.4.1
(interrupts-extended).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.rules.legacy._rows import in_all, several
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule

_SHORT, _LONG = "interrupts", "interrupts-extended"


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    fix=Safety(True, "no kernel reads interrupts beside interrupts-extended of that length"),
    covers=Covers.RELATED,
    needs=("interrupts-extended",),
    bad=Dts(
        """
        / {
            interrupt-parent = <&gic>;
            gic: gic { compatible = "arm,gic-400"; interrupt-controller; #interrupt-cells = <3>; };
            serial { compatible = "ti,omap4-uart"; interrupts = <0 72 4>;
                     interrupts-extended = <&gic 0 73 4>; };
        };
        """,
        finds=("/serial:interrupts",),
    ),
    good=Dts(
        """
        / {
            interrupt-parent = <&gic>;
            gic: gic { compatible = "arm,gic-400"; interrupt-controller; #interrupt-cells = <3>; };
            serial { compatible = "ti,omap4-uart"; interrupts-extended = <&gic 0 73 4>; };
            timer { compatible = "arm,armv8-timer"; interrupts = <1 13 8>; };
        };
        """
    ),
)
def redundant_interrupts(board: TreeBoard) -> Iterator[Finding]:
    """The nodes that have both."""
    tree = board.tree
    found = tree.holders("interrupts").keys() & tree.holders("interrupts-extended").keys()
    nodes = [tree[index] for index in sorted(found - tree.disabled if found else found)]
    if nodes:
        yield redundant_interrupts.finding(
            nodes[0],
            f"{several(nodes)}: both interrupts and interrupts-extended",
            property_name="interrupts",
            effect="the kernel reads interrupts-extended; from interrupts it reads only entries "
            "beyond the end of that list",
            fix=_fix(board, nodes),
            related=nodes[1:],
        )


def _fix(board: TreeBoard, nodes: Sequence[Node]) -> Fix:
    """Delete ``interrupts``, if no node has more entries there than in the extended list."""
    from dtlink.firmware.edits import DeleteProperty, ref

    counts = Counter((each.node, each.binding.name) for each in board.graph.references)
    if any(counts[node.index, _LONG] < counts[node.index, _SHORT] for node in nodes):
        return Fix("Write all interrupts in interrupts-extended and delete interrupts.")
    return in_all("Delete interrupts: ", [[DeleteProperty(ref(node), _SHORT)] for node in nodes])
