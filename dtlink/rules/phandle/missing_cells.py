"""A supplier lacks its ``#…-cells`` property.

What it finds: an entry that references a node without the ``#…-cells`` of its binding. Either the
node is not such a supplier (or its cells property was forgotten), or an entry before it has more or
fewer arguments than its supplier takes, so that an argument is read as a phandle. Not reported is
what no driver reads: of the triggers of LEDs only usbport reads ``trigger-sources`` with cells.
Why it matters: the kernel cannot tell where the next entry begins. The driver's lookup fails with
-EINVAL. fw_devlink of 5.15 and of 6.6 and later assumes 0 cells, reads on, and can link the
consumer to unrelated nodes; 5.10 and 6.1 stop there.
What to do: add the cells property to the supplier, reference the right node, or write as many
arguments as the supplier's cells property says.
References: Linux, drivers/of/base.c, of_phandle_iterator_next(); drivers/of/property.c,
parse_prop_cells(); drivers/usb/core/ledtrig-usbport.c, usbport_trig_port_observed().
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from dtlink.board.tree import TreeBoard
from dtlink.facts.binding import Walk
from dtlink.facts.resources import MARKS
from dtlink.firmware.tree import Node
from dtlink.links.reference import Failure, Flaw, Link, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule
from dtlink.rules.phandle._elsewhere import is_told_elsewhere
from dtlink.rules.phandle._entry import before, cells_name, names, read_by_list, severity_of
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.facts.binding import SupplierBinding

_TRIGGER = "trigger-sources"
#: The cells properties that say nothing about suppliers.
_OF_BUSES = ("#address-cells", "#size-cells")
#: The trigger of LEDs that reads cells.
_USB_PORT = "usbport"


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "the reference may be to a wrong node"),
    covers=Covers.SUPPLIER,
    asks="graph.unresolved",
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
def missing_cells(board: TreeBoard) -> Iterator[Finding]:
    """Every entry whose supplier has no cells property."""
    widths = _Widths(board)
    for entry in board.failures(UnresolvedReason.NO_CELLS):
        if entry.target is None or is_told_elsewhere(board, entry) or _is_unread(entry):
            continue
        last = before(board, entry)
        # In maps and interrupts any small number may look like a phandle.
        listed = last is not None and entry.binding.walk is Walk.LIST
        meant = _misread(board, entry, last) if last and listed else None
        yield missing_cells.finding(
            entry,
            _message(entry, entry.target, last, meant),
            effect=_effect(board, entry),
            fix=_fix(widths, entry, last, meant),
            supplier=entry.target,
            related=(meant,) if meant else (),
            severity=severity_of(entry.binding),
        )


def _is_unread(entry: Failure) -> bool:
    """Whether an entry is for a trigger of an LED that does not read it by its cells.

    drivers/leds/trigger/ledtrig-netdev.c reads none, ledtrig-gpio.c reads a GPIO.
    """
    trigger = entry.node.strings("linux,default-trigger")
    return entry.property_name == _TRIGGER and bool(trigger) and _USB_PORT not in trigger


def _misread(board: TreeBoard, entry: Failure, last: Link) -> Node | None:
    """A supplier of this kind that an argument of the entry before is the phandle of, if any."""
    suppliers = board.tree.holders(cells_name(entry))
    for argument in reversed(last.args):
        target = board.tree.phandles.get(argument, -1)
        if target in suppliers:
            return board.tree[target]
    return None


def _message(entry: Failure, target: Node, last: Link | None, meant: Node | None) -> str:
    if target == entry.node:
        return f"{target.path} has {entry.property_name}, but no {cells_name(entry)}"
    if last is None or meant is None:
        return f"{entry.entry} references {target.path}, which has no {cells_name(entry)}"
    return (
        f"{entry.property_name} has the wrong cell count: {last.supplier.path} has "
        f"{cells_name(entry)} = <{len(last.args)}>, so {meant.path} is parsed as an argument and "
        f"{entry.value:#x} as a phandle ({target.path})"
    )


def _effect(board: TreeBoard, entry: Failure) -> str:
    line = ""
    if (read_by_list(entry) or entry.binding.walk is Walk.MASTERS) and entry.target:
        path = entry.target.path
        line = f'"OF: {entry.node.path}: could not get {cells_name(entry)} for {path}"; '
    if entry.binding.walk is Walk.MASTERS:
        return (
            f"{line}the kernel stops there: with ARM_SMMU_LEGACY_DT_BINDINGS the probe of every "
            "master of the board fails (-EINVAL)"
        )
    line += f"{entry.node.name} finds no {entry.binding.kind} from this entry on"
    linked = [
        board.tree[ref.supplier]
        for ref in board.entries(entry.raw.at)
        if ref.flaw is Flaw.ASSUMED_CELLS and not board.graph.not_followed(ref)
    ]
    return f"{line}; fw_devlink assumes 0 cells and links it to {names(linked)}" if linked else line


def _fix(widths: _Widths, entry: Failure, last: Link | None, meant: Node | None) -> Fix:
    from dtlink.firmware.edits import SetProperty, ref

    board, cells = widths.board, cells_name(entry)
    if last and meant:
        return Fix(
            f"Write {counted(len(last.args), 'argument')} after each {board.ref(last.supplier)} in "
            f"{entry.property_name} ({cells})."
        )
    if entry.binding.walk is Walk.MASTERS and entry.target:
        return Fix(f"Add {cells} to {board.ref(entry.target)}: the number of its stream IDs.")
    width = _only_width(widths, entry, last)
    if width is not None and entry.target:
        text = (
            f"Add {cells} = <{width}>; to {board.ref(entry.target)}, or reference the "
            f"{entry.binding.kind} that was meant."
        )
        return Fix(text, (SetProperty(ref(entry.target), cells, ((width,),)),))
    before_it = ", or correct the arguments of the entry before it" if last else ""
    node = board.ref(entry.target) if entry.target else "the supplier"
    return Fix(
        f"Add {cells} to {node}, or reference the {entry.binding.kind} that was meant{before_it}."
    )


def _only_width(widths: _Widths, entry: Failure, last: Link | None) -> int | None:
    """The one number of arguments by which all lists with the supplier can be read, if any.

    Of a supplier of other kinds, and after another entry, which may be what is wrong, only if the
    supplier's driver is known to provide this kind.
    """
    binding, target = entry.binding, entry.target
    if binding.walk is not Walk.LIST or not binding.cells or target is None:
        return None
    has_others = any(
        name.endswith("-cells") and name not in _OF_BUSES for name in target.properties
    )
    if binding.kind in MARKS and not target.has(MARKS[binding.kind]):
        return None
    offers = widths.board.requests.offers(target.index, binding.kind)
    if offers is False or (offers is None and (has_others or last)):
        return None
    return widths.only(target.index, binding.cells)


class _Widths:
    """The numbers of cells that fit all lists of a supplier, each found once for all its lists."""

    def __init__(self, board: TreeBoard) -> None:
        self.board = board
        self._found: dict[tuple[int, str], int | None] = {}

    def only(self, target: int, cells: str) -> int | None:
        """The one number that fits; ``None`` if none does, or several do."""
        from dtlink.board.wrong_cells import widths_of

        if (target, cells) not in self._found:
            fitting = widths_of(self.board.tree, target, self._lists.get((target, cells), {}))
            self._found[target, cells] = fitting.pop() if len(fitting) == 1 else None
        return self._found[target, cells]

    @cached_property
    def _lists(self) -> Mapping[tuple[int, str], dict[tuple[int, int], SupplierBinding]]:
        """The lists with a supplier that has no cells property, by it and that property."""
        found: dict[tuple[int, str], dict[tuple[int, int], SupplierBinding]] = {}
        for each in self.board.failures(UnresolvedReason.NO_CELLS):
            lists = found.setdefault((each.raw.target, each.binding.cells or ""), {})
            lists[each.raw.node, each.raw.at] = each.binding
        return found
