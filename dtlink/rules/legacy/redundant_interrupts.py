"""A node has both interrupts and interrupts-extended.

What it finds: nodes with both properties, all of a board in one finding.
Why it matters: they exclude each other, and the extended form wins. Mostly a board's tree sets it
over what the SoC's tree says, and interrupts is left behind for the reader to wonder at. If the
extended list is the shorter one, the entries behind its end are taken from interrupts.
What to do: delete the one that is not meant.
References: Linux drivers/of/irq.c, of_irq_parse_one(); Devicetree Specification 0.4, section 2.4.1
(interrupts-extended).
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.rules.legacy._tell import several
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
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
def redundant_interrupts(board: Board) -> Iterator[Finding]:
    """The nodes that have both."""
    tree = board.tree
    found = tree.holders("interrupts").keys() & tree.holders("interrupts-extended").keys()
    nodes = [tree[index] for index in sorted(found - tree.disabled if found else found)]
    if nodes:
        yield redundant_interrupts.finding(
            nodes[0],
            f"{several(nodes)}: interrupts beside interrupts-extended",
            property_name="interrupts",
            consequence="the kernel takes interrupts-extended, and interrupts only for entries "
            "behind its end",
            fix=f"in {nodes[0].path}:  /delete-property/ interrupts;",
            related=nodes[1:],
        )
