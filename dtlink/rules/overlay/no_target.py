"""A fragment of an overlay has no target.

What it finds: fragments with neither ``target`` nor ``target-path``, with a path or a phandle that
the base does not have, and with a ``target`` that is not one phandle.
Why it matters: the overlay as a whole is refused, with the fragments that are right.
What to do: name the target by a label (``&label { … };``) or by its full path
(``&{/path} { … };``); dtc then writes the fragment. Paths of the base may differ between kernel
versions; labels rarely do. A fragment for a node that another fragment adds comes after that one.
References: libfdt, fdt_overlay.c, fdt_overlay_target_offset(); Linux, drivers/of/overlay.c,
find_target().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts import overlays as facts
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.overlay._words import at, refused
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.overlays import PlacedFault


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    since="0.2",
    bad=Dts(
        "/ { i2c@1000 { }; };",
        overlays=('/plugin/; &{/i2c@2000} { status = "okay"; };',),
        finds=("/fragment@0:target-path",),
    ),
    good=Dts("/ { i2c@1000 { }; };", overlays=('/plugin/; &{/i2c@1000} { status = "okay"; };',)),
)
def no_target(board: TreeBoard) -> Iterator[Finding]:
    """Every fragment that has none."""
    for each in board.overlays.of(facts.NO_TARGET, facts.BAD_TARGET, facts.UNKNOWN_TARGET):
        fault = each.fault
        found = no_target.finding(
            each.node,
            _message(each),
            effect=refused(fault.problem, fault.path, fault.what),
            fix=_fix(each),
            property_name=fault.name,
        )
        yield at(each, found)


def _message(placed: PlacedFault) -> str:
    fault = placed.fault
    if fault.problem is facts.NO_TARGET:
        return "has neither target nor target-path"
    if fault.problem is facts.BAD_TARGET:
        return f"target is {fault.detail}, not a phandle"
    if fault.name == "target":
        return f"target is phandle {fault.what}, which no node of {placed.base} has"
    return f"target-path is {fault.what}, but {placed.base} has no such node"


def _fix(placed: PlacedFault) -> str:
    if (
        placed.fault.problem.name == facts.UNKNOWN_TARGET.name
        and placed.fault.name == "target-path"
    ):
        return "Use the path that the node has in the base, or its label."
    return "Name the target by its label: &label { … };"
