"""A reference is to a node that is plainly no provider of that kind.

What it finds: a ``…-supply`` that references a node without a property of a regulator, whose driver
is known to register none, or which is a provider of other things (a clock, an interrupt
controller); an ``msi-parent`` or ``msi-map`` that references a node without ``msi-controller``;
a GPIO of a node with ``#gpio-cells``, but without ``gpio-controller``; an ``extcon``, ``backlight``
or the like whose driver is known to register none (where the driver of the consumer is known, too,
``supplier/wrong-kind`` reports it). One finding for each such node and kind.
Why it matters: fw_devlink waits for the node that is referenced, whatever it is, and then lets the
consumer probe. Its request is for something that no driver registers: it returns -EPROBE_DEFER
forever. A node without ``msi-controller`` or ``gpio-controller`` is passed over by drivers that
look for that property.
What to do: reference the provider that was meant, or add the property that marks it.
References: Linux, drivers/regulator/core.c, regulator_dev_lookup(); drivers/irqchip/
irq-gic-v3-its.c, its_of_probe(); include/linux/gpio/driver.h, for_each_gpiochip_node().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.facts.binding import Origin, SupplierBinding
from dtlink.facts.bindings import BINDINGS
from dtlink.facts.resource import Requested
from dtlink.facts.resources import GPIO, MARKS, REGULATOR
from dtlink.firmware.tree import Node
from dtlink.links.reference import Link, Reference
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule
from dtlink.wording import also, joined, listed, noun

#: What a provider of several kinds may have instead: it passes on to others.
_INSTEAD = {GPIO.kind: "gpio-map"}
#: The cells properties of kinds other than regulators: they mark a node as something else.
_OTHERS = frozenset(
    row.resource.cells or "" for row in BINDINGS if row.origin is not Origin.VENDOR
) - {""}
_TREE = """
/ {
    osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
    vcc: regulator-vcc { compatible = "regulator-fixed"; regulator-name = "vcc"; };
    gpio: gpio@1000 { compatible = "vendor,gpio"; reg = <0x1000>; #gpio-cells = <2>; %s };
    mmc@2000 {
        compatible = "vendor,mmc"; reg = <0x2000>; vmmc-supply = <&%s>; cd-gpios = <&gpio 4 1>;
    };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "drivers then register GPIOs for the node"),
    since="0.2",
    bad=Dts(_TREE % ("", "osc"), finds=("/gpio@1000:#gpio-cells", "/mmc@2000:vmmc-supply")),
    good=Dts(_TREE % ("gpio-controller;", "vcc")),
)
def not_a_provider(board: TreeBoard) -> Iterator[Finding]:
    """Each node that is referenced for what it does not provide."""
    groups: dict[tuple[int, str], list[Reference]] = {}
    for row, references in board.graph.columns:
        for ref in _wrong(board, row, references):
            groups.setdefault((ref.supplier, row.kind), []).append(ref)
    for refs in groups.values():
        yield _finding(board, [Link(board.tree, ref) for ref in refs])


def _wrong(
    board: TreeBoard, row: SupplierBinding, references: Sequence[Reference]
) -> Sequence[Reference]:
    """Those of a column whose suppliers do not provide what is referenced."""
    mark = MARKS.get(row.kind)
    if mark is not None:
        marked = board.tree.holders(mark)
        return [ref for ref in references if ref[1] not in marked and _is_unmarked(board, ref)]
    if row.kind == REGULATOR.kind:
        # Of several, the regulator core reads the first: phandle/second-supply reports others.
        sound = board.regulators
        first = [ref for ref in references if ref[1] not in sound and ref.entry == 0]
        return [ref for ref in first if _is_no_regulator(board, ref)]
    if not row.is_plain:
        return ()
    unknown = [ref for ref in references if not board.is_known_to_provide(ref)]
    return [ref for ref in unknown if _is_no_such(board, ref)]


def _is_unmarked(board: TreeBoard, ref: Reference) -> bool:
    """Whether a node without the mark of its kind is not known to provide it nevertheless."""
    kind, tree = ref.binding.kind, board.tree
    if tree.is_overlay or ref.supplier in tree.holders(_INSTEAD.get(kind, "")):
        return False
    if ref.binding.missing_cells is None and ref.supplier not in tree.holders(
        ref.binding.cells or ""
    ):
        return False  # phandle/missing-cells reports it
    return board.requests.offers(ref.supplier, kind) is not True


def _is_no_regulator(board: TreeBoard, ref: Reference) -> bool:
    node = board.tree[ref.supplier]
    if board.tree.is_overlay:
        return False
    offers = board.requests.offers(node.index, REGULATOR.kind) if node.has("compatible") else None
    if offers is True or (offers is None and _OTHERS.isdisjoint(node.properties)):
        return False
    return not board.requests.makes_devices(node.index) and not _is_answered(board, ref)


def _is_no_such(board: TreeBoard, ref: Reference) -> bool:
    reader, kind = board.requests, ref.binding.kind
    supplier, consumer = ref.supplier, board.device_index(ref.consumer)
    if reader.offers(supplier, kind) is not False or reader.makes_devices(supplier):
        return False
    if not reader.is_known(consumer):
        return True
    return _asked(board, ref).is_waited_for and not reader.lacks(supplier, kind)


def _asked(board: TreeBoard, ref: Reference) -> Requested:
    reader, device = board.requests, board.device_index(ref.consumer)
    return reader.of(ref, device) if ref.consumer == device else reader.of_part(ref, device)[1]


def _is_answered(board: TreeBoard, ref: Reference) -> bool:
    """Whether the driver asks for no regulator of that name, or ``supplier/wrong-kind`` says it."""
    asked = _asked(board, ref)
    is_told = board.facts is not None and asked.is_waited_for
    lacks = is_told and board.requests.lacks(ref.supplier, ref.binding.kind)
    return asked.holds_nothing or lacks


def _finding(board: TreeBoard, links: Sequence[Link]) -> Finding:
    first, supplier = links[0], links[0].supplier
    kind = first.binding.kind
    if kind == GPIO.kind:
        return _without_mark(board, links)
    return not_a_provider.finding(
        first,
        f"{first.entry} references {supplier.path}, which provides no {kind}: "
        f"{_why(supplier, kind)}{also([link.node.path for link in links])}",
        effect=f"a request for the {kind} returns -EPROBE_DEFER forever"
        if kind not in MARKS
        else f"{first.node.name} gets no MSIs from it, and uses other interrupts or fails",
        fix=f"Reference the {kind} that was meant in {first.property_name}.",
        supplier=supplier,
        related=[link.node for link in links[1:]],
        likely=True,
    )


def _why(supplier: Node, kind: str) -> str:
    if kind in MARKS:
        return f"it has no {MARKS[kind]}"
    if kind != REGULATOR.kind:
        return "its driver registers none"
    found = sorted(_OTHERS & supplier.properties.keys())
    has = f"it has {joined(found)}, but no" if found else "it has no"
    return f"{has} regulator-… property"


def _mark(board: TreeBoard, supplier: Node) -> Fix:
    from dtlink.firmware.edits import SetProperty, ref

    edit = SetProperty(ref(supplier), "gpio-controller")
    return Fix(f"Add gpio-controller; to {board.ref(supplier)}.", (edit,))


def _without_mark(board: TreeBoard, links: Sequence[Link]) -> Finding:
    supplier = links[0].supplier
    users = listed(dict.fromkeys(f"{link.entry} of {link.node.path}" for link in links), 2)
    return not_a_provider.finding(
        supplier,
        f"{supplier.path} has #gpio-cells, but no gpio-controller; {users} "
        f"{noun(len(links), 'references', 'reference')} it",
        effect="drivers that look for gpio-controller register no GPIOs for it: requests for them "
        "then return -EPROBE_DEFER forever",
        fix=_mark(board, supplier),
        property_name="#gpio-cells",
        related=[link.node for link in links],
        likely=True,
    )
