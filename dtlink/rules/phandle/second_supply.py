"""A ``…-supply``, or the GPIO of a device's one pin, has a second entry.

What it finds: a ``…-supply`` property with a second entry; a second GPIO in ``enable-gpios``,
``reset-gpios``, ``powerdown-gpios`` or ``wakeup-gpios`` of a device whose driver is known to ask
for one (likely). Each input and each pin of a device has a property of its own.
Why it matters: the regulator core reads the first phandle only, and gpiod_get() the first entry.
Nothing switches the second supplier, and fw_devlink makes the device wait for it nevertheless.
What to do: write a property for each input, as the device's binding names them.
References: Linux, drivers/regulator/of_regulator.c, of_get_regulator(); drivers/gpio/gpiolib.c,
gpiod_get(); drivers/of/property.c, parse_suffix_prop_cells();
binding gpio/gpio-consumer-common.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.patterns import fits
from dtlink.facts.resources import GPIO, REGULATOR
from dtlink.facts.supply_names import SINGLE_GPIOS, stem
from dtlink.links.reference import Link, Reference
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule

#: The cells properties that regulators with child nodes have.
_OF_BUSES = ("#address-cells", "#size-cells")
_TREE = """
/ {
    core: regulator-core { compatible = "regulator-fixed"; regulator-name = "core"; };
    io: regulator-io { compatible = "regulator-fixed"; regulator-name = "io"; };
    gpio: gpio@1000 {
        compatible = "vendor,gpio"; reg = <0x1000>; gpio-controller; #gpio-cells = <2>;
    };
    codec@1a { compatible = "vendor,codec"; reg = <0x1a>; %s };
    panel { compatible = "panel-lvds"; enable-gpios = %s; };
    pwrseq { compatible = "mmc-pwrseq-simple"; reset-gpios = <&gpio 1 0>, <&gpio 2 0>; };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "the second may be the one that is meant, or belong to another input"),
    since="0.2",
    asks="second_supplies",
    bad=Dts(
        _TREE % ("vdd-supply = <&core>, <&io>;", "<&gpio 3 0>, <&gpio 4 0>"),
        finds=("/codec@1a:vdd-supply", "/panel:enable-gpios"),
    ),
    good=Dts(_TREE % ("vdd-supply = <&core>; vddio-supply = <&io>;", "<&gpio 3 0>")),
)
def second_supply(board: TreeBoard) -> Iterator[Finding]:
    """The second entry of each supply, and of each GPIO of which a device has one."""
    for ref in board.second_supplies:
        is_supply = ref.binding.resource is REGULATOR
        if is_supply and not _is_argument(board, ref):
            yield _finding(Link(board.tree, ref))
        elif not is_supply and _is_unread(board, Link(board.tree, ref)):
            yield _of_pin(Link(board.tree, ref))


def _is_unread(board: TreeBoard, link: Link) -> bool:
    """Whether the driver of a node asks for one GPIO under the name of a property."""
    name, node = link.property_name, link.node
    if fits(node.compatible, SINGLE_GPIOS[name]):
        return False
    reader = board.requests
    return reader.is_known(node.index) and stem(name) in reader.names_of(node.index, GPIO.kind)


def _is_argument(board: TreeBoard, ref: Reference) -> bool:
    """Whether the cell is an argument of what is not a regulator (supplier/not-a-provider)."""
    first = board.tree.phandles.get(board.tree.first_cell(ref.at) or 0, 0)
    if any(name.startswith("regulator-") for name in board.tree[first].properties):
        return False
    cells = (name for name in board.tree[first].properties if name[0] == "#")
    return any(name.endswith("-cells") and name not in _OF_BUSES for name in cells)


def _first_only(link: Link, text: str) -> Fix:
    from dtlink.firmware.edit_values import phandle_list
    from dtlink.firmware.edits import SetProperty, ref

    name, row = link.property_name, link.binding
    kept = phandle_list(link.node, name, row.cells, link.reference.cell)
    return Fix(text, (SetProperty(ref(link.node), name, kept),))


def _finding(link: Link) -> Finding:
    name, supplier = link.property_name, link.supplier
    return second_supply.finding(
        link,
        f"{name} has a second phandle ({supplier.path}); the kernel reads the first one only",
        effect=f"{supplier.name} is not switched on for {link.node.name}, which waits for it "
        "nevertheless",
        fix=_first_only(
            link,
            f"Keep the first phandle in {name}; write a …-supply property for each other input.",
        ),
        supplier=supplier,
    )


def _of_pin(link: Link) -> Finding:
    name, node = link.property_name, link.node
    return second_supply.finding(
        link,
        f"{name} has a second GPIO; the driver of {node.name} asks for one, the first",
        effect=f"nothing drives the second GPIO for {node.name}",
        fix=_first_only(
            link,
            f"Keep the first GPIO in {name}; describe the other one where it belongs, for example "
            "as the GPIO of a regulator.",
        ),
        supplier=link.supplier,
        likely=True,
    )
