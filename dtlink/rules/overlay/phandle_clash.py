"""An overlay and its base both give a node a phandle.

What it finds: nodes that exist in the base with a phandle, and that the overlay opens with one of
its own. dtc gives a phandle to every node of an overlay that is referenced there.
Why it matters: libfdt before 1.7.1 (boot loaders of 2024 and older) replaces the phandle of the
base, so that all references of the base to the node become dangling. A newer one keeps it. The
kernel's own of_overlay_fdt_apply() refuses the overlay (-EINVAL, since 4.17).
What to do: reference the node by the base's own label, and do not give it another label in the
overlay. A note if nothing in the base references the node, a warning otherwise.
References: libfdt, fdt_overlay.c, overlay_prevent_phandle_overwrite(); Linux,
drivers/of/overlay.c, add_changeset_node().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts import overlays as facts
from dtlink.facts.binding import Walk
from dtlink.links.graph import Graph
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.overlay._words import at, at_run_time
from dtlink.wording import listed

_SHOWN = 3


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    bad=Dts(
        """
        / { clk: clock { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            serial { compatible = "ns16550a"; clocks = <&clk>; }; };
        """,
        overlays=("/plugin/; &{/} { own: clock { x; }; serial { y = <&own>; }; };",),
        finds=("/fragment@0/__overlay__/clock:phandle",),
    ),
    good=Dts(
        """
        / { clk: clock { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            serial { compatible = "ns16550a"; clocks = <&clk>; }; };
        """,
        overlays=("/plugin/; &{/} { clock { x; }; serial { y = <&clk>; }; };",),
    ),
)
def phandle_clash(board: TreeBoard) -> Iterator[Finding]:
    """Each node that both give one."""
    users = _users(board)
    for each in board.overlays.of(facts.PHANDLE_CLASH):
        path = each.fault.what
        found = phandle_clash.finding(
            each.node,
            f"gives {path} a phandle, which it has in {each.base}",
            effect=_effect(users.get(path, ()), is_target=bool(each.fault.detail)),
            fix=f"Remove the label here, and reference {path} by its label in the base.",
            property_name=each.fault.name,
            severity=Severity.WARNING if path in users else Severity.INFO,
        )
        yield at(each, found)


def _users(board: TreeBoard) -> dict[str, list[str]]:
    """The nodes of the base that reference others, by the path of what they reference.

    A reference that an overlay replaces is not one of the base any more.
    """
    overlaid = board.tree.overlaid
    found: dict[str, list[str]] = {}
    if overlaid is None:
        return found
    base = overlaid.base
    # With those of disabled nodes: an overlay may enable them.
    for each in Graph.of(base, board.version, disabled=True).references:
        referenced = each.supplier
        if each.binding.walk is Walk.ENDPOINT:  # the link is one to the device of the endpoint
            referenced = base.phandles[base.cells_at(each.at)[each.cell]]
        user = base.path(each.node)
        if not overlaid.bringer(user, base.property_name(each.at)):
            found.setdefault(base.path(referenced), []).append(user)
    return found


def _effect(users: list[str] | tuple[()], *, is_target: bool) -> str:
    broken = f"references from {listed(dict.fromkeys(users), _SHOWN)} become dangling"
    old = f"with a libfdt before {facts.KEEPS_PHANDLES}, {broken if users else 'it is replaced'}"
    if is_target:
        return f"{old}; of_overlay_fdt_apply() passes over the phandle of a target"
    return f"{old}; {at_run_time(facts.PHANDLE_CLASH)}"
