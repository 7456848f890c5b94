"""A node has dmas but no dma-names.

What it finds: dmas without dma-names, all nodes of a board in one finding.
Why it matters: drivers request DMA channels by name. Without names the request fails: the driver
logs "dma-names property of node … missing or empty" and works without DMA, and the only effect of
the property is that, with fw_devlink.strict=1, the device waits for the DMA controller.
What to do: add dma-names as the device's binding says; or delete dmas, if DMA is not wanted.
References: Linux drivers/dma/of-dma.c, of_dma_request_slave_channel(); binding dma/dma.txt.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.rules.legacy._rows import several
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
def dmas_without_names(board: TreeBoard) -> Iterator[Finding]:
    """The nodes with one and without the other."""
    tree = board.tree
    found = tree.holders("dmas").keys() - tree.holders("dma-names").keys()
    nodes = [tree[index] for index in sorted(found - tree.disabled if found else found)]
    if nodes:
        yield dmas_without_names.finding(
            nodes[0],
            f"{several(nodes)}: dmas without dma-names",
            property_name="dmas",
            effect=f"the DMA channels of {nodes[0].name} are unusable: dma_request_chan() looks "
            "channels up by dma-names",
            fix=f'Add dma-names = "…", …; to {nodes[0].path}, or delete dmas.',
            related=nodes[1:],
        )
