"""An overlay changes nothing.

What it finds: an overlay without fragments, or one whose fragments are all empty.
Why it matters: a boot loader applies it and reports success. The kernel refuses one without
fragments (-EINVAL).
What to do: check that the source is one for ``/plugin/;`` with ``&label { … };`` at its top, and
that no condition of the preprocessor leaves its content out.
References: libfdt, fdt_overlay.c, overlay_merge(); Linux, drivers/of/overlay.c,
init_overlay_changeset().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts import overlays as facts
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.overlay._words import at, at_run_time


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    bad=Dts("/ { i2c1: i2c { }; };", overlays=("/plugin/; &i2c1 { };",), finds=("/",)),
    good=Dts("/ { i2c1: i2c { }; };", overlays=('/plugin/; &i2c1 { status = "okay"; };',)),
)
def empty(board: TreeBoard) -> Iterator[Finding]:
    """Each overlay that has nothing to merge."""
    for each in board.overlays.of(facts.EMPTY):
        effect = "a boot loader applies it, and the tree stays as it is"
        if not each.fault.what:
            effect += f"; {at_run_time(facts.EMPTY)}"
        found = empty.finding(
            each.node,
            f"all {each.fault.what} are empty" if each.fault.what else "has no fragments",
            effect=effect,
            fix="Check that the content is not left out by a condition, or drop the overlay.",
        )
        yield at(each, found)
