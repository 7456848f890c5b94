"""A property has a deprecated name or form that is still read.

What it finds: properties that a driver, or the kernel's core, still reads although the binding has
a newer form. One finding for each property and board, however many nodes use it.
Why it matters: mostly it does not, today. Old forms express less than new ones (what resets a PHY,
which engine corrects errors, what an operating point needs), new drivers do not read them, and
support for them may be dropped.
What to do: write the new form when the node is changed anyway. Check that the oldest kernel that
boots with the tree reads it.
References: Linux drivers/net/ethernet/stmicro/stmmac/stmmac_mdio.c, stmmac_mdio_reset();
drivers/net/ethernet/freescale/fec_main.c, fec_reset_phy(); drivers/net/phy/phy_device.c,
fwnode_get_phy_node(); drivers/cpufreq/cpufreq-dt.c, find_supply_name(); drivers/opp/of.c;
drivers/regulator/of_regulator.c, of_regulator_match();
drivers/dma/ti/cppi41.c, cppi41_dma_probe(); drivers/mtd/nand/raw/nand_base.c; bindings
power/wakeup-source.txt and those of the devices, where the old forms are marked as deprecated.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.rules.legacy._binding import Fate, LegacyBinding
from dtlink.rules.legacy._rows import report
from dtlink.rules.legacy._table import rows_of
from dtlink.rules.model import Covers, Dts, Finding, Safety, Severity, rule

ROWS = rows_of(Fate.READ)


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
            vdd: regulator { compatible = "regulator-fixed"; regulator-name = "vdd"; };
            cpus {
                cpu@0 { compatible = "arm,cortex-a9"; cpu0-supply = <&vdd>; };
            };
        };
        """,
        finds=("/cpus/cpu@0:cpu0-supply",),
    ),
    good=Dts(
        """
        / {
            vdd: regulator { compatible = "regulator-fixed"; regulator-name = "vdd"; };
            cpus {
                cpu@0 { compatible = "arm,cortex-a9"; cpu-supply = <&vdd>; };
            };
        };
        """
    ),
)
def old_name(board: TreeBoard) -> Iterator[Finding]:
    """Every row that the board uses."""
    yield from report(old_name, board, ROWS, _message)


def _message(row: LegacyBinding, nodes: str) -> str:
    return f"{nodes}: {row.old} is deprecated, replaced by {row.new}"
