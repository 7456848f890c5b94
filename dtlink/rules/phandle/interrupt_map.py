"""The entries of an interrupt-map have another number of cells than the kernel reads.

What it finds: an ``interrupt-map`` whose entries all have the same length and one interrupt parent,
but lack the cells for ``#address-cells`` of that parent, have cells too many, or begin with more or
fewer cells than ``#address-cells`` and ``#interrupt-cells`` of the nexus say.
Why it matters: an entry is the child's unit address and specifier, the parent's phandle, and the
parent's unit address and specifier. The kernel counts the cells of each by the properties of the
nexus and of the parent, and reads the next entry at the wrong cell: from there on no interrupt is
mapped. ``#address-cells`` of an interrupt controller that has child nodes is forgotten most often.
Cells too many after a single entry do no harm.
What to do: write a 0 for each cell of the parent's unit address, after its phandle.
References: Linux, drivers/of/irq.c, of_irq_parse_raw(), of_irq_parse_imap_parent(); Devicetree
Specification 2.4.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.links.reference import Failure, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule
from dtlink.rules.phandle._interrupt_map import Misfit, misfit
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.firmware.edits import PropertyValue

_TREE = """
/ {
    #address-cells = <1>; #size-cells = <1>;
    gic: interrupt-controller@1000 {
        compatible = "arm,gic-400"; reg = <0x1000 0x100>; interrupt-controller;
        #interrupt-cells = <3>; #address-cells = <1>; #size-cells = <1>;
    };
    pcie@2000 {
        compatible = "vendor,pcie"; device_type = "pci"; reg = <0x2000 0x100>;
        #address-cells = <3>; #size-cells = <2>; #interrupt-cells = <1>;
        interrupt-map-mask = <0 0 0 7>;
        interrupt-map = <0 0 0 1 &gic %s0 75 4>, <0 0 0 2 &gic %s0 78 4>,
                        <0 0 0 3 &gic %s0 79 4>, <0 0 0 4 &gic %s0 83 4>;
    };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "that the missing cells are zeros is what is usual"),
    since="0.2",
    needs=("interrupt-map",),
    covers=Covers.SUPPLIER,
    asks="graph.unresolved",
    bad=Dts(_TREE % ("", "", "", ""), finds=("/pcie@2000:interrupt-map",)),
    good=Dts(_TREE % ("0 ", "0 ", "0 ", "0 ")),
)
def interrupt_map(board: TreeBoard) -> Iterator[Finding]:
    """Each map whose entries have another length than the kernel reads."""
    for entry in board.failures(*UnresolvedReason):
        found = misfit(entry)
        if found is not None:
            yield _finding(board, entry, found)


def _finding(board: TreeBoard, entry: Failure, found: Misfit) -> Finding:
    parent = board.tree[found.parent]
    is_read = len(entry.node.cells("interrupt-map")) == found.length > found.needed
    return interrupt_map.finding(
        entry.node,
        f"the entries of interrupt-map have {counted(found.length, 'cell')}, but need "
        f"{found.needed}: {_needed(found, board.ref(parent))}",
        effect="none today: the kernel ignores the cells after the only entry"
        if is_read
        else "the kernel reads the next entry at the wrong cell: interrupts that the first "
        "entries do not match are not mapped",
        fix=_fix(board, found),
        property_name="interrupt-map",
        supplier=parent,
        severity=Severity.WARNING if is_read else Severity.ERROR,
    )


def _needed(found: Misfit, parent: str) -> str:
    """What the cells of an entry are for."""
    child = f"{found.child} of the child"
    if found.found_child != found.child:
        child += f" (not {found.found_child})"
    address = f"{found.address} for #address-cells of {parent}, " if found.address else ""
    return f"{child}, the phandle, {address}{found.width} for #interrupt-cells of {parent}"


def _fix(board: TreeBoard, found: Misfit) -> Fix:
    parent = board.ref(board.tree[found.parent])
    if found.found_child != found.child:
        return Fix(
            f"Begin each entry with {counted(found.child, 'cell')}: #address-cells and "
            "#interrupt-cells of the node with the map."
        )
    missing = found.needed - found.length
    text = f"Write {'a 0' if missing == 1 else f'{missing} zeros'} after each {parent}."
    node = board.tree[found.nexus]
    cells, after = node.cells("interrupt-map"), found.child + 1
    if missing == found.address and len(cells) == found.length:
        return Fix(text)  # of a single entry something else may be missing
    if missing != found.address:
        return Fix(f"Write {counted(found.address + found.width, 'cell')} after each {parent}.")
    from dtlink.firmware.edits import SetProperty, ref

    value: PropertyValue = tuple(
        (
            *cells[at : at + found.child],
            ref(board.tree[found.parent]),
            *(0,) * missing,
            *cells[at + after : at + found.length],
        )
        for at in range(0, len(cells), found.length)
    )
    return Fix(text, (SetProperty(ref(node), "interrupt-map", value),))
