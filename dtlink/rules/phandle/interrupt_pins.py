"""A PCI host maps some of the pins INTA to INTD, and not the others.

What it finds: an ``interrupt-map`` of a PCI host bridge that distinguishes pins (by its mask), with
entries for one to three of the four pins. Not of a host with a single bus, whose functions are on
the chip itself, nor where entries are for single slots, as in virtual machines.
Why it matters: which pin a function uses is up to the card, and bridges swizzle them: INTA of the
second slot is INTB at the host. A function whose pin has no entry gets no interrupt, and drivers
that cannot use MSIs fail.
What to do: write an entry for each pin; if all pins have one interrupt, set the pin's cell of
``interrupt-map-mask`` to 0 and write one entry.
References: Linux, drivers/pci/of.c, of_irq_parse_pci(); drivers/pci/pci.c,
pci_swizzle_interrupt_pin(); Documentation/devicetree/bindings/pci/pci.txt.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.links.interrupts import InterruptTree, child_cells
from dtlink.links.streams import is_pci
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import joined, noun

#: The pins of a function, as the cell of a specifier has them (PCI Local Bus 3.0, 6.2.4).
_PINS = {1: "INTA", 2: "INTB", 3: "INTC", 4: "INTD"}
#: The bits that a mask keeps of that cell.
_PIN_BITS = 7
#: Cells of the child: its unit address, and the pin.
_CHILD = 4
_TREE = """
/ {
    gic: interrupt-controller@1000 {
        compatible = "arm,gic-400"; reg = <0x1000>; interrupt-controller; #interrupt-cells = <3>;
    };
    pcie@2000 {
        compatible = "vendor,pcie"; device_type = "pci"; reg = <0x2000>;
        #address-cells = <3>; #size-cells = <2>; #interrupt-cells = <1>;
        interrupt-map-mask = <0 0 0 7>;
        interrupt-map = <0 0 0 1 &gic 0 75 4>, <0 0 0 2 &gic 0 78 4>%s;
    };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    needs=("interrupt-map",),
    bad=Dts(_TREE % "", finds=("/pcie@2000:interrupt-map",)),
    good=Dts(_TREE % ", <0 0 0 3 &gic 0 79 4>, <0 0 0 4 &gic 0 83 4>"),
)
def interrupt_pins(board: TreeBoard) -> Iterator[Finding]:
    """Each host with an entry for some pins, at the device that has entries for fewest."""
    tree = board.tree
    irq = InterruptTree(tree)
    for node, at in tree.holders("interrupt-map").items():
        child = child_cells(tree, node, irq.width(node))
        mask = tree[node].cells("interrupt-map-mask")
        if (
            node in tree.disabled
            or child != _CHILD
            or len(mask) != _CHILD
            or not is_pci(tree, node)
        ):
            continue
        ids = board.pci_ids(node)
        rows = irq.rows(node, child)
        if any(mask[:-1]) or mask[-1] & _PIN_BITS != _PIN_BITS or _is_one_bus(ids):
            continue
        if not rows or rows[-1].end != len(tree.cells_at(at)):
            continue  # it is out of step
        pins = {row.child[-1] for row in rows}
        if pins < _PINS.keys():
            yield _finding(board, node, sorted(_PINS.keys() - pins))


def _is_one_bus(ids: range | None) -> bool:
    """Whether all functions are on the host's first bus."""
    return ids is not None and len(ids) <= 1 << 8


def _finding(board: TreeBoard, node: int, missing: list[int]) -> Finding:
    lost = joined((_PINS[pin] for pin in missing), "or")
    host = board.tree[node]
    return interrupt_pins.finding(
        host,
        f"interrupt-map of {host.name} has no {noun(len(missing), 'entry', 'entries')} for {lost}",
        effect=f"a function that uses {lost}, or INTA behind a bridge, may get no interrupt",
        fix=f"Add {noun(len(missing), 'an entry', 'entries')} for {lost} to interrupt-map.",
        property_name="interrupt-map",
        likely=True,
    )
