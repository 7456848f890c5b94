"""An overlay references a label that its base does not export.

What it finds: labels in ``__fixups__`` of an overlay that are not in ``__symbols__`` of the base, a
base without ``__symbols__``, and labels whose node is gone or has no phandle.
Why it matters: the reference cannot be resolved, so the overlay as a whole is refused. libfdt
returns FDT_ERR_NOTFOUND and does not say which label it is; U-Boot then boots without the overlay,
or not at all.
What to do: use a label of the base, add the label to it, or apply the overlay that brings it
first. A base that takes overlays is built with ``dtc -@`` (in the kernel's build:
``DTC_FLAGS_<board> := -@``). A fragment can also name its target by ``target-path``.
References: libfdt, fdt_overlay.c, overlay_fixup_phandle(); Linux, drivers/of/resolver.c,
of_resolve_phandles().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts import overlays as facts
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.overlay._words import at, refused
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.board.overlays import PlacedFault

_LABELS = 12


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    since="0.2",
    bad=Dts(
        "/ { i2c1: i2c { }; };",
        overlays=('/plugin/; &i2c2 { status = "okay"; };',),
        finds=("/fragment@0:target",),
    ),
    good=Dts("/ { i2c1: i2c { }; };", overlays=('/plugin/; &i2c1 { status = "okay"; };',)),
)
def unknown_label(board: TreeBoard) -> Iterator[Finding]:
    """Every label that the base lacks, at the first reference to it."""
    problems = (facts.NO_SYMBOLS, facts.UNKNOWN_LABEL, facts.LATE_LABEL, facts.STALE_LABEL)
    for each in board.overlays.of(*problems, facts.NO_PHANDLE):
        fault = each.fault
        found = unknown_label.finding(
            each.node,
            _message(each),
            effect=refused(fault.problem, fault.what),
            fix=_fix(each),
            property_name=fault.name,
            related=[each.node.tree.by_path[path] for path in fault.also],
        )
        yield at(each, found)


def _message(placed: PlacedFault) -> str:
    fault, base = placed.fault, placed.base
    if fault.problem is facts.NO_SYMBOLS:
        labels = listed(fault.what.split(", "), _LABELS)
        return f"needs labels of {base}, which has no __symbols__: {labels}"
    if fault.problem is facts.STALE_LABEL:
        return f"references the label {fault.what}: {base} has no node {fault.detail} for it"
    if fault.problem is facts.NO_PHANDLE:
        return f"references the label {fault.what}: {fault.detail} of {base} has no phandle"
    if fault.problem is facts.LATE_LABEL:
        return f"references the label {fault.what}, which only {fault.detail} brings, later"
    return f"references the label {fault.what}, which is not in __symbols__ of {base}"


def _fix(placed: PlacedFault) -> str:
    fault = placed.fault
    if fault.problem is facts.NO_SYMBOLS:
        return (
            f"Build the base with {facts.SYMBOLS_OPTION} (in the kernel's build: "
            "DTC_FLAGS_<board> := -@), or name the target by target-path."
        )
    if fault.problem is facts.LATE_LABEL:
        return f"Apply {fault.detail} first."
    if fault.problem in (facts.STALE_LABEL, facts.NO_PHANDLE):
        return f"Build the base again with {facts.SYMBOLS_OPTION}: its __symbols__ are out of date."
    meant = f" (did you mean {fault.detail}?)" if fault.detail else ""
    return f"Use a label of the base{meant}, or add the label {fault.what} to the base."
