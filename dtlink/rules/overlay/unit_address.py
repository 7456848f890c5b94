"""A node of an overlay without a unit address meets one of the base that has one.

What it finds: a node ``name`` of an overlay where the base has ``name@address`` at that place.
Why it matters: libfdt takes a name without a unit address for any node of that name, so a boot
loader changes the node of the base. The kernel compares whole names, and adds a node.
What to do: write the unit address, or another name.
References: libfdt, fdt_ro.c, fdt_nodename_eq_(); Linux, drivers/of/overlay.c,
add_changeset_node().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts import overlays as facts
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.overlay._words import at


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    bad=Dts(
        "/ { spi@1000 { reg = <0x1000>; }; };",
        overlays=('/plugin/; &{/} { spi { compatible = "spi-gpio"; }; };',),
        finds=("/fragment@0/__overlay__/spi",),
    ),
    good=Dts(
        "/ { spi@1000 { reg = <0x1000>; }; };",
        overlays=('/plugin/; &{/} { spi-gpio { compatible = "spi-gpio"; }; };',),
    ),
)
def unit_address(board: TreeBoard) -> Iterator[Finding]:
    """Each node that is merged into another."""
    for each in board.overlays.of(facts.UNIT_ADDRESS):
        name = each.node.name
        found = unit_address.finding(
            each.node,
            f"{name} has no unit address, and the base has {each.fault.what} there",
            effect=f"a boot loader merges it into {each.fault.what}; the kernel adds {name}",
            fix=f"Write {each.fault.what} if that node is meant, else another name.",
        )
        yield at(each, found)
