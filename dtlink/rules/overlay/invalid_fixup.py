"""What dtc generated in an overlay does not fit its nodes.

What it finds: entries of ``__fixups__`` and ``__local_fixups__`` that are malformed or reference
nodes, properties or offsets that the overlay does not have; labels of ``__symbols__`` that are not
paths; phandles that are not one cell, or that cannot be moved above those of the base.
Why it matters: the overlay is refused. One case is worse: libfdt does not check the offsets in
``__local_fixups__``, and changes the bytes that it finds there.
What to do: compile the source again. Only a tool that edits overlays without changing these nodes,
or an overlay written by hand, leads to this.
References: libfdt, fdt_overlay.c, overlay_fixup_phandle(), overlay_update_local_node_references(),
overlay_symbol_update(); Linux, drivers/of/resolver.c, adjust_local_phandle_references().
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

_PROBLEMS = (
    *(facts.BAD_FIXUP, facts.BAD_LOCAL_FIXUP, facts.WILD_LOCAL_FIXUP, facts.BAD_SYMBOL),
    *(facts.BAD_PHANDLE, facts.PHANDLES_USED_UP),
)


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
            / { fragment@0 { target-path = "/i2c"; __overlay__ { vendor,peer = <1>; }; };
                __fixups__ { i2c1 = "/fragment@0/__overlay__:vendor,peer:4"; }; };
            """,
        ),
        finds=("/__fixups__:i2c1",),
    ),
    good=Dts(
        "/ { i2c1: i2c { }; };",
        overlays=(
            """
            /plugin/;
            / { fragment@0 { target-path = "/i2c"; __overlay__ { vendor,peer = <1>; }; };
                __fixups__ { i2c1 = "/fragment@0/__overlay__:vendor,peer:0"; }; };
            """,
        ),
    ),
)
def invalid_fixup(board: TreeBoard) -> Iterator[Finding]:
    """Each entry that does not fit."""
    for each in board.overlays.of(*_PROBLEMS):
        found = invalid_fixup.finding(
            each.node,
            _message(each),
            effect=_effect(each),
            fix="Compile the overlay again; edit its source, not the blob.",
            property_name=each.fault.name,
        )
        yield at(each, found)


def _message(placed: PlacedFault) -> str:
    fault = placed.fault
    if fault.problem is facts.BAD_PHANDLE:
        return f"the phandle has {fault.detail}, not 4"
    if fault.problem is facts.PHANDLES_USED_UP:
        return f"the phandle can't be moved above those of {placed.base}: {fault.detail}"
    value = f' "{fault.what}"' if fault.what else ""
    return f"the entry{value} does not fit: {fault.detail}"


def _effect(placed: PlacedFault) -> str:
    problem = placed.fault.problem
    if problem is facts.WILD_LOCAL_FIXUP:
        text = "a boot loader changes bytes of other properties (libfdt does not check offsets)"
        return f"{text}; of_overlay_fdt_apply() returns {problem.kernel}"
    return refused(problem)
