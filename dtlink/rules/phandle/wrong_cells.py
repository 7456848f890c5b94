"""A supplier's ``#…-cells`` does not fit what references it.

What it finds: a node whose cells property is missing, or has a value that most of the lists with
the node do not fit, where at least three of them fit one other value. It is reported once, at the
node; what does not fit elsewhere because of it is not reported.
Why it matters: the kernel steps through each list by that value. With a wrong one it takes an
argument for a phandle, or the next phandle for an argument: the drivers' lookups fail, and
fw_devlink links consumers to unrelated nodes, or to none.
What to do: set the cells property to the number of arguments that the references have; or, if the
node's binding has changed, change all references.
References: Linux, drivers/of/base.c, of_phandle_iterator_next(); Devicetree Specification v0.4,
2.3.5 and the bindings of the suppliers.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.board.wrong_cells import WrongCells
from dtlink.firmware.tree import Node
from dtlink.rules.fix import Fix, Safety
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.phandle._entry import severity_of
from dtlink.wording import counted


def _board(cells: int) -> str:
    return f"""
        / {{
            cru: clock-controller@1000 {{
                compatible = "vendor,cru"; reg = <0x1000>; #clock-cells = <{cells}>;
            }};
            serial@2000 {{ compatible = "ns16550a"; clocks = <&cru 5>; }};
            serial@3000 {{ compatible = "ns16550a"; clocks = <&cru 6>, <&cru 7>; }};
            serial@4000 {{ compatible = "ns16550a"; clocks = <&cru 8>; }};
        }};
        """


@rule(
    __name__,
    __doc__,
    since="0.2",
    severity=Severity.ERROR,
    fix=Safety(False, "the references may be what is wrong"),
    asks="wrong_cells",
    bad=Dts(_board(2), finds=("/clock-controller@1000:#clock-cells",)),
    good=Dts(_board(1)),
)
def wrong_cells(board: TreeBoard) -> Iterator[Finding]:
    """One finding for each supplier."""
    for found in board.wrong_cells:
        node = board.tree[found.supplier]
        users = list(dict.fromkeys(board.tree[user] for user, _ in found.lists))
        yield wrong_cells.finding(
            node,
            f"{_there(found, node)}, but {len(found.lists)} of {found.total} lists that reference "
            f"it have {_specifiers(found.meant)}",
            property_name=found.cells,
            effect=f"{counted(len(users), 'node')} cannot get what is referenced there: the kernel "
            "reads the lists out of step",
            fix=_fix(found, board),
            related=users,
            severity=Severity.ERROR if found.binding is None else severity_of(found.binding),
        )


def _there(found: WrongCells, node: Node) -> str:
    if found.value is None:
        return f"{node.path} has no {found.cells}"
    return f"{found.cells} of {node.path} is <{found.value}>"


def _specifiers(cells: int) -> str:
    return f"specifiers of {counted(cells, 'cell')}" if cells else "no specifiers"


def _fix(found: WrongCells, board: TreeBoard) -> Fix:
    from dtlink.firmware.edits import SetProperty, ref

    node = board.tree[found.supplier]
    edit = SetProperty(ref(node), found.cells, ((found.meant,),))
    return Fix(f"Write {board.ref(node)} {{ {found.cells} = <{found.meant}>; }};", (edit,))
