"""An old binding references a supplier that fw_devlink does not follow.

What it finds: properties that a driver still reads but that fw_devlink does not follow, where the
binding has a newer form that it does follow: fsl,usbphy and usb-phy for phys, gpio-sck and the
other names of the GPIO library's rename table for sck-gpios and the like. One finding for each
property and board, however many nodes use it.
Why it matters: the consumer does not wait for the supplier. If it probes first, its driver defers
by itself, no "wait for supplier" line in the log names the supplier, and no device link keeps the
two in order at suspend and removal. It works, later.
What to do: write the new form. The kernel has read it for years.
References: Linux drivers/gpio/gpiolib-of.c, of_find_gpio_rename(); drivers/usb/chipidea/
ci_hdrc_imx.c, ci_hdrc_imx_probe(); drivers/of/property.c, of_supplier_bindings[] (which has neither
up to 6.18); bindings chipidea,usb2-imx.yaml, usb.yaml, spi-gpio.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.rules.legacy._binding import Fate, LegacyBinding
from dtlink.rules.legacy._rows import report
from dtlink.rules.legacy._table import rows_of
from dtlink.rules.model import Covers, Dts, Finding, Safety, Severity, rule

ROWS = rows_of(Fate.HIDDEN)


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    fix=Safety(False, "the oldest kernel that boots with the tree must read the new name"),
    covers=Covers.RELATED,
    needs=tuple(row.old for row in ROWS),
    bad=Dts(
        """
        / {
            gpio: gpio { compatible = "fsl,imx35-gpio"; gpio-controller; #gpio-cells = <2>; };
            spi {
                compatible = "spi-gpio";
                gpio-sck = <&gpio 25 0>;
                mosi-gpios = <&gpio 26 0>;
                num-chipselects = <0>;
            };
        };
        """,
        finds=("/spi:gpio-sck",),
    ),
    good=Dts(
        """
        / {
            gpio: gpio { compatible = "fsl,imx35-gpio"; gpio-controller; #gpio-cells = <2>; };
            spi {
                compatible = "spi-gpio";
                sck-gpios = <&gpio 25 0>;
                mosi-gpios = <&gpio 26 0>;
                num-chipselects = <0>;
            };
        };
        """
    ),
)
def hidden_link(board: TreeBoard) -> Iterator[Finding]:
    """Every row that the board uses."""
    yield from report(hidden_link, board, ROWS, _message)


def _message(row: LegacyBinding, nodes: str) -> str:
    return f"{nodes}: fw_devlink does not follow {row.old}, an old form of {row.new}"
