"""A node of an overlay is not part of any fragment, so it is dropped.

What it finds: nodes at the top of an overlay that are not fragments, and fragments whose content is
not called ``__overlay__``. Raspberry Pi's ``__overrides__`` and ``__dormant__`` are known.
Why it matters: only ``__overlay__`` nodes are merged. The others are ignored without a message, and
references to them stay without a node.
What to do: put the node into ``&{/} { … };``, or into the fragment of another node.
References: libfdt, fdt_overlay.c, overlay_merge(); Linux, drivers/of/overlay.c,
init_overlay_changeset().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts import overlays as facts
from dtlink.firmware.overlay.fragments import OVERLAY
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.overlay._words import at


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    since="0.2",
    bad=Dts(
        "/ { i2c1: i2c { }; };",
        overlays=(
            """
            /plugin/;
            / { osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; }; };
            &i2c1 { status = "okay"; };
            """,
        ),
        finds=("/osc",),
    ),
    good=Dts(
        "/ { i2c1: i2c { }; };",
        overlays=(
            """
            /plugin/;
            &{/} { osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; }; };
            &i2c1 { status = "okay"; };
            """,
        ),
    ),
)
def lost_node(board: TreeBoard) -> Iterator[Finding]:
    """Every node that is dropped."""
    for each in board.overlays.of(facts.LOST_NODE, facts.NO_OVERLAY_NODE):
        is_fragment = each.fault.problem is facts.NO_OVERLAY_NODE
        message = (
            f"this fragment has no {OVERLAY}{_instead(each.fault.what)}"
            if is_fragment
            else f"{each.node.name} is beside the fragments"
        )
        fix = (
            f"Call the content of the fragment {OVERLAY}, or write &label {{ … }};"
            if is_fragment
            else f"Write &{{/}} {{ {each.node.name} {{ … }}; }}; so that dtc makes a fragment."
        )
        found = lost_node.finding(
            each.node,
            message,
            effect="the node is not merged into the base, and nothing says so",
            fix=fix,
        )
        yield at(each, found)


def _instead(name: str) -> str:
    return f"; it has {name} instead" if name else ""
