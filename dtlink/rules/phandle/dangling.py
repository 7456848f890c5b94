"""A property references a phandle that no node has.

What it finds: an entry of a supplier property whose phandle does not resolve. A graph endpoint
without a remote end, and a reference that does not order probing, are warnings. A remote-endpoint
of 0 is a placeholder for what the board does not describe: that is only worth knowing.
Why it matters: the supplier cannot be found. fw_devlink stops reading the property there and
ignores all later entries, and the driver's own lookup fails (-ENOENT, -EINVAL or, for some
subsystems, -EPROBE_DEFER forever). 0xffffffff is what an overlay leaves where its reference was
never resolved.
What to do: reference an existing node by its label. If the number was meant as an argument, the
entry before it has more arguments than its supplier takes. In an overlay, check that the base tree
exports the label.
References: Linux, drivers/of/base.c, of_phandle_iterator_next(); Devicetree Specification 2.3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cache, partial

from dtlink.board.tree import TreeBoard
from dtlink.facts.binding import Walk
from dtlink.firmware.tree import EXTERNAL_PHANDLE
from dtlink.links.interrupts import steps_up
from dtlink.links.reference import Failure, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule
from dtlink.rules.phandle._entry import (
    as_string,
    before,
    bytes_left,
    names,
    read_by_list,
    severity_of,
    size_in_cells,
)
from dtlink.rules.phandle._interrupt_map import misfit


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "the endpoint is connected, which it was not"),
    covers=Covers.SUPPLIER,
    asks="graph.unresolved",
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
def dangling(board: TreeBoard) -> Iterator[Finding]:
    """Every entry whose phandle no node has."""
    users = cache(partial(_users, board))
    for entry in board.failures(UnresolvedReason.DANGLING):
        # Else it is not a list of phandles: leftover-cells reports it.
        if not bytes_left(entry) and not misfit(entry):
            yield dangling.finding(
                entry,
                _message(entry),
                effect=_effect(board, entry),
                fix=_fix(board, entry),
                severity=_severity(entry, users),
            )


def _severity(entry: Failure, users: Callable[[], Collection[int]]) -> Severity:
    if entry.binding.walk is Walk.ENDPOINT and not entry.value:
        return Severity.INFO
    if entry.binding.name != "interrupt-parent":
        return severity_of(entry.binding)
    return Severity.ERROR if entry.node.index in users() else Severity.WARNING


def _users(board: TreeBoard) -> Collection[int]:
    """The nodes on the ways of the nodes with interrupts that have no interrupt parent."""
    found: set[int] = set()
    for failure in board.failures(UnresolvedReason.NO_PARENT):
        for node, _ in steps_up(board.tree, failure.node.index):
            if node in found:
                break
            found.add(node)
    return found


def _message(entry: Failure) -> str:
    if not entry.value:
        return f"{entry.entry} references no node: its phandle is 0"
    if entry.value == EXTERNAL_PHANDLE:
        return f"{entry.entry} holds 0xffffffff, the mark of an overlay's unresolved reference"
    if text := as_string(entry):
        return f'{entry.property_name} is the string "{text}", not a list of phandles'
    return f"{entry.entry} references phandle {entry.value:#x}, but no node has it"


def _effect(board: TreeBoard, entry: Failure) -> str:
    node, kind = entry.node, entry.binding.kind
    if entry.binding.walk is Walk.ENDPOINT:
        return "the endpoint has no remote end: a driver that looks it up finds nothing"
    if entry.binding.name == "interrupt-parent":
        return f"interrupts of {node.path} and its children have no interrupt controller"
    number = entry.value - (1 << 32 if entry.value >> 31 else 0)
    line = f'"OF: {node.path}: could not find phandle {number}"; ' if read_by_list(entry) else ""
    return f"{line}{node.name or '/'} finds no {kind} there{_lost(board, entry)}"


def _lost(board: TreeBoard, entry: Failure) -> str:
    """What follows the entry and is not read."""
    binding, tree = entry.binding, board.tree
    rest = tree.cells_at(entry.raw.at)[entry.raw.cell + 1 :]
    if binding.walk is not Walk.LIST or not binding.kernel:
        return ""
    if binding.cells:
        suppliers = tree.holders(binding.cells)
        more = any(tree.phandles.get(cell) in suppliers for cell in rest[1:])
        return ", and fw_devlink ignores all later entries" if more else ""
    lost = [tree[tree.phandles[cell]] for cell in rest if cell in tree.phandles]
    return f", and fw_devlink ignores {names(lost)} after it" if lost else ""


def _other_end(board: TreeBoard, entry: Failure) -> Fix:
    """Reference the one endpoint that references this one."""
    from dtlink.firmware.edits import SetProperty, ref

    tree, own = board.tree, entry.node
    users = [
        node
        for node, at in tree.holders("remote-endpoint").items()
        if node != own.index and own.phandle and tree.first_cell(at) == own.phandle
    ]
    if len(users) != 1 or own.index in tree.mistakable or users[0] in tree.disabled:
        return Fix("Set remote-endpoint = <&label-of-the-other-endpoint>; or remove the endpoint.")
    other = ref(tree[users[0]])
    text = f"Set remote-endpoint = <{other}>; in {ref(own)}: {tree[users[0]].path} references it."
    return Fix(text, (SetProperty(ref(own), "remote-endpoint", ((other,),)),))


def _fix(board: TreeBoard, entry: Failure) -> Fix | str:
    if entry.binding.walk is Walk.ENDPOINT:
        return _other_end(board, entry)
    fix = f"Reference the {entry.binding.kind} by its label in {entry.entry}."
    last = before(board, entry)
    if not last or not entry.binding.cells or size_in_cells(entry) > entry.raw.cell + 1:
        return fix
    return (
        f"{fix} If {entry.value:#x} was meant as an argument: {board.ref(last.supplier)} takes "
        f"{len(last.args)} ({entry.binding.cells})."
    )
