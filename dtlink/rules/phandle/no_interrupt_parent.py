"""A device has interrupts, but no interrupt parent.

What it finds: nodes with ``interrupts`` for which neither ``interrupt-parent`` nor the parent nodes
lead to a node with ``#interrupt-cells``. One finding for all of them.
Why it matters: the size of a specifier and its interrupt controller are unknown. Every request for
an interrupt fails, and drivers that need one do not probe.
What to do: set ``interrupt-parent`` in the root, or in the bus, to the interrupt controller, and
give that one ``#interrupt-cells``.
References: Linux, drivers/of/irq.c, of_irq_find_parent(); Devicetree Specification 2.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.links.interrupts import InterruptTree, Ways
from dtlink.links.reference import Failure, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule
from dtlink.rules.phandle._elsewhere import is_for_controller
from dtlink.wording import beside, noun


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(
        False, "it is the only controller with such specifiers, and need not be the right one"
    ),
    covers=Covers.SUPPLIER,
    needs=("interrupts",),
    asks="graph.unresolved",
    bad=Dts(
        """
        / {
            interrupt-controller@1000 {
                compatible = "arm,gic-400"; reg = <0x1000>;
                interrupt-controller; #interrupt-cells = <3>;
            };
            timer@2000 { compatible = "arm,sp804"; reg = <0x2000>; interrupts = <0 20 4>; };
        };
        """,
        finds=("/timer@2000:interrupts",),
    ),
    good=Dts(
        """
        / {
            interrupt-parent = <&gic>;
            gic: interrupt-controller@1000 {
                compatible = "arm,gic-400"; reg = <0x1000>;
                interrupt-controller; #interrupt-cells = <3>;
            };
            timer@2000 { compatible = "arm,sp804"; reg = <0x2000>; interrupts = <0 20 4>; };
        };
        """
    ),
)
def no_interrupt_parent(board: TreeBoard) -> Iterator[Finding]:
    """The nodes that have no interrupt controller."""
    ways = Ways(InterruptTree(board.tree), lambda _: False)
    alone = [
        entry
        for entry in board.failures(UnresolvedReason.NO_PARENT)
        if not _is_broken_off(board, ways, entry) and not is_for_controller(board, entry)
    ]
    if not alone:
        return
    first, *others = alone
    yield no_interrupt_parent.finding(
        first,
        f"{beside(first.node.path, len(others), 'node')} {noun(len(alone), 'has', 'have')} no "
        "interrupt parent: no ancestor has #interrupt-cells",
        effect=f'{first.node.name} gets no interrupt: "IRQ index 0 not found"',
        fix=_fix(board, alone),
        related=[entry.node for entry in others],
    )


def _fix(board: TreeBoard, alone: Sequence[Failure]) -> Fix:
    """Set the parent in the root, if one controller alone has specifiers of the right length."""
    from dtlink.firmware.edits import SetProperty, ref

    tree = board.tree
    marked = tree.holders("interrupt-controller").keys() & tree.holders("compatible").keys()
    sizes = [len(each.node.cells("interrupts")) for each in alone]
    fitting = [
        node
        for node in sorted(marked - tree.disabled)
        if (width := tree.cell("#interrupt-cells", node)) and not any(n % width for n in sizes)
    ]
    if len(fitting) != 1 or tree.root.has("interrupt-parent"):
        return Fix("Set interrupt-parent in the root node to the interrupt controller.")
    gic = ref(tree[fitting[0]])
    edit = SetProperty(ref(tree.root), "interrupt-parent", ((gic,),))
    return Fix(f"Set interrupt-parent = <{gic}>; in the root node.", (edit,))


def _is_broken_off(board: TreeBoard, ways: Ways, entry: Failure) -> bool:
    """Whether an ``interrupt-parent`` on the way is dangling, which phandle/dangling reports."""
    last = ways.end(entry.node.index)
    return last is not None and last[0] in board.tree.holders("interrupt-parent")
