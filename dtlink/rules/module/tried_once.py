"""A built-in driver that cannot be deferred has a supplier whose driver is a module.

What it finds: a device whose driver is built in and registered by platform_driver_probe(), and that
fw_devlink makes wait for a supplier whose driver is a module. Of drivers in Linux 5.10 to 7.2.
Why it matters: such a driver is tried once, when it is registered. The supplier is not there yet,
so the kernel drops the driver again, without a message; the device never probes, not even after the
module is loaded.
What to do: build the supplier's driver in, or the consumer's as a module that is loaded later.
References: Linux, drivers/base/platform.c, __platform_driver_probe(); drivers/base/dd.c,
really_probe().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.outcomes import State
from dtlink.facts.tried_once import is_tried_once
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.module._missing import option

_TREE = """
/ {
    pwr: regulator@1000 { compatible = "vendor,regulator"; reg = <0x1000 0x100>; };
    watchdog@2000 { compatible = "fsl,imx21-wdt"; reg = <0x2000 0x100>; vcc-supply = <&pwr>; };
};
"""
_KERNEL = """
%s REGULATOR drivers/regulator/vendor.c vendor,regulator
built-in IMX2_WDT drivers/watchdog/imx2_wdt.c fsl,imx21-wdt
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    bad=Dts(_TREE, finds=("/watchdog@2000",), kernel=_KERNEL % "module"),
    good=Dts(_TREE, kernel=_KERNEL % "built-in"),
)
def tried_once(board: TreeBoard) -> Iterator[Finding]:
    """Each device whose driver would have to wait, and cannot."""
    if board.facts is None:
        return
    for node in board.devices.nodes:
        driver = board.drivers.of(node)
        once = driver.state is State.BUILT_IN and is_tried_once(driver.by, board.facts.version)
        for needed in board.effects.needs(node) if once else ():
            supplier = board.drivers.of(needed)
            if supplier.state is State.MODULE:
                device, supplied_by = board.tree[node], board.tree[needed]
                names = " or ".join(supplier.modules)
                yield tried_once.finding(
                    device,
                    f"the driver of {device.path}{option(driver)} is tried once, when the kernel "
                    f"starts, and needs {supplied_by.path}, whose driver {names} is a module",
                    effect=f"{device.name} never probes, and nothing says so",
                    fix=f"Build {names}{option(supplier)} in, or the driver of {device.name} as a "
                    "module.",
                    related=[supplied_by],
                )
                break
