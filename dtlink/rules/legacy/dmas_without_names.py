"""A node has dmas but no dma-names.

What it finds: dmas without dma-names, all nodes of a board in one finding.
Why it matters: a driver asks for a DMA channel by name. Without names there is none to be found: a
driver that asks logs "dma-names property of node … missing or empty" and works without DMA, and the
property does nothing but, with fw_devlink.strict=1, make the device wait for the DMA controller.
What to do: name the channels as the device's binding says; or delete dmas, if DMA is not wanted.
References: Linux drivers/dma/of-dma.c, of_dma_request_slave_channel(); binding dma/dma.txt.
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
    needs=("dmas",),
    bad=Dts(
        """
        / {
            dma: dma-controller { compatible = "arm,pl330"; #dma-cells = <1>; };
            serial { compatible = "snps,dw-apb-uart"; dmas = <&dma 2>, <&dma 3>; };
        };
        """,
        finds=("/serial:dmas",),
    ),
    good=Dts(
        """
        / {
            dma: dma-controller { compatible = "arm,pl330"; #dma-cells = <1>; };
            serial {
                compatible = "snps,dw-apb-uart";
                dmas = <&dma 2>, <&dma 3>;
                dma-names = "tx", "rx";
            };
        };
        """
    ),
)
def dmas_without_names(board: Board) -> Iterator[Finding]:
    """The nodes with one and without the other."""
    tree = board.tree
    found = tree.holders("dmas").keys() - tree.holders("dma-names").keys()
    nodes = [tree[index] for index in sorted(found - tree.disabled if found else found)]
    if nodes:
        yield dmas_without_names.finding(
            nodes[0],
            f"{several(nodes)}: dmas without dma-names",
            property_name="dmas",
            consequence=f"nobody can ask for the DMA channels of {nodes[0].name}: they are found "
            "by name only",
            fix=f'in {nodes[0].path}:  dma-names = "…", … ;  or  /delete-property/ dmas;',
            related=nodes[1:],
        )
