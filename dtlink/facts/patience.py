"""What becomes of a consumer whose supplier comes late, by the binding: one row each.

The rows tell what happens once fw_devlink holds the consumer no more; see :mod:`.judge` for what it
does before. Sources are those of Linux 6.12.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from dtlink.facts.outcomes import Outcome


class Asker(Enum):
    """Who asks for a resource when a device is probed."""

    KERNEL = "the driver core, the bus or the subsystem, before or beside the driver"
    DRIVER = "the device's driver, if it makes use of the resource"
    NOBODY = "it can't be told"


class Patience(Enum):
    """How long a request is answered with "come again" (-EPROBE_DEFER)."""

    ENDLESS = "until the supplier comes"
    TIMEOUT = "until the deferred-probe timeout (driver_deferred_probe_check_state())"
    NONE = "not at all: the driver goes on without"


class Row(NamedTuple):
    """What a request for resources of one kind comes to."""

    bindings: tuple[str, ...]
    asker: Asker
    patience: Patience
    without: Outcome
    """How the consumer ends whose request is not met while it is patient."""
    without_modules: Outcome | None = None
    """The same on a kernel without CONFIG_MODULES, where that differs."""
    early: bool = False
    """It is asked before IOMMUs and power domains are."""
    is_iommu: bool = False


#: The driver gets the resource, or -EPROBE_DEFER as often as it asks: clk/clk.c, regulator/core.c,
#: gpio/gpiolib-of.c, phy/phy-core.c, reset/core.c, interconnect/core.c, mailbox/mailbox.c,
#: nvmem/core.c, pwm/core.c, hwspinlock/hwspinlock_core.c, iio/inkern.c, extcon/extcon.c,
#: base/platform.c (interrupts), video/backlight, gpu/drm/drm_panel.c.
_REQUESTED = Row(
    bindings=(
        "clocks",
        "*-supply",
        "gpio",
        "gpios",
        "*-gpio",
        "*-gpios",
        "phys",
        "resets",
        "interconnects",
        "mboxes",
        "nvmem-cells",
        "pwms",
        "hwlocks",
        "io-channels",
        "io-backends",
        "extcon",
        "interrupts",
        "interrupts-extended",
        "backlight",
        "panel",
        "leds",
        "power-supplies",
        "pses",
    ),
    asker=Asker.DRIVER,
    patience=Patience.ENDLESS,
    without=Outcome.NEVER,
)
#: pinctrl/devicetree.c, dt_to_map_one_config(): the driver core asks, for every state at once.
_PINS = Row(
    bindings=(*(f"pinctrl-{state}" for state in range(9)), "pinctrl-*"),
    asker=Asker.KERNEL,
    patience=Patience.ENDLESS,
    without=Outcome.NEVER,
    without_modules=Outcome.DEGRADED,  # -ENODEV, which pinctrl_bind_pins() passes over
    early=True,
)
#: pmdomain/core.c, genpd_dev_pm_attach(): the bus asks; the error ends the probe for good.
_POWER_DOMAIN = Row(
    bindings=("power-domains",),
    asker=Asker.KERNEL,
    patience=Patience.TIMEOUT,
    without=Outcome.LOST,
)
#: The same for a device of several domains, of which its driver asks for each by number or name.
SEVERAL_POWER_DOMAINS = _POWER_DOMAIN._replace(asker=Asker.DRIVER)
#: iommu/of_iommu.c, of_iommu_xlate(): any error but -EPROBE_DEFER means to go on without.
_IOMMU = Row(
    bindings=("iommus", "iommu-map"),
    asker=Asker.KERNEL,
    patience=Patience.TIMEOUT,
    without=Outcome.DEGRADED,
    is_iommu=True,
)
#: dma/of-dma.c: many drivers take an absent channel for none, and work without DMA.
_DMA = Row(
    bindings=("dmas",),
    asker=Asker.DRIVER,
    patience=Patience.NONE,
    without=Outcome.DEGRADED,
)
#: net/mdio/fwnode_mdio.c, fwnode_mdiobus_phy_device_register(): then the PHY is polled.
PHY_INTERRUPT = Row(
    bindings=(),
    asker=Asker.KERNEL,
    patience=Patience.TIMEOUT,
    without=Outcome.DEGRADED,
)
#: Graph ends (what waits there is the component or bridge framework), what is asked for a device's
#: children, and all that fw_devlink does not follow: each driver has its own way.
_OTHER = Row(
    bindings=(),
    asker=Asker.NOBODY,
    patience=Patience.ENDLESS,
    without=Outcome.UNKNOWN,
)

_ROWS: Mapping[str, Row] = {
    name: row for row in (_REQUESTED, _PINS, _POWER_DOMAIN, _IOMMU, _DMA) for name in row.bindings
}


def row_of(binding: str) -> Row:
    """The row of a binding, by its name in the table of bindings."""
    return _ROWS.get(binding, _OTHER)
