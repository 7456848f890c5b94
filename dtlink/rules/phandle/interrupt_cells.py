"""An interrupt controller that is used lacks ``#interrupt-cells``.

What it finds: a node with ``interrupt-controller``, but without ``#interrupt-cells``, which is the
interrupt parent of others: of its child nodes, of nodes whose ``interrupt-parent`` references it,
or by ``interrupts-extended`` and ``interrupt-map``.
Why it matters: the kernel goes on to the next parent that has ``#interrupt-cells`` and gives it the
specifiers that were meant for this one: with too few cells the request fails (-EINVAL), otherwise
the device gets an interrupt line of another device.
What to do: add ``#interrupt-cells`` to the controller, as its binding has it.
References: Linux, drivers/of/irq.c, of_irq_find_parent(); Devicetree Specification 2.4.2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from math import gcd

from dtlink.board.tree import TreeBoard
from dtlink.facts.bindings import BINDINGS
from dtlink.firmware.tree import Node
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule
from dtlink.rules.phandle._entry import names
from dtlink.wording import noun

#: Cells of one interrupt, at most: more are several interrupts.
_WIDEST = 3
_EXTENDED = "interrupts-extended"
_ROW = next(row for row in BINDINGS if row.name == _EXTENDED)
_TREE = """
/ {
    interrupt-parent = <&gic>;
    gic: interrupt-controller@1000 {
        compatible = "arm,gic-400"; reg = <0x1000>; interrupt-controller; #interrupt-cells = <3>;
    };
    pmic@58 {
        compatible = "vendor,pmic"; reg = <0x58>; interrupts = <0 6 8>; interrupt-controller; %s
        onkey { compatible = "vendor,onkey"; interrupts = <0 8>; };
    };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "that each user has one interrupt is likely, not certain"),
    since="0.2",
    needs=("interrupt-controller",),
    covers=Covers.RELATED,
    asks="users_of_bare_controllers",
    bad=Dts(_TREE % "", finds=("/pmic@58:interrupt-controller",)),
    good=Dts(_TREE % "#interrupt-cells = <2>;"),
)
def interrupt_cells(board: TreeBoard) -> Iterator[Finding]:
    """Each controller that lacks the property, and whose interrupts are used."""
    for node, users in board.users_of_bare_controllers.items():
        yield _finding(board, node, users)


def _finding(board: TreeBoard, node: int, users: Collection[int]) -> Finding:
    controller, nodes = board.tree[node], [board.tree[user] for user in users]
    width = _width(board, controller, users)
    return interrupt_cells.finding(
        controller,
        f"{controller.path} is an interrupt controller without #interrupt-cells; {names(nodes)} "
        f"{noun(len(nodes), 'has', 'have')} interrupts of it",
        effect="the kernel passes their interrupts to the next parent with #interrupt-cells: they "
        "fail, or are those of other devices",
        fix=_fix(board, controller, width),
        property_name="interrupt-controller",
        related=nodes,
    )


def _fix(board: TreeBoard, controller: Node, width: int) -> Fix:
    from dtlink.firmware.edits import SetProperty, ref

    text = f"Add #interrupt-cells = <{width or '…'}>; to {board.ref(controller)}."
    edit = SetProperty(ref(controller), "#interrupt-cells", ((width,),))
    return Fix(text, (edit,) if width else ())


def _width(board: TreeBoard, controller: Node, users: Collection[int]) -> int:
    """The cells that all users write for one interrupt; 0 if that is not known."""
    from dtlink.board.wrong_cells import widths_of

    tree, extended = board.tree, board.tree.holders(_EXTENDED)
    lists = {(user, extended[user]): _ROW for user in users if user in extended}
    fitting = widths_of(tree, controller.index, lists) - {0} if lists else set()
    if lists and len(fitting) != 1:
        return 0
    sizes = [len(tree[user].cells("interrupts")) for user in users if user not in extended]
    sizes = [*sizes, *fitting]
    width = gcd(*sizes)
    return width if width <= _WIDEST else 0
