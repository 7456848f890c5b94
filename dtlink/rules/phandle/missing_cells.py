"""A supplier lacks the property that says how many arguments it takes.

What it finds: an entry that names a node without the ``#…-cells`` of its binding. Either the node
is no such supplier (or its cells property was forgotten), or an entry in front of it has more or
fewer arguments than its supplier asks for, so that an argument is read as a phandle.
Why it matters: nobody can tell where the next entry begins. The driver's look-up fails with
-EINVAL. fw_devlink of 5.15 and of 6.6 and later takes no cells for none, reads on, and can link
the consumer to nodes that it has nothing to do with; 5.10 and 6.1 stop there.
What to do: give the supplier its cells property, name the right node, or write as many arguments
as the supplier's cells property says.
References: Linux, drivers/of/base.c, of_phandle_iterator_next(), and drivers/of/property.c,
parse_prop_cells().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.facts.binding import Walk
from dtlink.firmware.tree import Node
from dtlink.links.reference import Failure, Flaw, Link, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule
from dtlink.rules.phandle._entry import before, cells_name, names, read_by_list, severity_of


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    covers=Covers.SUPPLIER,
    bad=Dts(
        """
        / {
            cru: clock-controller@1000 { compatible = "vendor,cru"; reg = <0x1000>; };
            serial@2000 { compatible = "ns16550a"; clocks = <&cru 5>; };
        };
        """,
        finds=("/serial@2000:clocks",),
    ),
    good=Dts(
        """
        / {
            cru: clock-controller@1000 {
                compatible = "vendor,cru"; reg = <0x1000>; #clock-cells = <1>;
            };
            serial@2000 { compatible = "ns16550a"; clocks = <&cru 5>; };
        };
        """
    ),
)
def missing_cells(board: Board) -> Iterator[Finding]:
    """Every entry whose supplier does not say how wide its specifier is."""
    for entry in board.failures(UnresolvedReason.NO_CELLS):
        if entry.target is None:
            continue
        last = before(board, entry)
        # In maps and interrupts any small number may look like a phandle.
        listed = last is not None and entry.binding.walk is Walk.LIST
        meant = _misread(board, entry, last) if last and listed else None
        yield missing_cells.finding(
            entry,
            _message(entry, entry.target, last, meant),
            consequence=_consequence(board, entry),
            fix=_fix(board, entry, last, meant),
            supplier=entry.target,
            related=(meant,) if meant else (),
            severity=severity_of(entry.binding),
        )


def _misread(board: Board, entry: Failure, last: Link) -> Node | None:
    """A supplier of this kind that an argument of the entry before is the phandle of, if any."""
    suppliers = board.tree.holders(cells_name(entry))
    for argument in reversed(last.args):
        target = board.tree.phandles.get(argument, -1)
        if target in suppliers:
            return board.tree[target]
    return None


def _message(entry: Failure, target: Node, last: Link | None, meant: Node | None) -> str:
    if target == entry.node:
        return f"{target.path} has {entry.property_name}, and no {cells_name(entry)}"
    if last is None or meant is None:
        return f"{entry.entry} names {target.path}, which has no {cells_name(entry)}"
    return (
        f"{entry.property_name} is out of step with {cells_name(entry)} of {last.supplier.path}, "
        f"which takes {len(last.args)}: {meant.path} is read as its argument, and {entry.value:#x} "
        f"as the phandle of {target.path}"
    )


def _consequence(board: Board, entry: Failure) -> str:
    line = ""
    if read_by_list(entry) and entry.target:
        path = entry.target.path
        line = f'"OF: {entry.node.path}: could not get {cells_name(entry)} for {path}"; '
    line += f"{entry.node.name} gets no {entry.binding.kind} from this entry on"
    linked = [
        board.tree[ref.supplier]
        for ref in board.graph.references
        if ref.at == entry.raw.at
        and ref.flaw is Flaw.ASSUMED_CELLS
        and not board.graph.not_followed(ref)
    ]
    return f"{line}; fw_devlink links it to {names(linked)}" if linked else line


def _fix(board: Board, entry: Failure, last: Link | None, meant: Node | None) -> str:
    cells = cells_name(entry)
    if last and meant:
        return (
            f"write {len(last.args)} arguments behind each {board.ref(last.supplier)} in "
            f"{entry.property_name} ({cells})"
        )
    fix = f"{board.ref(entry.target)} {{ {cells} = <…>; }}; " if entry.target else ""
    fix += f"or name the {entry.binding.kind} that was meant"
    return f"{fix}, or correct the arguments of the entry before it" if last else fix
