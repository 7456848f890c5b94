"""A node has two properties of the same name.

What it finds: a property with the name of an earlier property of the node.
Why it matters: Linux, libfdt and dtlink use the first; the second, mostly written by a boot loader
or a tool that edits the blob, has no effect.
What to do: find out what adds the property, and make it replace the first (fdt_setprop()).
References: Linux, drivers/of/base.c, __of_find_property(); Devicetree Specification 2.2.4.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.rules.model import Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    asks="tree.oddities",
    bad=Dts(
        """
        / { serial@1000 { compatible = "ns16550a"; status = "okay"; }; };
        """,
        finds=("/serial@1000:status",),
        # A second entry in the strings block, which ends where the first does.
        patch={"/serial@1000:status\0": b"disabled\0"},
    ),
    good=Dts(
        """
        / { serial@1000 { compatible = "ns16550a"; status = "okay"; }; };
        """
    ),
)
def duplicate_property(board: TreeBoard) -> Iterator[Finding]:
    """Every property after another of its name."""
    for oddity in board.tree.oddities:
        if oddity.kind == "duplicate-property":
            node = board.tree[oddity.node]
            yield duplicate_property.finding(
                node,
                f"{node.path} has two properties named {oddity.detail}",
                effect="the first is used, the second is never read",
                fix=f"Keep one {oddity.detail} in {node.path}.",
                property_name=oddity.detail,
            )
