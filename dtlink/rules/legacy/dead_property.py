"""A property of an old binding that no driver reads any more.

What it finds: properties that once named a supplier, and that today's kernels pass over:
samsung,power-domain, nvidia,smmu, usb-phy at a ChipIdea USB controller, gpio-reset at a device
whose driver asks for reset-gpios … One finding for each of them and board.
Why it matters: the device lacks what the property meant to give it: its power domain is not
switched on, its reset line is not driven, its DMA passes by the IOMMU. Where it works, it works
because somebody else happens to do the same.
What to do: write the new form, after looking whether the board relies on the old one being ignored.
References: none of these names is found in the drivers of Linux 6.12 (for the device in question);
drivers/gpio/gpiolib-of.c, of_find_gpio_rename(); drivers/usb/chipidea/core.c, ci_hdrc_probe();
drivers/net/phy/mdio_bus.c, mdiobus_register_gpiod().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.rules.legacy._binding import Fate, LegacyBinding
from dtlink.rules.legacy._table import rows_of
from dtlink.rules.legacy._tell import tell
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule

ROWS = rows_of(Fate.IGNORED)


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
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
def dead_property(board: Board) -> Iterator[Finding]:
    """Every row that the board uses."""
    yield from tell(dead_property, board, ROWS, _says)


def _says(row: LegacyBinding, nodes: str) -> str:
    return f"{nodes}: {row.old} is read by no driver there; today it is {row.new}"
