"""The kernel refuses an overlay that a boot loader applies.

What it finds: what of_overlay_fdt_apply() refuses and libfdt does not: other values of
``#address-cells`` and ``#size-cells``, two fragments that change one property or add one node, a
target that another fragment adds, and labels that the base has already or that are in no fragment.
Also a fixed clock that an overlay adds below a node that is no bus: the kernel starts such clocks
wherever they are, but only when it boots; later it creates devices for children of the root and of
buses alone.
Why it matters: only if the overlay is applied to a running system, as FPGA managers, PCI devices
and some vendors' kernels do. The kernel then also keeps what it changed of the base allocated
when the overlay is removed.
What to do: nothing, if a boot loader applies the overlay. Otherwise put all changes of a node into
one fragment, compile the overlay without ``-@``, and add clocks to the root.
References: Linux, drivers/of/overlay.c, add_changeset_property(), changeset_dup_entry_check(),
init_overlay_changeset(); drivers/of/platform.c, of_platform_notify(); drivers/clk/clk-fixed-rate.c,
of_fixed_clk_setup().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts import overlays as facts
from dtlink.facts.patterns import fits
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.overlay._words import at, at_run_time
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.overlays import PlacedFault
    from dtlink.firmware.tree import Node

#: Clocks whose drivers start before there are devices, or with a device of their own.
_STARTED_EARLY = ("fixed-clock", "fixed-factor-clock")


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    since="0.2",
    bad=Dts(
        "/ { bus { #address-cells = <1>; }; };",
        overlays=("/plugin/; &{/bus} { #address-cells = <2>; };",),
        finds=("/fragment@0/__overlay__:#address-cells",),
    ),
    good=Dts(
        "/ { bus { #address-cells = <1>; }; };",
        overlays=("/plugin/; &{/bus} { #address-cells = <1>; };",),
    ),
)
def run_time(board: TreeBoard) -> Iterator[Finding]:
    """Each thing that the kernel refuses."""
    for each in board.overlays.of(*_MESSAGES):
        fault = each.fault
        values = (fault.name or fault.what, fault.what)
        if fault.problem in (facts.SET_TWICE, facts.TARGET_IN_OVERLAY):
            values = (fault.what if fault.problem is facts.SET_TWICE else fault.path, values[0])
        found = run_time.finding(
            each.node,
            _message(each),
            effect=f"{at_run_time(fault.problem, *values)}; a boot loader applies it",
            fix="No change is needed if a boot loader applies the overlay.",
            property_name=fault.name,
        )
        yield at(each, found)
    yield from _late_clocks(board)


def _late_clocks(board: TreeBoard) -> Iterator[Finding]:
    """Each fixed clock of an overlay that only the start of the kernel would register."""
    tree, overlaid = board.tree, board.tree.overlaid
    if overlaid is None:
        return
    for index in tree.holders("#clock-cells"):
        node = tree[index]
        parent = node.parent
        if parent is None or parent.parent is None or not fits(node.compatible, _STARTED_EARLY):
            continue
        if overlaid.bringer(node.path) and node.enabled and not _is_populated(board, parent):
            yield run_time.finding(
                node,
                f"a clock below {parent.path}, for whose children the kernel makes no devices",
                effect="the kernel registers it only if a boot loader applies the overlay; of one "
                "that is applied later, what references the clock is deferred forever",
                fix="No change is needed if a boot loader applies the overlay. Otherwise move the "
                "node into the root.",
                likely=True,
            )


def _is_populated(board: TreeBoard, parent: Node) -> bool:
    """Whether the children of a node may become platform devices: those of an I²C chip do not."""
    bus = board.device(parent).parent
    is_chip = bus is not None and bus.name.startswith(("i2c", "spi"))
    return parent.index in board.tree.holders("compatible") and not is_chip


#: What each problem is, where ``what`` is a node, and ``detail`` another place or two values.
_MESSAGES = {
    facts.CELLS_CHANGED: "sets {name} of {what} to {new}; {base} has {old}",
    facts.SET_TWICE: "{name} of {what} is set by {detail} too",
    facts.MADE_TWICE: "{what} is added by {detail} too",
    facts.TARGET_IN_OVERLAY: "{name} is {what}, a node that another fragment adds",
    facts.NO_SYMBOLS_NODE: "has __symbols__, which {base} has not",
    facts.SYMBOL_EXISTS: "has labels that are in __symbols__ of {base} too: {what}",
    facts.LOST_SYMBOL: "the label {name} is not that of a node in a fragment",
}


def _message(placed: PlacedFault) -> str:
    fault = placed.fault
    old, _, new = fault.detail.partition(", ")
    words = {"name": fault.name, "what": fault.what, "detail": fault.detail, "base": placed.base}
    return _MESSAGES[fault.problem].format(**words, old=old, new=new)
