"""Nodes that are served before there are drivers: nobody waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtlink.facts.early import early_tables
from dtlink.facts.kernels import DEFAULT, KernelVersion

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

#: Interrupt controllers that ask for a device all the same, since a driver has to serve more than
#: their interrupts (arch/arm/mach-imx/gpc.c, arch/arm/mach-exynos/suspend.c, irq-imx-gpcv2.c).
_DEVICES_TOO = frozenset(
    (
        "fsl,imx6q-gpc",
        "fsl,imx7d-gpc",
        "fsl,imx8mq-gpc",
        "samsung,exynos3250-pmu",
        "samsung,exynos4210-pmu",
        "samsung,exynos4412-pmu",
        "samsung,exynos5250-pmu",
        "samsung,exynos5420-pmu",
    )
)


def served_early(tree: Tree, version: KernelVersion = DEFAULT) -> dict[int, bool]:
    """The nodes served before the driver core, and whether they become devices as well.

    (drivers/of/irq.c, of_irq_init(); drivers/clk/clk.c, of_clk_init())
    """
    tables = early_tables(version)
    kinds = {
        **dict.fromkeys(tables["CLK_OF_DECLARE"], False),
        **dict.fromkeys(tables["CLK_OF_DECLARE_DRIVER"], True),
    }
    controllers = tree.holders("interrupt-controller")
    found: dict[int, bool] = {}
    for node in tree.holders("compatible"):
        if node in tree.unavailable:
            continue
        names = tree[node].compatible
        clock = next((name for name in names if name in kinds), None)
        if clock is not None:
            found[node] = kinds[clock]
        if node in controllers and not tables["IRQCHIP_DECLARE"].isdisjoint(names):
            found[node] = not _DEVICES_TOO.isdisjoint(names)
    return found
