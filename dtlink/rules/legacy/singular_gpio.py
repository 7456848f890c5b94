"""A GPIO property ends in -gpio instead of -gpios.

What it finds: properties like reset-gpio, all of a board in one finding; not where the driver asks
for the old name itself (i.MX PCIe, a few codecs).
Why it matters: hardly. The GPIO library looks for reset-gpios first and for reset-gpio then, and
fw_devlink follows both. The bindings only allow the plural, so schema checks complain.
What to do: write the plural when the node is touched anyway. Drivers that do not ask the GPIO
library by function but for a whole property name must be able to find it: some did so until
lately, so look at the oldest kernel that is to boot with the tree.
References: Linux drivers/gpio/gpiolib-of.c, of_find_gpio() (for_each_gpio_property_name());
drivers/of/property.c, parse_gpio() and parse_gpios(); binding gpio.txt.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.rules.legacy._binding import fits
from dtlink.rules.legacy._tell import as_dts, several
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule

#: Names that a row of the legacy table speaks for.
_TOLD_ELSEWHERE = frozenset(("snps,reset-gpio",))

#: Devices whose drivers ask for the singular name itself, or have a quirk for it.
_CURRENT = (
    "fsl,imx*-pcie",
    "ti,tpa6130a2",
    "asahi-kasei,ak5386",
    "cirrus,cs42l52",
    "cirrus,cs42l73",
    "cascoda,ca8210",
    "ti,omap-twl4030",
)


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
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
def singular_gpio(board: Board) -> Iterator[Finding]:
    """The first such property of the board, with the nodes of the others."""
    if "-gpio\0" not in "\0".join((*board.tree.columns, "")):  # spares a look at every name
        return
    found = sorted(
        (index, name)
        for name in board.tree.columns
        if name.endswith("-gpio") and name not in _TOLD_ELSEWHERE
        for index in board.tree.holders(name).keys() - board.tree.disabled
        if not fits(board.tree[index].compatible, _CURRENT)
    )
    if not found:
        return
    nodes = [board.tree[index] for index in dict.fromkeys(index for index, _ in found)]
    first, name = nodes[0], found[0][1]
    names = ", ".join(dict.fromkeys(name for _, name in found))
    yield singular_gpio.finding(
        first,
        f"{several(nodes)}: singular suffix in {names}",
        property_name=name,
        consequence=f"none: the GPIO library looks for {name}s first and for {name} then, and "
        "fw_devlink follows both",
        fix=f"in {first.path}:  {name}s = {as_dts(board, first, name, '#gpio-cells')};  (unless "
        "a kernel is in use whose driver asks for the old name itself)",
        related=nodes[1:],
    )
