"""A GPIO property ends in -gpio instead of -gpios.

What it finds: properties like reset-gpio, all of a board in one finding; not where the driver
itself reads the old name (i.MX PCIe, a few codecs), and not names with a vendor's prefix
(marvell,reset-gpio): the GPIO library looks them up only for a driver that asks for that very name.
Why it matters: hardly. The GPIO library looks up reset-gpios first, then reset-gpio, and fw_devlink
follows both. The bindings allow only the plural, so schema checks complain.
What to do: write the plural when the node is changed anyway. Some drivers read the whole property
name themselves instead of asking the GPIO library for a function, more of them in older kernels:
check the oldest kernel that boots with the tree.
References: Linux drivers/gpio/gpiolib-of.c, of_find_gpio() (for_each_gpio_property_name());
drivers/of/property.c, parse_gpio() and parse_gpios(); binding gpio.txt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.facts.patterns import fits
from dtlink.facts.supply_names import ONLY
from dtlink.firmware.tree import Node
from dtlink.rules.legacy._gpios import READ_BY_DRIVERS
from dtlink.rules.legacy._rows import in_all, several
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    fix=Safety(True, "the GPIO library looks up both names, the plural first"),
    covers=Covers.RELATED,
    bad=Dts(
        """
        / {
            gpio: gpio { compatible = "arm,pl061"; gpio-controller; #gpio-cells = <2>; };
            touchscreen { compatible = "edt,edt-ft5406"; reset-gpio = <&gpio 4 1>; };
        };
        """,
        finds=("/touchscreen:reset-gpio",),
    ),
    good=Dts(
        """
        / {
            gpio: gpio { compatible = "arm,pl061"; gpio-controller; #gpio-cells = <2>; };
            touchscreen { compatible = "edt,edt-ft5406"; reset-gpios = <&gpio 4 1>; };
            pcie { compatible = "fsl,imx6q-pcie"; reset-gpio = <&gpio 5 0>; };
        };
        """
    ),
)
def singular_gpio(board: TreeBoard) -> Iterator[Finding]:
    """The first such property of the board, with the nodes of the others."""
    if "-gpio\0" not in "\0".join((*board.tree.columns, "")):  # spares a look at every name
        return
    found = sorted(
        (index, name)
        for name in board.tree.columns
        if name.endswith("-gpio") and "," not in name
        for index in board.tree.holders(name).keys() - board.tree.disabled
        if not fits(board.tree[index].compatible, READ_BY_DRIVERS)
        if not board.tree[index].has(f"{name}s")  # legacy/both-gpio-names reports it
        if not _is_other(board.tree[index], name)  # supplier/misspelt-name reports it
    )
    if not found:
        return
    nodes = [board.tree[index] for index in dict.fromkeys(index for index, _ in found)]
    first, name = nodes[0], found[0][1]
    names = ", ".join(dict.fromkeys(name for _, name in found))
    yield singular_gpio.finding(
        first,
        f"{several(nodes)}: deprecated -gpio suffix in {names}, use -gpios",
        property_name=name,
        effect=f"none today; the GPIO library looks up {name}s first, then {name}, and fw_devlink "
        "follows both",
        fix=_fix(board, found),
        related=nodes[1:],
    )


def _is_other(node: Node, name: str) -> bool:
    """Whether a generic regulator has a GPIO that its driver does not read."""
    only = (ONLY["-gpio"].get(each, name) for each in node.compatible)
    return any(each != name for each in only)


def _fix(board: TreeBoard, found: Sequence[tuple[int, str]]) -> Fix:
    """The plural for each."""
    tree = board.tree
    from dtlink.firmware.edit_values import renamed_list

    renamed = [renamed_list(tree[node], name, f"{name}s", "#gpio-cells") for node, name in found]
    return in_all("Use the plural, unless the driver itself reads the old name: ", renamed)
