"""A property names a phandle that no node has.

What it finds: an entry of a supplier property whose phandle resolves to nothing. A graph endpoint
that leads nowhere, and a pointer that makes nobody wait, are warnings.
Why it matters: the supplier can't be found. fw_devlink stops reading the property there, so later
entries order nothing either, and the driver's own look-up fails (-ENOENT, -EINVAL or, for some
subsystems, a deferral without end). 0xffffffff is what an overlay leaves where its reference was
never resolved.
What to do: name an existing node by its label. If the number was meant as an argument, the entry
in front of it has more cells than its supplier asks for. In an overlay, check that the label is
one that the base tree exports.
References: Linux, drivers/of/base.c, of_phandle_iterator_next(); Devicetree Specification 2.3.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.facts.binding import Walk
from dtlink.firmware.tree import EXTERNAL_PHANDLE
from dtlink.links.reference import Failure, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule
from dtlink.rules.phandle._entry import (
    as_string,
    before,
    bytes_left,
    names,
    read_by_list,
    severity_of,
    size_in_cells,
    steps_up,
)


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    covers=Covers.SUPPLIER,
    bad=Dts(
        """
        / {
            serial@1000 { compatible = "ns16550a"; clocks = <0x99>; };
        };
        """,
        finds=("/serial@1000:clocks",),
    ),
    good=Dts(
        """
        / {
            osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            serial@1000 { compatible = "ns16550a"; clocks = <&osc>; };
        };
        """
    ),
)
def dangling(board: Board) -> Iterator[Finding]:
    """Every entry that names no node."""
    for entry in board.failures(UnresolvedReason.DANGLING):
        if not bytes_left(entry):  # else it is no list of phandles: leftover-cells tells it
            yield dangling.finding(
                entry,
                _message(entry),
                consequence=_consequence(board, entry),
                fix=_fix(board, entry),
                severity=_severity(board, entry),
            )


def _severity(board: Board, entry: Failure) -> Severity:
    if entry.binding.name != "interrupt-parent":
        return severity_of(entry.binding)
    users = (
        node
        for failure in board.failures(UnresolvedReason.NO_PARENT)
        for node, _ in _way(board, failure)
    )
    return Severity.ERROR if entry.node.index in users else Severity.WARNING


def _way(board: Board, failure: Failure) -> Iterator[tuple[int, int]]:
    return steps_up(board.tree, failure.node.index)


def _message(entry: Failure) -> str:
    if not entry.value:
        return f"{entry.entry} names no node: it is 0"
    if entry.value == EXTERNAL_PHANDLE:
        return f"{entry.entry} holds 0xffffffff, the mark of an overlay's unresolved reference"
    if text := as_string(entry):
        return f'{entry.property_name} is the string "{text}", and no list of phandles'
    return f"{entry.entry} names phandle {entry.value:#x}, which no node has"


def _consequence(board: Board, entry: Failure) -> str:
    node, kind = entry.node, entry.binding.kind
    if entry.binding.walk is Walk.ENDPOINT:
        return "the graph is open here: a driver that looks for the other end finds none"
    if entry.binding.name == "interrupt-parent":
        return f"interrupts of {node.path}, and of what is below it, have no interrupt controller"
    number = entry.value - (1 << 32 if entry.value >> 31 else 0)
    line = f'"OF: {node.path}: could not find phandle {number}"; ' if read_by_list(entry) else ""
    return f"{line}{node.name or '/'} finds no {kind} there{_lost(board, entry)}"


def _lost(board: Board, entry: Failure) -> str:
    """What stands behind the entry and is not read any more."""
    binding, tree = entry.binding, board.tree
    rest = tree.cells_at(entry.raw.at)[entry.raw.cell + 1 :]
    if binding.walk is not Walk.LIST or not binding.kernel:
        return ""
    if binding.cells:
        suppliers = tree.holders(binding.cells)
        more = any(tree.phandles.get(cell) in suppliers for cell in rest[1:])
        return ", and fw_devlink links nothing behind it" if more else ""
    lost = [tree[tree.phandles[cell]] for cell in rest if cell in tree.phandles]
    return f", and fw_devlink does not link {names(lost)} behind it" if lost else ""


def _fix(board: Board, entry: Failure) -> str:
    if entry.binding.walk is Walk.ENDPOINT:
        return "remote-endpoint = <&label-of-the-other-endpoint>; or leave the endpoint out"
    fix = f"name the {entry.binding.kind} by its label in {entry.property_name}"
    last = before(board, entry)
    if not last or not entry.binding.cells or size_in_cells(entry) > entry.raw.cell + 1:
        return fix
    return (
        f"{fix}; if {entry.value:#x} was meant as an argument of {board.ref(last.supplier)}, "
        f"that one takes {len(last.args)} ({entry.binding.cells})"
    )
