"""The table of resources: what is known of each kind of supplier, one row each.

The order is that in which the words of a log line are compared: of "failed to get reset gpio" the
GPIO comes first. Sources are files and functions of Linux 6.12, in ``drivers/`` where no folder
of the top level is given.
"""

from __future__ import annotations

from dtlink.facts.behaviours import DISABLED_CLOCK_IS_ABSENT
from dtlink.facts.resource import (
    Asker,
    Effort,
    IfDisabled,
    Outcome,
    Patience,
    Request,
    Resource,
    other,
)

# Why columns are not known.
POINTER = "a pointer to data: nothing waits for it"
DRIVERS_DIFFER = "each driver that reads it has its own way"
NOT_IN_LOGS = "no words of log lines refer to it without doubt"
NOT_LOOKED_UP = "what a disabled one means was not looked up"
BY_FRAMEWORK = "a framework matches both ends when they have probed"

#: The driver gets the resource, or -EPROBE_DEFER whenever it asks.
REQUESTED = Request(asker=Asker.DRIVER, patience=Patience.ENDLESS, without=Outcome.NEVER)
#: drivers/net/mdio/fwnode_mdio.c, fwnode_mdiobus_phy_device_register(): without it PHYs are polled.
PHY_INTERRUPT = Request(asker=Asker.BUS, patience=Patience.TIMEOUT, without=Outcome.DEGRADED)
DEFERS = IfDisabled("its driver's request for the {kind} returns -EPROBE_DEFER forever")
NOT_FOUND = IfDisabled("its driver finds no {kind}")
NO_CARD = IfDisabled("the sound card is never registered: it waits for all its audio interfaces")
_PHY_WORDS = ("phy",)
_DISPLAY_WORDS = ("bridge", "panel", "endpoint", "drm")
_NVMEM_WORDS = ("nvmem", "cell", "mac address")
SOUND_WORDS = ("card", "codec", "dai", "snd_soc")

CLOCK = Resource(
    kind="clock",
    cells="#clock-cells",
    names="clock-names",
    may_be_empty=True,
    request=REQUESTED,
    if_disabled=DEFERS._replace(
        own_status="its driver's request for the clock fails (-ENOENT)",
        own_status_from=DISABLED_CLOCK_IS_ABSENT,
    ),
    if_itself=None,
    log_words=("clock", "clk"),
    effort=Effort.CLOCK,
    kept_by="clk_ignore_unused",
    source="drivers/clk/clk.c, of_clk_get_hw_from_clkspec(), clk_disable_unused()",
    may_be_orphan=True,
    starts_by_path=True,
    identifies_amba=True,
    is_registered=True,
)
GPIO = Resource(
    kind="GPIO",
    cells="#gpio-cells",
    names=None,
    may_be_empty=True,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=("gpio", "reset-gpio"),
    effort=Effort.FUNCTION,
    kept_by="",
    source="drivers/gpio/gpiolib-of.c, of_get_named_gpiod_flags()",
    is_registered=True,
)
REGULATOR = Resource(
    kind="regulator",
    cells=None,
    names=None,
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself="the kernel substitutes a dummy regulator "
    '("Supply for … resolved to itself"): the real input is never switched on',
    log_words=("regulator", "vcc", "vdd", "supply", "supplies"),
    effort=Effort.INPUT,
    kept_by="regulator_ignore_unused",
    source="drivers/regulator/of_regulator.c, of_regulator_dev_lookup(); drivers/regulator/core.c, "
    "regulator_resolve_supply(), regulator_init_complete_work_function()",
    cycle_order=2,
    is_registered=True,
)
PHY = Resource(
    kind="PHY",
    cells="#phy-cells",
    names="phy-names",
    may_be_empty=True,
    request=REQUESTED,
    if_disabled=DEFERS._replace(
        own_status="its driver continues without the PHY, or fails (-ENODEV)",
        own_status_of_parts=True,
    ),
    if_itself=None,
    log_words=_PHY_WORDS,
    effort=Effort.FUNCTION,
    kept_by="",
    source="drivers/phy/phy-core.c, _of_phy_get()",
    is_registered=True,
)
USB_PHY = Resource(
    kind="USB PHY",
    cells=None,
    names=None,
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=NOT_FOUND,
    if_itself=None,
    log_words=_PHY_WORDS,
    effort=Effort.FUNCTION,
    kept_by="",
    source="drivers/usb/phy/phy.c, __of_usb_find_phy()",
)
ETHERNET_PHY = other("Ethernet PHY", DRIVERS_DIFFER, log_words=_PHY_WORDS)
RESET = Resource(
    kind="reset line",
    cells="#reset-cells",
    names="reset-names",
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself="if its driver requests the reset line while it probes, it defers forever",
    log_words=("reset",),
    effort=Effort.RESET,
    kept_by="",
    source="drivers/reset/core.c, __of_reset_control_get()",
    itself_at_times=True,
    identifies_amba=True,
    is_registered=True,
)
POWER_DOMAIN = Resource(
    kind="power domain",
    cells="#power-domain-cells",
    names="power-domain-names",
    may_be_empty=None,
    # The error ends the probe for good.
    request=Request(asker=Asker.BUS, patience=Patience.TIMEOUT, without=Outcome.LOST),
    if_disabled=IfDisabled(
        "its probe is deferred until deferred_probe_timeout expires, then fails (-ETIMEDOUT)"
    ),
    if_itself="the bus attaches its domain before its driver probes: the probe is deferred until "
    'the timeout ("deferred probe timeout, ignoring dependency"), then fails with -110',
    log_words=("power domain", "power-domain", "genpd"),
    effort=Effort.BEFORE_PROBE,
    kept_by="pd_ignore_unused",
    source="drivers/pmdomain/core.c, genpd_dev_pm_attach(), genpd_power_off_unused()",
    if_several=Asker.DRIVER,  # by number or by name
    starts_by_path=True,
    identifies_amba=True,
    cycle_order=1,
    is_registered=True,
)
IOMMU = Resource(
    kind="IOMMU",
    cells="#iommu-cells",
    names=None,
    may_be_empty=None,
    # Any error but -EPROBE_DEFER means to continue without.
    request=Request(asker=Asker.DMA, patience=Patience.TIMEOUT, without=Outcome.DEGRADED),
    if_disabled=IfDisabled(
        "its DMA is not translated; some boards leave the IOMMU to the boot loader",
        optional=True,
    ),
    if_itself="it waits for its own driver until the timeout "
    '("deferred probe timeout, ignoring dependency"), and its masters may run without translation',
    log_words=("smmu", "iommu"),
    effort=Effort.NEVER,
    kept_by="",
    source="drivers/iommu/of_iommu.c, of_iommu_xlate()",
    cycle_order=0,
)
ENDPOINT = other("graph endpoint", BY_FRAMEWORK, log_words=_DISPLAY_WORDS)
PANEL = Resource(
    kind="panel",
    cells=None,
    names=None,
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=NOT_FOUND,
    if_itself=None,
    log_words=_DISPLAY_WORDS,
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/gpu/drm/drm_panel.c, of_drm_find_panel()",
)
BACKLIGHT = Resource(
    kind="backlight",
    cells=None,
    names=None,
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=("backlight",),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/video/backlight/backlight.c, devm_of_find_backlight()",
    is_registered=True,
)
PWM = Resource(
    kind="PWM",
    cells="#pwm-cells",
    names="pwm-names",
    may_be_empty=False,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=("pwm",),
    effort=Effort.FUNCTION,
    kept_by="",
    source="drivers/pwm/core.c, of_pwm_get()",
    is_registered=True,
)
MAILBOX = Resource(
    kind="mailbox",
    cells="#mbox-cells",
    names="mbox-names",
    may_be_empty=True,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=("mbox", "mailbox"),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/mailbox/mailbox.c, mbox_request_channel()",
    is_registered=True,
)
NVMEM_CELL = Resource(
    kind="NVMEM cell",
    cells="#nvmem-cell-cells",
    names="nvmem-cell-names",
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=_NVMEM_WORDS,
    effort=Effort.DATA,
    kept_by="",
    source="drivers/nvmem/core.c, of_nvmem_cell_get()",
    missing_cells=0,
    is_part=True,
)
NVMEM_DEVICE = other("NVMEM device", DRIVERS_DIFFER, log_words=_NVMEM_WORDS)
DMA_CHANNEL = Resource(
    kind="DMA channel",
    cells="#dma-cells",
    names="dma-names",
    may_be_empty=None,
    # Many drivers take an absent channel for none, and work without DMA.
    request=Request(asker=Asker.DRIVER, patience=Patience.NONE, without=Outcome.DEGRADED),
    if_disabled=IfDisabled("it gets no DMA channel; most drivers continue without", optional=True),
    if_itself=None,
    log_words=("dma",),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/dma/of-dma.c, of_dma_request_slave_channel()",
)
INTERCONNECT = Resource(
    kind="interconnect",
    cells="#interconnect-cells",
    names="interconnect-names",
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=("interconnect", "icc", "path"),
    effort=Effort.FUNCTION,
    kept_by="",
    source="drivers/interconnect/core.c, of_icc_get_from_provider()",
    is_registered=True,
)
EXTCON = Resource(
    kind="external connector",
    cells=None,
    names=None,
    may_be_empty=True,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=("extcon",),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/extcon/extcon.c, extcon_get_edev_by_phandle()",
    is_registered=True,
)
ADC_CHANNEL = Resource(
    kind="ADC channel",
    cells="#io-channel-cells",
    names="io-channel-names",
    may_be_empty=False,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=("channel", "adc", "iio"),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/iio/inkern.c, fwnode_iio_channel_get()",
    is_registered=True,
)
PIN_CONFIGURATION = Resource(
    kind="pin configuration",
    cells=None,
    names="pinctrl-names",
    may_be_empty=None,
    request=Request(
        asker=Asker.PINS,  # for every state at once
        patience=Patience.ENDLESS,
        without=Outcome.NEVER,
        without_modules=Outcome.DEGRADED,  # -ENODEV, which pinctrl_bind_pins() ignores
    ),
    if_disabled=DEFERS,
    if_itself=None,
    log_words=("pin", "pinctrl"),
    effort=Effort.BEFORE_PROBE,
    kept_by="",
    source="drivers/pinctrl/devicetree.c, dt_to_map_one_config()",
    is_part=True,
)
MULTIPLEXER = Resource(
    kind="multiplexer",
    cells="#mux-control-cells",
    names="mux-control-names",
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=("mux",),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/mux/core.c, mux_get()",
)
AUDIO_INTERFACE = other(
    "audio interface",
    BY_FRAMEWORK,
    "#sound-dai-cells",
    may_be_empty=False,
    if_disabled=NO_CARD,  # sound/soc/soc-core.c, snd_soc_add_pcm_runtime()
    log_words=SOUND_WORDS,
)
INTERRUPT = Resource(
    kind="interrupt controller",
    cells="#interrupt-cells",
    names="interrupt-names",
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=("irq", "interrupt"),
    effort=Effort.INTERRUPT,
    kept_by="",
    source="drivers/base/platform.c, platform_get_irq_optional(); drivers/of/irq.c, of_irq_get()",
    starts_by_path=True,
)
IIO_BACKEND = Resource(
    kind="IIO backend",
    cells="#io-backend-cells",
    names="io-backend-names",
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=(),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/iio/industrialio-backend.c, __devm_iio_backend_fwnode_get()",
    unknown=NOT_IN_LOGS,
    is_registered=True,
)
HARDWARE_LOCK = Resource(
    kind="hardware lock",
    cells="#hwlock-cells",
    names="hwlock-names",
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=DEFERS._replace(
        own_status="its driver's request for the hardware lock fails (-ENOENT)"
    ),
    if_itself=None,
    log_words=(),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/hwspinlock/hwspinlock_core.c, of_hwspin_lock_get_id()",
    unknown=NOT_IN_LOGS,
    is_registered=True,
)
LED = Resource(
    kind="LED",
    cells=None,
    names=None,
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=(),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/leds/led-class.c, of_led_get()",
    unknown=NOT_IN_LOGS,
    is_registered=True,
)
PSE = Resource(
    kind="PSE controller",
    cells="#pse-cells",
    names=None,
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=None,
    if_itself=None,
    log_words=(),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/net/pse-pd/pse_core.c, of_pse_control_get()",
    unknown=NOT_LOOKED_UP,
)
POWER_SUPPLY = Resource(
    kind="power supply",
    cells=None,
    names=None,
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=None,
    if_itself=None,
    log_words=(),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/power/supply/power_supply_core.c, power_supply_check_supplies()",
    unknown=NOT_LOOKED_UP,
    is_registered=True,
)
MEMORY = other(
    "memory",
    POINTER,
    names="memory-region-names",
    if_disabled=IfDisabled(
        "its memory is not reserved, and its driver continues without", optional=True
    ),
)
POWER_SEQUENCE = Resource(
    kind="power sequence",
    cells=None,
    names=None,
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=DEFERS,
    if_itself=None,
    log_words=("pwrseq",),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/mmc/core/host.c, mmc_of_parse(); drivers/mmc/core/pwrseq.c, mmc_pwrseq_alloc()",
)
DDC_BUS = other("I2C bus", DRIVERS_DIFFER, if_disabled=DEFERS)
THERMAL_SENSOR = other(
    "thermal sensor",
    DRIVERS_DIFFER,
    "#thermal-sensor-cells",
    may_be_empty=False,
)
#: A platform device gets its MSI domain when it is created (drivers/of/platform.c,
#: of_platform_device_create_pdata()); some drivers ask again.
MSI_CONTROLLER = other("MSI controller", DRIVERS_DIFFER, "#msi-cells", missing_cells=0)._replace(
    if_pci_host=Request(
        asker=Asker.BUS,
        patience=Patience.NONE,
        without=Outcome.DEGRADED,
        loss="the PCI functions behind it get no MSIs until the host is bound again: drivers "
        "that need them fail, others use INTx",
    ),
    source="drivers/pci/probe.c, pci_set_bus_msi_domain(); "
    "drivers/pci/of.c, pci_host_bridge_of_msi_domain()",
)
WAKE_UP_CONTROLLER = Resource(
    kind="wake-up controller",
    cells=None,
    names=None,
    may_be_empty=None,
    request=REQUESTED,
    if_disabled=None,
    if_itself=None,
    log_words=(),
    effort=Effort.OTHER,
    kept_by="",
    source="drivers/pinctrl/qcom/pinctrl-msm.c, msm_gpio_init()",
    unknown=NOT_LOOKED_UP,
)
ACCESS_CONTROLLER = other("access controller", DRIVERS_DIFFER, "#access-controller-cells")

# What several bindings have in common, and only drivers know.
SYSCON = other("syscon registers", POINTER)
CPU = other("CPU", POINTER)
OPP_TABLE = other("OPP table", POINTER)
IDLE_STATE = other("idle state", POINTER)
GRAPH = other("graph", POINTER)
USB_DEVICE = other("USB device", POINTER)
SRAM = other("SRAM", DRIVERS_DIFFER)
I2C_BUS = other("I2C bus", DRIVERS_DIFFER)
AUDIO_COMPONENT = other("audio component", DRIVERS_DIFFER)
ECC_ENGINE = other("ECC engine", DRIVERS_DIFFER)

#: What PCI hosts' drivers wait for that no property names (drivers/pci/pwrctrl/core.c).
PCI_POWER = "PCI power control"

#: Every row above, in their order.
RESOURCES: tuple[Resource, ...] = tuple(
    row for row in globals().values() if isinstance(row, Resource)
)

#: The property without which a node is no provider of a kind: drivers look for it
#: (drivers/gpio/gpiolib-of.c, drivers/irqchip).
MARKS = {GPIO.kind: "gpio-controller", MSI_CONTROLLER.kind: "msi-controller"}
