"""An empty entry hides the suppliers after it from fw_devlink.

What it finds: a <0> in a supplier property with good entries after it. Drivers skip an empty entry;
fw_devlink stops reading there. In ``clocks``, ``mboxes``, ``phys``, ``extcon``, ``gpios``
and ``…-gpios`` an empty entry is legal: that is only worth knowing. Elsewhere no binding allows
empty entries, and where a 0 follows every entry, the entries have one argument too many (not in
``cs-gpios``, where a 0 is a chip select of the SPI controller itself).
Suppliers that other entries link, or that depend on the consumer themselves, are not reported.
Why it matters: no device link is made to the suppliers after the 0, so nothing keeps the consumer
from probing before them: its driver has to handle -EPROBE_DEFER. They are not resumed before the
consumer either, and their sync_state() does not wait for it. A 0 that was meant as an argument also
shifts the entries: entry 1 is empty, and what was meant as entry 1 is entry 2.
What to do: move empty entries to the end where the binding has names for its entries; write as many
arguments as the supplier's cells property says.
References: Linux, drivers/of/property.c, of_link_property(); drivers/of/base.c,
of_phandle_iterator_next(); drivers/spi/spi.c, spi_get_gpio_descs().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.links.reference import Link, Reference
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule
from dtlink.rules.phandle._entry import names
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.firmware.edits import PropertyValue

#: Here every second entry may be empty: drivers/spi/spi.c, spi_get_gpio_descs().
_CHIP_SELECTS = "cs-gpios"


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "the last argument of each entry may have been meant"),
    covers=Covers.SUPPLIER,
    asks="after_holes",
    bad=Dts(
        """
        / {
            pmu: power-controller@1000 {
                compatible = "vendor,pmu"; reg = <0x1000>; #power-domain-cells = <1>;
            };
            gpu@2000 { compatible = "vendor,gpu"; power-domains = <0>, <&pmu 2>; };
        };
        """,
        finds=("/gpu@2000:power-domains",),
    ),
    good=Dts(
        """
        / {
            pmu: power-controller@1000 {
                compatible = "vendor,pmu"; reg = <0x1000>; #power-domain-cells = <1>;
            };
            gpu@2000 { compatible = "vendor,gpu"; power-domains = <&pmu 0>, <&pmu 2>; };
        };
        """
    ),
)
def lost_suppliers(board: TreeBoard) -> Iterator[Finding]:
    """Every property with suppliers after an empty entry."""
    is_quiet = lost_suppliers.id in board.without_notes
    behind: dict[int, list[Reference]] = {}
    for ref in board.after_holes:
        if ref.binding.in_kernel(board.version):
            behind.setdefault(ref.at, []).append(ref)
    for at, refs in behind.items():
        link = Link(board.tree, refs[0])
        if _is_surplus(board, at):
            yield _surplus(board, link)
        elif is_quiet and link.binding.resource.may_be_empty:
            continue
        elif lost := _lost(board, refs):
            yield _hole(link, lost)


def _lost(board: TreeBoard, refs: Sequence[Reference]) -> list[Node]:
    """The suppliers that are not linked by other entries, and need not come later anyhow."""
    consumer, graph = refs[0].consumer, board.graph
    known = {
        ref.supplier
        for ref in [ref for ref in graph.references if ref[0] == consumer]
        if not graph.not_followed(ref)
    }
    known.update([ref.consumer for ref in graph.references if ref[1] == consumer])
    known |= board.tree.disabled
    return [board.tree[ref.supplier] for ref in refs if ref.supplier not in known]


def _is_surplus(board: TreeBoard, at: int) -> bool:
    """Whether a single 0 follows every entry, which all have arguments: one too many."""
    if board.tree.property_name(at) == _CHIP_SELECTS:
        return False
    cells = board.tree.cells_at(at)
    starts = [ref for ref in board.graph.references if ref[4] == at]
    return all(
        ref.args and ref.cell == number * (ref.args + 2) for number, ref in enumerate(starts)
    ) and len(cells) == sum(ref.args + 2 for ref in starts)


def _surplus(board: TreeBoard, link: Link) -> Finding:
    name, cells, width = link.property_name, link.binding.cells, len(link.args)
    return lost_suppliers.finding(
        link,
        f"every entry of {name} has {counted(width + 1, 'argument')}, the last one 0; "
        f"{link.supplier.path} takes {width} ({cells})",
        effect=f"entry 1 is empty, and what was meant as entry 1 is entry {link.index}: "
        f"{link.node.name} finds only the first {link.binding.kind} where it looks for it",
        fix=_shorter(board, link),
        supplier=link.supplier,
        likely=True,
    )


def _shorter(board: TreeBoard, link: Link) -> Fix:
    """The entries without the argument that is one too many."""
    from dtlink.firmware.edits import SetProperty, ref

    cells = board.tree.cells_at(link.reference.at)
    entries = board.entries(link.reference.at)
    value: PropertyValue = tuple(
        (ref(board.tree[each.supplier]), *cells[each.cell + 1 : each.cell + 1 + each.args])
        for each in entries
    )
    text = f"Remove the last argument of each entry of {link.property_name}."
    return Fix(text, (SetProperty(ref(link.node), link.property_name, value),))


def _hole(link: Link, lost: list[Node]) -> Finding:
    name = link.property_name
    legal = bool(link.binding.resource.may_be_empty)
    return lost_suppliers.finding(
        link,
        f"{name} has a <0> placeholder; fw_devlink stops there and ignores the suppliers after "
        f"it: {names(lost)}",
        effect=f"{link.node.name} may probe before these; only its driver can wait for them"
        if legal
        else f"{link.node.name} finds no {link.binding.kind} in the empty entry, and may probe "
        "before those after it",
        fix=_fix(link)
        if legal
        else f"Remove the 0 from {name}, or reference the {link.binding.kind} that was meant.",
        related=lost,
        severity=Severity.INFO if legal else Severity.WARNING,
    )


def _fix(link: Link) -> str:
    name, names_property = link.property_name, link.binding.resource.names
    if names_property and link.node.has(names_property):
        return f"Move the empty entries of {name} to the end, in {names_property} too."
    return (
        f"Check that the driver looks up the entries of {name} by index and handles -EPROBE_DEFER: "
        "then no change is needed."
    )
