"""A device has interrupts, and no interrupt parent.

What it finds: nodes with ``interrupts`` for which the way up, by ``interrupt-parent`` and else to
the parent node, meets no node with ``#interrupt-cells``. Told once for all of them.
Why it matters: nobody can say how wide a specifier is, or whose interrupt it is. Every request for
an interrupt fails; drivers that can't do without give up.
What to do: set ``interrupt-parent`` in the root, or in the bus, to the interrupt controller, and
give that one ``#interrupt-cells``.
References: Linux, drivers/of/irq.c, of_irq_find_parent(); Devicetree Specification 2.4.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.links.reference import Failure, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule
from dtlink.rules.phandle._entry import steps_up


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    covers=Covers.SUPPLIER,
    needs=("interrupts",),
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
def no_interrupt_parent(board: Board) -> Iterator[Finding]:
    """The nodes whose way up ends without a controller."""
    alone = [
        entry
        for entry in board.failures(UnresolvedReason.NO_PARENT)
        if not _is_broken_off(board, entry)
    ]
    if not alone:
        return
    first, *others = alone
    more = f", nor of {len(others)} more nodes" if others else ""
    yield no_interrupt_parent.finding(
        first,
        f"no node with #interrupt-cells is on the way up from {first.node.path}{more}",
        consequence=f'{first.node.name} gets no interrupt: "IRQ index 0 not found"',
        fix="/ { interrupt-parent = <&label-of-the-interrupt-controller>; };",
        related=[entry.node for entry in others],
    )


def _is_broken_off(board: Board, entry: Failure) -> bool:
    """Whether the way up ends in a dangling ``interrupt-parent``, of which dangling tells."""
    *_, (last, there) = steps_up(board.tree, entry.node.index)
    return there < 0 and last in board.tree.holders("interrupt-parent")
