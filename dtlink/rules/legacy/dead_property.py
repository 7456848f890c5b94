"""A property of an old binding is no longer read by any driver.

What it finds: properties that once referenced a supplier, and that today's kernels ignore:
samsung,power-domain, nvidia,smmu, usb-phy at a ChipIdea USB controller, gpio-reset at a device
whose driver reads reset-gpios … One finding for each property and board.
Why it matters: the device lacks the supplier: its power domain is not switched on, its reset line
is not driven, its DMA bypasses the IOMMU. Where it works, another device or the boot loader happens
to do the same.
What to do: write the new form, after checking that the board does not rely on the old one being
ignored.
References: none of these names is found in the drivers of Linux 6.12 (for the device in question);
drivers/gpio/gpiolib-of.c, of_find_gpio_rename(); drivers/usb/chipidea/core.c, ci_hdrc_probe();
drivers/net/phy/mdio_bus.c, mdiobus_register_gpiod().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.rules.legacy._binding import Fate, LegacyBinding
from dtlink.rules.legacy._rows import report
from dtlink.rules.legacy._table import rows_of
from dtlink.rules.model import Covers, Dts, Finding, Safety, Severity, rule

ROWS = rows_of(Fate.IGNORED)


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "the new name has an effect where the old one had none"),
    covers=Covers.RELATED,
    needs=tuple(row.old for row in ROWS),
    bad=Dts(
        """
        / {
            pd: power-domain { compatible = "samsung,exynos4210-pd"; #power-domain-cells = <0>; };
            dsi { compatible = "samsung,exynos4210-mipi-dsi"; samsung,power-domain = <&pd>; };
        };
        """,
        finds=("/dsi:samsung,power-domain",),
    ),
    good=Dts(
        """
        / {
            pd: power-domain { compatible = "samsung,exynos4210-pd"; #power-domain-cells = <0>; };
            dsi { compatible = "samsung,exynos4210-mipi-dsi"; power-domains = <&pd>; };
        };
        """
    ),
)
def dead_property(board: TreeBoard) -> Iterator[Finding]:
    """Every row that the board uses."""
    yield from report(dead_property, board, ROWS, _message)


def _message(row: LegacyBinding, nodes: str) -> str:
    return f"{nodes}: no driver reads {row.old} there; use {row.new}"
