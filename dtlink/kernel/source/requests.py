"""The kernel functions by which drivers ask for resources and register providers: one row each.

A row says which arguments hold the device (or node), and the name. Sources are the headers of
Linux 7.2 and of the older versions that an index is shipped for, in ``include/linux/`` where no
folder is given; the functions themselves are not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dtlink.facts import resources, vendor_bindings
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final


class Api(NamedTuple):
    """A function that asks for a resource."""

    kind: str
    node: int
    """The place of the device, node or firmware node among the arguments."""
    name: int | None = None
    """The place of the name; ``None``: it takes none."""
    number: int | None = None
    """The place of the entry's number."""
    names: tuple[str, ...] = ()
    """The names it always asks for."""
    field: str | None = None
    """The name is an array of structures, of which this member is the name (``*``: of names)."""
    is_optional: bool = False
    """An absent property is no error."""
    is_ignored: bool = False
    """It returns no error for a supplier that is not there."""
    is_property: bool = False
    """The name is that of the property."""
    by_phandle: bool = False
    """The node is the supplier's: the name is the property it was looked up by."""
    needs: str = ""
    """An argument must have this in it."""
    is_followed: bool = False
    """What it does itself is read as well: it is not a function of a core."""


#: Names of all entries.
EVERY: Final = "*"

CLOCK, REGULATOR, GPIO = resources.CLOCK.kind, resources.REGULATOR.kind, resources.GPIO.kind
PHY, RESET, INTERRUPT = resources.PHY.kind, resources.RESET.kind, resources.INTERRUPT.kind
POWER, NVMEM = resources.POWER_DOMAIN.kind, resources.NVMEM_CELL.kind
ENDPOINT = resources.ENDPOINT.kind

_ROWS: Final[dict[str, Api]] = {}


def _rows(functions: str, row: Api) -> None:
    _ROWS.update(dict.fromkeys(functions.split(), row))


# clk.h
_named = Api(CLOCK, 0, name=1)
_rows("clk_get devm_clk_get devm_clk_get_enabled devm_clk_get_prepared", _named)
_rows(
    "clk_get_optional devm_clk_get_optional devm_clk_get_optional_enabled "
    "devm_clk_get_optional_prepared devm_clk_get_optional_enabled_with_rate",
    _named._replace(is_optional=True),
)
# media/v4l2-common.h
_rows("devm_v4l2_sensor_clk_get devm_v4l2_sensor_clk_get_legacy", _named)
_bulk = Api(CLOCK, 0, name=2, field="id")
_rows("clk_bulk_get devm_clk_bulk_get", _bulk)
_rows(
    "clk_bulk_get_optional devm_clk_bulk_get_optional devm_clk_bulk_get_optional_enable",
    _bulk._replace(is_optional=True),
)
_rows(
    "clk_bulk_get_all devm_clk_bulk_get_all devm_clk_bulk_get_all_enable "
    "devm_clk_bulk_get_all_enabled of_clk_bulk_get_all of_pm_clk_add_clks",
    Api(CLOCK, 0, names=(EVERY,)),
)
_rows("of_clk_get", Api(CLOCK, 0, number=1))
_rows("of_clk_get_by_name of_pm_clk_add_clk devm_pm_opp_set_clkname dev_pm_opp_set_clkname", _named)
_rows("devm_get_clk_from_child", Api(CLOCK, 1, name=2))
# drivers/base/power/clock_ops.c, pm_clk_acquire(): an error is only noted.
_rows("pm_clk_add", _named._replace(is_ignored=True))
# A provider's inputs are looked up when its clocks are used (drivers/clk/clk.c, clk_core_get()).
_rows("of_clk_get_parent_name", Api(CLOCK, 0, number=1, is_ignored=True))
_rows("of_clk_parent_fill", Api(CLOCK, 0, names=(EVERY,), is_ignored=True))
# regulator/consumer.h; an absent one is a dummy, or -ENODEV for _optional
_named = Api(REGULATOR, 0, name=1)
_rows(
    "regulator_get devm_regulator_get regulator_get_exclusive devm_regulator_get_exclusive "
    "regulator_get_optional devm_regulator_get_optional devm_regulator_get_enable "
    "devm_regulator_get_enable_optional devm_regulator_get_enable_read_voltage",
    _named,
)
_rows(
    "of_regulator_get devm_of_regulator_get of_regulator_get_optional "
    "devm_of_regulator_get_optional",
    Api(REGULATOR, 1, name=2),
)
_rows(
    "regulator_bulk_get devm_regulator_bulk_get devm_regulator_bulk_get_exclusive "
    "devm_regulator_bulk_get_const",
    Api(REGULATOR, 0, name=2, field="supply"),
)
_rows("devm_regulator_bulk_get_enable", Api(REGULATOR, 0, name=2, field=EVERY))
_rows("of_regulator_bulk_get_all", Api(REGULATOR, 1, names=(EVERY,)))
_rows(
    "dev_pm_opp_set_regulators devm_pm_opp_set_regulators",
    Api(REGULATOR, 0, name=1, field=EVERY),
)
# gpio/consumer.h, of_gpio.h
_named = Api(GPIO, 0, name=1)
_rows(
    "gpiod_get devm_gpiod_get gpiod_get_array devm_gpiod_get_array fwnode_gpiod_get "
    "gpiod_get_index devm_gpiod_get_index fwnode_gpiod_get_index",
    _named,
)
_rows(
    "gpiod_get_optional devm_gpiod_get_optional gpiod_get_array_optional "
    "devm_gpiod_get_array_optional gpiod_get_index_optional devm_gpiod_get_index_optional",
    _named._replace(is_optional=True),
)
_rows("devm_fwnode_gpiod_get devm_fwnode_gpiod_get_index", Api(GPIO, 1, name=2))
_rows("devm_fwnode_gpiod_get_optional", Api(GPIO, 1, name=2, is_optional=True))
_rows("devm_fwnode_get_index_gpiod_from_child", Api(GPIO, 3, name=1))
_rows("devm_fwnode_get_gpiod_from_child", Api(GPIO, 2, name=1))
_rows("of_get_named_gpio of_get_named_gpio_flags", Api(GPIO, 0, name=1, is_property=True))
_rows("gpiod_get_from_of_node", Api(GPIO, 0, name=1, is_property=True))
_rows("devm_gpiod_get_from_of_node", Api(GPIO, 1, name=2, is_property=True))
_rows("of_get_gpio of_get_gpio_flags", Api(GPIO, 0))
# drivers/spi/spi.c, spi_get_gpio_descs()
_rows(
    "spi_register_controller devm_spi_register_controller spi_register_master "
    "devm_spi_register_master",
    Api(GPIO, 0, names=("cs",), is_optional=True),
)
# drivers/nvmem/core.c, nvmem_register()
_rows("nvmem_register devm_nvmem_register", Api(GPIO, 0, names=("wp",), is_optional=True))
# phy/phy.h
_rows("phy_get devm_phy_get of_phy_get", Api(PHY, 0, name=1))
_rows("phy_optional_get devm_phy_optional_get", Api(PHY, 0, name=1, is_optional=True))
_rows("devm_of_phy_get", Api(PHY, 1, name=2))
_rows("devm_of_phy_optional_get", Api(PHY, 1, name=2, is_optional=True))
_rows("devm_of_phy_get_by_index", Api(PHY, 1, number=2))
# drivers/phy/phy-core.c, phy_create(): the PHY's own supply, of its node if there is one
_rows(
    "phy_create devm_phy_create",
    Api(REGULATOR, 1, names=("phy",), is_optional=True),
)
# usb/phy.h: the property is an argument
_rows(
    "usb_get_phy_by_phandle devm_usb_get_phy_by_phandle",
    Api(resources.USB_PHY.kind, 0, name=1, is_property=True),
)
# of_mdio.h, phylink.h
_rows("of_phy_get_and_connect", Api(resources.ETHERNET_PHY.kind, 1))
_rows(
    "phylink_of_phy_connect phylink_fwnode_phy_connect",
    Api(resources.ETHERNET_PHY.kind, 1, is_optional=True),
)
_rows("of_phy_connect", Api(resources.ETHERNET_PHY.kind, 1, by_phandle=True))
_rows(
    "of_phy_find_device fwnode_phy_find_device",
    Api(resources.ETHERNET_PHY.kind, 0, by_phandle=True),
)
# reset.h; the rest by form (_RESETS)
_rows("device_reset", Api(RESET, 0))
_rows("device_reset_optional", Api(RESET, 0, is_optional=True))
_rows("__device_reset", Api(RESET, 0))
# pm_domain.h, pm_opp.h
_rows("dev_pm_domain_attach_by_name genpd_dev_pm_attach_by_name", Api(POWER, 0, name=1))
_rows("dev_pm_domain_attach_by_id genpd_dev_pm_attach_by_id", Api(POWER, 0, number=1))
_rows(
    "dev_pm_domain_attach_list devm_pm_domain_attach_list",
    Api(POWER, 0, name=1, field="pd_names"),
)
_rows(
    "dev_pm_opp_attach_genpd devm_pm_opp_attach_genpd",
    Api(POWER, 0, name=1, field=EVERY),
)
# interconnect.h; without the property the path is NULL
_rows("of_icc_get devm_of_icc_get", Api(resources.INTERCONNECT.kind, 0, name=1))
_rows("of_icc_get_by_index devm_of_icc_get_by_index", Api(resources.INTERCONNECT.kind, 0, number=1))
_rows(
    "of_icc_bulk_get devm_of_icc_bulk_get",
    Api(resources.INTERCONNECT.kind, 0, name=2, field="name"),
)
_rows(
    "dev_pm_opp_of_find_icc_paths devm_pm_opp_of_find_icc_paths",
    Api(resources.INTERCONNECT.kind, 0, names=(EVERY,)),
)
# mailbox_client.h
_rows("mbox_request_channel", Api(resources.MAILBOX.kind, 0, number=1))
_rows("mbox_request_channel_byname", Api(resources.MAILBOX.kind, 0, name=1))
# nvmem-consumer.h, of_net.h, etherdevice.h
_named = Api(NVMEM, 0, name=1)
_rows(
    "nvmem_cell_get devm_nvmem_cell_get of_nvmem_cell_get nvmem_cell_read_u8 nvmem_cell_read_u16 "
    "nvmem_cell_read_u32 nvmem_cell_read_u64 nvmem_cell_read_variable_le_u32 "
    "nvmem_cell_read_variable_le_u64",
    _named,
)
_rows(
    "of_get_mac_address of_get_mac_address_nvmem of_get_ethdev_address nvmem_get_mac_address "
    "eth_platform_get_mac_address platform_get_ethdev_address",
    Api(NVMEM, 0, names=("mac-address",), is_optional=True),
)
_rows(
    "nvmem_device_get devm_nvmem_device_get of_nvmem_device_get",
    Api(resources.NVMEM_DEVICE.kind, 0, name=1),
)
# pwm.h
_rows("pwm_get devm_pwm_get", Api(resources.PWM.kind, 0, name=1))
_rows("devm_fwnode_pwm_get devm_of_pwm_get", Api(resources.PWM.kind, 1, name=2))
_rows("of_pwm_get fwnode_pwm_get", Api(resources.PWM.kind, 1, name=2))
# iio/consumer.h, iio/backend.h
_rows("iio_channel_get devm_iio_channel_get", Api(resources.ADC_CHANNEL.kind, 0, name=1))
_rows(
    "iio_channel_get_all devm_iio_channel_get_all",
    Api(resources.ADC_CHANNEL.kind, 0, names=(EVERY,)),
)
_rows(
    "of_iio_channel_get_by_name fwnode_iio_channel_get_by_name",
    Api(resources.ADC_CHANNEL.kind, 0, name=1),
)
_rows(
    "devm_of_iio_channel_get_by_name devm_fwnode_iio_channel_get_by_name",
    Api(resources.ADC_CHANNEL.kind, 1, name=2),
)
_rows("devm_iio_backend_get", Api(resources.IIO_BACKEND.kind, 0, name=1))
_rows("devm_iio_backend_get_by_index", Api(resources.IIO_BACKEND.kind, 0, number=1))
_rows("devm_iio_backend_fwnode_get", Api(resources.IIO_BACKEND.kind, 2, name=1))
# extcon.h
_rows("extcon_get_edev_by_phandle", Api(resources.EXTCON.kind, 0, number=1))
_rows("extcon_find_edev_by_node", Api(resources.EXTCON.kind, 0, by_phandle=True))
# mux/consumer.h, hwspinlock.h, leds.h, backlight.h
_rows(
    "mux_control_get devm_mux_control_get mux_state_get devm_mux_state_get "
    "devm_mux_state_get_selected",
    Api(resources.MULTIPLEXER.kind, 0, name=1),
)
_rows(
    "mux_control_get_optional devm_mux_state_get_optional devm_mux_state_get_optional_selected",
    Api(resources.MULTIPLEXER.kind, 0, name=1, is_optional=True),
)
_rows("of_hwspin_lock_get_id", Api(resources.HARDWARE_LOCK.kind, 0, number=1))
_rows("of_hwspin_lock_get_id_byname", Api(resources.HARDWARE_LOCK.kind, 0, name=1))
_rows("of_led_get devm_of_led_get", Api(resources.LED.kind, 0, number=1))
_rows("devm_of_led_get_optional", Api(resources.LED.kind, 0, number=1, is_optional=True))
_rows("led_get devm_led_get", Api(resources.LED.kind, 0, name=1))
_rows(
    "of_find_backlight devm_of_find_backlight", Api(resources.BACKLIGHT.kind, 0, is_optional=True)
)
_rows("drm_panel_of_backlight", Api(resources.BACKLIGHT.kind, 0, is_optional=True))
_rows("of_find_backlight_by_node", Api(resources.BACKLIGHT.kind, 0, by_phandle=True))
# dmaengine.h, of_dma.h, sound/dmaengine_pcm.h
_rows("dma_request_chan devm_dma_request_chan", Api(resources.DMA_CHANNEL.kind, 0, name=1))
_rows(
    "dma_request_slave_channel of_dma_request_slave_channel dma_request_slave_channel_reason",
    Api(resources.DMA_CHANNEL.kind, 0, name=1),
)
# sound/soc/soc-generic-dmaengine-pcm.c, dmaengine_pcm_request_chan_of()
_rows(
    "devm_snd_dmaengine_pcm_register snd_dmaengine_pcm_register",
    Api(resources.DMA_CHANNEL.kind, 0, names=("rx", "tx"), is_optional=True),
)
# platform_device.h, of_irq.h, property.h
_rows("platform_get_irq platform_get_irq_affinity", Api(INTERRUPT, 0, number=1))
_rows("platform_get_irq_optional", Api(INTERRUPT, 0, number=1, is_optional=True))
_rows("platform_get_irq_byname", Api(INTERRUPT, 0, name=1))
_rows("platform_get_irq_byname_optional", Api(INTERRUPT, 0, name=1, is_optional=True))
_rows("devm_platform_get_irqs_affinity", Api(INTERRUPT, 0, names=(EVERY,)))
_rows("of_irq_get irq_of_parse_and_map fwnode_irq_get", Api(INTERRUPT, 0, number=1))
_rows("of_irq_get_byname fwnode_irq_get_byname", Api(INTERRUPT, 0, name=1))
_rows("of_irq_to_resource_table", Api(INTERRUPT, 0, names=(EVERY,)))
_rows("platform_get_resource", Api(INTERRUPT, 0, number=2, needs="IORESOURCE_IRQ"))
_rows("platform_get_resource_byname", Api(INTERRUPT, 0, name=2, needs="IORESOURCE_IRQ"))
# drm/drm_of.h, drm/drm_bridge.h, drm/drm_panel.h, usb/role.h, usb/typec_mux.h
_rows(
    "drm_of_find_panel_or_bridge drm_of_get_bridge_by_endpoint of_drm_get_bridge_by_endpoint",
    Api(ENDPOINT, 0, names=("",)),
)
_rows("devm_drm_of_get_bridge drmm_of_get_bridge", Api(ENDPOINT, 1, names=("",)))
_rows("of_drm_find_panel", Api(resources.PANEL.kind, 0, by_phandle=True))
_rows(
    "usb_role_switch_get fwnode_usb_role_switch_get typec_switch_get fwnode_typec_switch_get "
    "typec_mux_get fwnode_typec_mux_get typec_retimer_get fwnode_typec_retimer_get",
    Api(ENDPOINT, 0, names=("",), is_optional=True),
)
# drivers/usb/typec/class.c, typec_register_port(): it gets the switches of the port
_rows(
    "typec_register_port tcpm_register_port",
    Api(ENDPOINT, 0, names=("",), is_optional=True, is_followed=True),
)
# mfd/syscon.h, of_reserved_mem.h, genalloc.h, power_supply.h, i2c.h
_property = Api(resources.SYSCON.kind, 0, name=1, is_property=True)
_rows("syscon_regmap_lookup_by_phandle syscon_regmap_lookup_by_phandle_args", _property)
_rows("syscon_regmap_lookup_by_phandle_optional", _property._replace(is_optional=True))
_rows(
    "syscon_node_to_regmap device_node_to_regmap",
    Api(resources.SYSCON.kind, 0, by_phandle=True),
)
_rows("of_reserved_mem_device_init", Api(resources.MEMORY.kind, 0))
_rows("of_reserved_mem_device_init_by_idx", Api(resources.MEMORY.kind, 1, number=2))
_rows("of_reserved_mem_device_init_by_name", Api(resources.MEMORY.kind, 1, name=2))
_rows("of_gen_pool_get", Api(resources.SRAM.kind, 0, name=1, is_property=True))
_rows(
    "power_supply_get_by_reference devm_power_supply_get_by_reference "
    "power_supply_get_by_phandle devm_power_supply_get_by_phandle",
    Api(resources.POWER_SUPPLY.kind, 0, name=1, is_property=True),
)
# drivers/power/supply/power_supply_core.c, power_supply_check_supplies()
_rows(
    "power_supply_register devm_power_supply_register power_supply_register_no_ws "
    "devm_power_supply_register_no_ws",
    Api(resources.POWER_SUPPLY.kind, 0, names=("power-supplies",), is_optional=True),
)
_rows(
    "of_get_i2c_adapter_by_node of_find_i2c_adapter_by_node i2c_get_adapter_by_fwnode "
    "i2c_find_adapter_by_fwnode",
    Api(resources.I2C_BUS.kind, 0, by_phandle=True),
)
# The vendors' own: each looks up one property, and is deferred until its device has bound.
_rows(
    "devm_tegra_memory_controller_get",
    Api(vendor_bindings.MEMORY_CONTROLLER.kind, 0, names=("nvidia,memory-controller",)),
)
_rows("tegra_bpmp_get", Api(vendor_bindings.BPMP.kind, 0, names=("nvidia,bpmp",)))
_rows(
    "tegra_xusb_padctl_get",
    Api(vendor_bindings.USB_PAD_CONTROLLER.kind, 0, names=("nvidia,xusb-padctl",)),
)
_rows(
    "tegra_mipi_request",
    Api(vendor_bindings.MIPI_CALIBRATION.kind, 1, names=("nvidia,mipi-calibrate",)),
)
_rows(
    "sunxi_sram_claim",
    Api(vendor_bindings.SYSTEM_SRAM.kind, 0, names=("allwinner,sram",)),
)
_rows("vpu_get_plat_device", Api(vendor_bindings.VPU.kind, 0, names=("mediatek,vpu",)))
_rows("pru_rproc_get", Api(vendor_bindings.PRU.kind, 0, number=1))
_rows("icss_iep_get", Api(vendor_bindings.ETHERNET_TIMER.kind, 0, names=("ti,iep",)))
_rows("get_pbs_client_device", Api(vendor_bindings.PBS_CLIENT.kind, 0, names=("qcom,pbs",)))
# pci-pwrctrl.h: deferred until the drivers that power what is behind the host have bound
_rows("pci_pwrctrl_power_on_devices", Api(resources.PCI_POWER, 0, names=(EVERY,)))
# drivers/mmc/core/pwrseq.c: 0 without the property, else deferred
_rows(
    "mmc_pwrseq_alloc",
    Api(resources.POWER_SEQUENCE.kind, 0, names=("mmc-pwrseq",), is_optional=True),
)
# pse-pd/pse.h
_rows("of_pse_control_get", Api(resources.PSE.kind, 0))
# sound/soc.h: the card is deferred for an interface that is not registered
_rows(
    "devm_snd_soc_register_card snd_soc_register_card devm_snd_soc_register_deferrable_card",
    Api(resources.AUDIO_INTERFACE.kind, 0, names=(EVERY,)),
)

#: The functions of reset.h by their form.
_RESETS = re.compile(
    r"(?P<devm>devm_)?(?P<of>of_)?reset_control_(?P<many>array_|bulk_)?get(?P<rest>(?:_[a-z]+)*)"
)


def request_of(function: str) -> Api | None:
    """The row of a function, if it asks for something."""
    row = _ROWS.get(function)
    if row is None and "reset_control_" in function:
        row = _reset(function)
    return row


def _reset(function: str) -> Api | None:
    match = _RESETS.fullmatch(function.lstrip("_"))
    if match is None or match["rest"].startswith("_count"):
        return None
    row = Api(RESET, 0, name=1, is_optional="_optional" in match["rest"])
    if function.startswith("__"):
        return None if match["many"] else row
    if match["many"] == "array_":
        return row._replace(name=None, names=(EVERY,))
    if match["many"]:
        return row._replace(name=2, field="id")
    return row._replace(name=None, number=1) if match["rest"].endswith("_by_index") else row


#: What a registration offers: kinds by functions.
_OFFERS: Final[dict[str, tuple[str, ...]]] = {}


def _offers(functions: str, *kinds: str) -> None:
    _OFFERS.update(dict.fromkeys(functions.split(), kinds))


_offers("of_clk_add_provider of_clk_add_hw_provider devm_of_clk_add_hw_provider", CLOCK)
_offers("reset_controller_register devm_reset_controller_register", RESET)
_offers("regulator_register devm_regulator_register", REGULATOR)
_offers(
    "gpiochip_add gpiochip_add_data devm_gpiochip_add_data gpiochip_add_data_with_key "
    "devm_gpiochip_add_data_with_key of_mm_gpiochip_add_data of_mm_gpiochip_add",
    GPIO,
)
_offers("gpio_irq_chip_set_chip gpiochip_irqchip_add gpiochip_irqchip_add_nested", INTERRUPT)
_offers(
    "devm_regmap_add_irq_chip devm_regmap_add_irq_chip_fwnode regmap_add_irq_chip "
    "regmap_add_irq_chip_fwnode irq_domain_instantiate devm_irq_domain_instantiate "
    "irq_alloc_domain_generic_chips",
    INTERRUPT,
)
_offers(
    "msi_create_irq_domain pci_msi_create_irq_domain platform_msi_create_irq_domain "
    "msi_create_parent_irq_domain of_pci_msi_create_irq_domain msi_create_device_irq_domain "
    "platform_msi_create_device_domain",
    INTERRUPT,
    resources.MSI_CONTROLLER.kind,
)
_offers(
    "of_phy_provider_register devm_of_phy_provider_register of_phy_provider_register_full "
    "devm_of_phy_provider_register_full __of_phy_provider_register "
    "__devm_of_phy_provider_register",
    PHY,
)
_offers("usb_add_phy usb_add_phy_dev", resources.USB_PHY.kind)
_offers("pwmchip_add devm_pwmchip_add __pwmchip_add __devm_pwmchip_add", resources.PWM.kind)
_offers("of_genpd_add_provider_simple of_genpd_add_provider_onecell", POWER)
_offers("icc_provider_register icc_provider_add", resources.INTERCONNECT.kind)
_offers("extcon_dev_register devm_extcon_dev_register", resources.EXTCON.kind)
_offers("nvmem_register devm_nvmem_register", NVMEM, resources.NVMEM_DEVICE.kind)
_offers(
    "mtd_device_register mtd_device_parse_register add_mtd_device",
    NVMEM,
    resources.NVMEM_DEVICE.kind,
)
_offers("mbox_controller_register devm_mbox_controller_register", resources.MAILBOX.kind)
_offers("hwspin_lock_register devm_hwspin_lock_register", resources.HARDWARE_LOCK.kind)
_offers("iommu_device_register", resources.IOMMU.kind)
_offers(
    "pinctrl_register devm_pinctrl_register pinctrl_register_and_init "
    "devm_pinctrl_register_and_init",
    resources.PIN_CONFIGURATION.kind,
)
_offers(
    "iio_device_register devm_iio_device_register __iio_device_register __devm_iio_device_register",
    resources.ADC_CHANNEL.kind,
)
_offers("devm_iio_backend_register", resources.IIO_BACKEND.kind)
_offers(
    "backlight_device_register devm_backlight_device_register drm_panel_dp_aux_backlight",
    resources.BACKLIGHT.kind,
)
_offers("mux_chip_register devm_mux_chip_register", resources.MULTIPLEXER.kind)
_offers(
    "snd_soc_register_component devm_snd_soc_register_component snd_soc_add_component",
    resources.AUDIO_INTERFACE.kind,
)
_offers("of_dma_controller_register of_dma_router_register", resources.DMA_CHANNEL.kind)
_offers("drm_panel_add devm_drm_panel_add", resources.PANEL.kind, ENDPOINT)
_offers(
    "drm_bridge_add devm_drm_bridge_add v4l2_async_register_subdev "
    "v4l2_async_register_subdev_sensor __v4l2_async_register_subdev typec_switch_register "
    "typec_mux_register typec_retimer_register usb_role_switch_register coresight_register "
    "component_add component_add_typed typec_register_port",
    ENDPOINT,
)
_offers("pse_controller_register devm_pse_controller_register", resources.PSE.kind)
_offers(
    "power_supply_register power_supply_register_no_ws devm_power_supply_register "
    "devm_power_supply_register_no_ws",
    resources.POWER_SUPPLY.kind,
)
_offers(
    "i2c_add_adapter devm_i2c_add_adapter i2c_add_numbered_adapter i2c_bit_add_bus "
    "i2c_bit_add_numbered_bus i2c_mux_add_adapter",
    resources.I2C_BUS.kind,
)
_offers(
    "of_mdiobus_register devm_of_mdiobus_register mdiobus_register devm_mdiobus_register "
    "__of_mdiobus_register __devm_of_mdiobus_register __mdiobus_register __devm_mdiobus_register",
    resources.ETHERNET_PHY.kind,
)
_offers("of_syscon_register_regmap", resources.SYSCON.kind)
_offers("stm32_firewall_controller_register", resources.ACCESS_CONTROLLER.kind)
_offers("devm_gen_pool_create gen_pool_create", resources.SRAM.kind)
_offers("nand_ecc_register_on_host_hw_engine", resources.ECC_ENGINE.kind)
#: The functions that register something by their form: LEDs, thermal sensors, interrupt domains.
_OFFER_FORMS: Final = (
    (re.compile(r"(?:devm_)?(?:of_)?led_classdev_(?:\w+_)?register(?:_ext)?"), resources.LED.kind),
    (
        re.compile(r"(?:devm_)?thermal_(?:of_zone|zone_of_sensor|of_sensor)_register"),
        resources.THERMAL_SENSOR.kind,
    ),
    (re.compile(r"(?:devm_)?hwmon_device_register_with_info"), resources.THERMAL_SENSOR.kind),
    (re.compile(r"(?:devm_)?irq_domain_(?:add|create)_\w+"), INTERRUPT),
)
_FORM_WORDS: Final = ("led_classdev", "thermal_", "hwmon_device", "irq_domain_")


def offers_of(function: str) -> Iterable[str]:
    """The kinds of resources that a function registers a provider for."""
    found = _OFFERS.get(function)
    if found is None and any(word in function for word in _FORM_WORDS):
        found = tuple(kind for form, kind in _OFFER_FORMS if form.fullmatch(function))
        _OFFERS[function] = found
    return found or ()


#: Functions that call back what a driver's data gives members of a structure: its type, members.
CALLBACKS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    # drivers/base/component.c, component_bind() and try_to_bring_up_aggregate_device()
    "component_add": ("component_ops", ("bind",)),
    "component_add_typed": ("component_ops", ("bind",)),
    "component_master_add_with_match": ("component_master_ops", ("bind",)),
    # drivers/pci/controller/dwc/pcie-designware-host.c and -ep.c
    "dw_pcie_host_init": ("dw_pcie_host_ops", ("init", "host_init", "pre_init")),
    "dw_pcie_ep_init": ("dw_pcie_ep_ops", ("init", "ep_init", "pre_init")),
    # drivers/pci/ecam.c, pci_ecam_create()
    "pci_host_common_probe": ("pci_ecam_ops", ("init",)),
    "pci_host_common_init": ("pci_ecam_ops", ("init",)),
    "pci_ecam_create": ("pci_ecam_ops", ("init",)),
    # drivers/mmc/host/dw_mmc.c, dw_mci_parse_dt() and dw_mci_init_host_caps()
    "dw_mci_pltfm_register": ("dw_mci_drv_data", ("parse_dt", "init")),
    # drivers/regulator/of_regulator.c, regulator_of_get_init_data()
    "regulator_register": ("regulator_desc", ("of_parse_cb",)),
    "devm_regulator_register": ("regulator_desc", ("of_parse_cb",)),
    # net/dsa/dsa.c, dsa_switch_setup()
    "dsa_register_switch": ("dsa_switch_ops", ("setup",)),
    # sound/soc/sof/core.c, sof_probe_continue()
    "sof_of_probe": ("snd_sof_dsp_ops", ("probe",)),
    # drivers/ufs/core/ufshcd.c, ufshcd_variant_hba_init()
    "ufshcd_pltfrm_init": ("ufs_hba_variant_ops", ("init",)),
    # drivers/mtd/nand/raw/nand_base.c, nand_attach()
    "nand_scan": ("nand_controller_ops", ("attach_chip",)),
    "nand_scan_with_ids": ("nand_controller_ops", ("attach_chip",)),
}

#: The same for what is called later, when others have probed: its requests don't fail the probe.
LATER: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    # sound/soc/soc-core.c, snd_soc_bind_card()
    "snd_soc_register_component": ("snd_soc_component_driver", ("probe",)),
    "devm_snd_soc_register_component": ("snd_soc_component_driver", ("probe",)),
}
