"""The table of supplier bindings: one row each, which points to a row of the table of resources.

The kernel's rows and their version ranges are those of ``of_supplier_bindings`` in Linux,
drivers/of/property.c (5.10 to 7.3); the order of the rows does not matter here, since no two of
them read one property. A property with several rows is read differently by different kernels: the
row of the kernel asked about is taken, else the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from dtlink.facts import resources as res
from dtlink.facts.behaviours import SUFFIX_ALONE
from dtlink.facts.binding import Origin, Owner, SupplierBinding, Walk
from dtlink.facts.kernels import DEFAULT, KernelVersion, VersionRange, since
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
from dtlink.facts.vendor_bindings import VENDOR_BINDINGS

_ALL = (since("5.10"),)
_5_15 = (since("5.15"),)
_6_1 = (since("6.1"),)
# The commits that brought rows between two versions with a long term of support, in the merge
# windows of 6.7 (c5e4ce9db635), 6.9 (io-backends: iio-for-6.9a; post-init-providers: driver-core)
# and 6.10 (93c0d8c0ac30, d976c6f4b32c, 669430b183fc; access-controllers: stm32-bus-firewall).
_6_7 = (since("6.7"),)
_6_9 = (since("6.9"),)
_6_10 = (since("6.10"),)
_7_0 = (since("7.0"),)
_STRICT_ONLY = since("5.15")

# Resources of bindings that differ from others of their kind.
#: The buses ask before they call the driver's probe, for the entries that are to be set.
_ASSIGNED_CLOCK = other(
    "clock", res.NOT_LOOKED_UP, "#clock-cells", kept_by=res.CLOCK.kept_by
)._replace(
    request=Request(asker=Asker.BUS, patience=Patience.ENDLESS, without=Outcome.NEVER),
    source="drivers/clk/clk-conf.c, of_clk_set_defaults()",
)
#: drivers/mux/core.c, mux_get(): with a state in the specifier.
_MULTIPLEXER_STATE = res.MULTIPLEXER._replace(cells="#mux-state-cells", names="mux-state-names")
_GPIO_MAP = other("GPIO", res.POINTER, "#gpio-cells", may_be_empty=True)
#: Where interrupts go that the node itself may not have.
_INTERRUPT_ROUTE = other(
    "interrupt controller", res.POINTER, "#interrupt-cells", effort=Effort.INTERRUPT
)
#: The PCI core maps INTx of a function when the function's driver is to be probed.
_PCI_ROUTE = _INTERRUPT_ROUTE._replace(
    if_pci_host=Request(
        asker=Asker.BUS,
        patience=Patience.NONE,
        without=Outcome.DEGRADED,
        loss="PCI functions behind it whose drivers probe before get no INTx: those without MSIs "
        "fail",
    ),
    source="drivers/pci/irq.c, pci_assign_irq(); drivers/pci/of.c, of_irq_parse_and_map_pci()",
)
#: gpiolib asks when the driver registers its GPIOs.
_PIN_RANGES = other("pin controller", res.NOT_LOOKED_UP)._replace(
    request=Request(asker=Asker.BUS, patience=Patience.ENDLESS, without=Outcome.NEVER),
    source="drivers/gpio/gpiolib-of.c, of_gpiochip_add_pin_range()",
)
#: The functions behind a host ask for it, and not the host.
_IOMMU_OF_FUNCTIONS = res.IOMMU._replace(
    if_disabled=IfDisabled(
        "DMA of devices behind it is not translated; some boards leave that to the boot loader",
        optional=True,
    ),
    if_itself=None,
)
#: Without it the walk of all masters ends (arm-smmu.c, __find_legacy_master_phandle()).
_MASTERS = other("IOMMU", res.DRIVERS_DIFFER, "#stream-id-cells")


def _kernel(
    name: str,
    resource: Resource,
    *,
    kernel: tuple[VersionRange, ...] = _ALL,
    optional: VersionRange | None = None,
    walk: Walk = Walk.LIST,
    has_specifier: bool = True,
    strict_cells: bool = False,
    orders_probe: bool = True,
    probes_first: bool = True,
    holds_consumer: bool = True,
    consumer: Owner = Owner.NODE,
    supplier: Owner = Owner.NODE,
    unless: str | None = None,
) -> SupplierBinding:
    """A row that fw_devlink follows, since 5.10 unless ``kernel`` says otherwise."""
    return SupplierBinding(
        name=name,
        resource=resource,
        origin=Origin.KERNEL,
        kernel=kernel,
        optional=optional,
        walk=walk,
        has_specifier=has_specifier,
        strict_cells=strict_cells,
        orders_probe=orders_probe,
        probes_first=probes_first,
        holds_consumer=holds_consumer,
        consumer=consumer,
        supplier=supplier,
        unless=unless,
    )


def _dtc(name: str, resource: Resource, *, probes_first: bool = True) -> SupplierBinding:
    """A row that dtc checks and fw_devlink does not follow."""
    return SupplierBinding(
        name=name, resource=resource, origin=Origin.DTC, probes_first=probes_first
    )


def _schema(
    name: str,
    resource: Resource,
    *,
    walk: Walk = Walk.LIST,
    fixed: int = 0,
    probes_first: bool = True,
) -> SupplierBinding:
    """A row that only a binding's schema knows."""
    return SupplierBinding(
        name=name, resource=resource, walk=walk, fixed=fixed, probes_first=probes_first
    )


KERNEL_BINDINGS: tuple[SupplierBinding, ...] = (
    _kernel("clocks", res.CLOCK),
    _kernel("interconnects", res.INTERCONNECT),
    _kernel("iommus", res.IOMMU, optional=_STRICT_ONLY),
    _kernel(
        "iommu-map",
        _IOMMU_OF_FUNCTIONS,
        walk=Walk.ID_MAP,
        optional=_STRICT_ONLY,
        holds_consumer=False,
    ),
    _kernel("mboxes", res.MAILBOX),
    _kernel("io-channels", res.ADC_CHANNEL),
    _kernel("io-backends", res.IIO_BACKEND, kernel=_6_9),
    _kernel(
        "interrupt-parent",
        _INTERRUPT_ROUTE,
        has_specifier=False,
        kernel=(since("5.10", until="6.12"),),
        probes_first=False,  # it only says where interrupts go that the node may not have
    ),
    _kernel("dmas", res.DMA_CHANNEL, optional=_STRICT_ONLY, holds_consumer=False),
    _kernel("power-domains", res.POWER_DOMAIN),
    _kernel("hwlocks", res.HARDWARE_LOCK),
    _kernel("extcon", res.EXTCON),
    _kernel(
        "nvmem-cells",
        res.NVMEM_CELL,
        has_specifier=False,
        kernel=(since("5.10", until="5.15"), since("6.1", until="6.6")),
    ),
    _kernel(
        "nvmem-cells",
        res.NVMEM_CELL,
        kernel=(since("5.15", until="6.1"), since("6.6")),
    ),
    _kernel("phys", res.PHY),
    _kernel("wakeup-parent", res.WAKE_UP_CONTROLLER),
    *(_kernel(f"pinctrl-{state}", res.PIN_CONFIGURATION) for state in range(9)),
    _kernel(
        "pinctrl-*",
        res.PIN_CONFIGURATION._replace(if_disabled=None, unknown=res.NOT_LOOKED_UP),
        kernel=_7_0,
    ),
    _kernel(
        "remote-endpoint",
        res.ENDPOINT,
        walk=Walk.ENDPOINT,  # read as a list there, but an endpoint has one remote end
        kernel=(since("5.15", until="6.1"),),
        consumer=Owner.COMPATIBLE,
    ),
    _kernel(
        "remote-endpoint",
        res.ENDPOINT,
        walk=Walk.ENDPOINT,
        kernel=(since("6.1", until="6.6"),),
        consumer=Owner.COMPATIBLE,
        supplier=Owner.PORT,
    ),
    _kernel(
        "remote-endpoint",
        res.ENDPOINT,
        walk=Walk.ENDPOINT,
        kernel=(since("6.6"),),
        consumer=Owner.PORT,
        supplier=Owner.PORT,
    ),
    _kernel("pwms", res.PWM, kernel=_5_15),
    _kernel("resets", res.RESET, kernel=_5_15),
    _kernel("leds", res.LED, kernel=_5_15),
    _kernel("backlight", res.BACKLIGHT, kernel=_5_15),
    _kernel("panel", res.PANEL, kernel=_6_1),
    _kernel("msi-parent", res.MSI_CONTROLLER, kernel=_6_7),
    _kernel("pses", res.PSE, kernel=_6_10),
    _kernel("power-supplies", res.POWER_SUPPLY, kernel=_6_10),
    _kernel("mmc-pwrseq", res.POWER_SEQUENCE, kernel=_7_0),
    _kernel("gpio", res.GPIO, kernel=_5_15, strict_cells=True, unless="gpio-hog"),
    _kernel("gpios", res.GPIO, kernel=_5_15, strict_cells=True, unless="gpio-hog"),
    _kernel("interrupts", res.INTERRUPT, walk=Walk.INTERRUPTS, has_specifier=False, kernel=_5_15),
    _kernel(
        "interrupts-extended",
        res.INTERRUPT,
        kernel=(since("5.10", until="5.15"),),
    ),
    _kernel(
        "interrupts-extended",
        res.INTERRUPT,
        walk=Walk.INTERRUPTS,
        has_specifier=False,
        kernel=_5_15,
    ),
    _kernel(
        "interrupt-map",
        _PCI_ROUTE,
        walk=Walk.INTERRUPT_MAP,
        kernel=_6_10,
    ),
    _kernel("access-controllers", res.ACCESS_CONTROLLER, kernel=_6_10),
    _kernel("*-supply", res.REGULATOR),
    _kernel("*-gpio", res.GPIO, strict_cells=True),
    _kernel("*-gpios", res.GPIO, strict_cells=True),
    _kernel(
        "post-init-providers",
        other("post-init provider", res.POINTER),
        kernel=_6_9,
        orders_probe=False,
    ),
)

OTHER_BINDINGS: tuple[SupplierBinding, ...] = (
    _schema("mmu-masters", _MASTERS, walk=Walk.MASTERS),
    _dtc(
        "cooling-device", other("cooling device", res.POINTER, "#cooling-cells"), probes_first=False
    ),
    _dtc("thermal-sensors", res.THERMAL_SENSOR),
    _dtc("mux-controls", res.MULTIPLEXER),
    _schema("mux-states", _MULTIPLEXER_STATE),
    _schema(
        "trigger-sources",
        other("trigger source", res.DRIVERS_DIFFER, "#trigger-source-cells"),
        probes_first=False,
    ),
    _schema(
        "timestamps",
        other(
            "timestamp provider", res.DRIVERS_DIFFER, "#timestamp-cells", names="timestamp-names"
        ),
    ),
    _dtc("sound-dai", res.AUDIO_INTERFACE),
    _dtc("assigned-clocks", _ASSIGNED_CLOCK),
    _dtc("assigned-clock-parents", _ASSIGNED_CLOCK._replace(kept_by="")),
    _schema("nvmem", res.NVMEM_DEVICE),
    _schema(
        "performance-domains",
        other("performance domain", res.DRIVERS_DIFFER, "#performance-domain-cells"),
    ),
    _schema("nand-ecc-engine", res.ECC_ENGINE),
    _schema("next-level-cache", other("cache", res.POINTER), probes_first=False),
    # One more than the cells of a GPIO; always 3 before 6.15, which knew no banks of one node.
    _schema("gpio-ranges", _PIN_RANGES, fixed=3)._replace(own_cells="#gpio-cells"),
    _schema("trip", other("thermal trip", res.POINTER), probes_first=False),
    _schema("operating-points-v2", res.OPP_TABLE, probes_first=False),
    _schema("phy-handle", res.ETHERNET_PHY),
    _schema("cpu", res.CPU, probes_first=False),
    _schema("memory-region", res.MEMORY, probes_first=False),
    _schema("cpu-idle-states", res.IDLE_STATE, probes_first=False),
    _schema("regmap", res.SYSCON, probes_first=False),
    _schema("interrupt-affinity", res.CPU, probes_first=False),
    _schema("syscon", res.SYSCON, fixed=-1, probes_first=False),
    _schema("required-opps", res.OPP_TABLE, probes_first=False),
    _schema("ddc-i2c-bus", res.DDC_BUS),
    _schema("simple-audio-card,bitclock-master", res.AUDIO_COMPONENT, probes_first=False),
    _schema("simple-audio-card,frame-master", res.AUDIO_COMPONENT, probes_first=False),
    _schema("domain-idle-states", res.IDLE_STATE, probes_first=False),
    _schema("shmem", other("memory", res.POINTER), probes_first=False),
    _schema("mdio-parent-bus", other("MDIO bus", res.DRIVERS_DIFFER)),
    _schema("affinity", res.CPU, probes_first=False),
    _schema("hdmi-phandle", other("HDMI encoder", res.POINTER), probes_first=False),
    _schema("ethernet", other("Ethernet port", res.DRIVERS_DIFFER)),
    _schema("usb-phy", res.USB_PHY),
    _schema("peer-hub", res.USB_DEVICE, probes_first=False),
    _schema("sram", res.SRAM),
    _schema("dais", res.GRAPH._replace(if_disabled=res.NO_CARD), probes_first=False),
    _schema("devfreq-events", other("devfreq event", res.DRIVERS_DIFFER)),
    _schema("simple-audio-card,aux-devs", res.AUDIO_COMPONENT),
    _schema("monitored-battery", other("battery", res.POINTER), probes_first=False),
    _schema("regulator-coupled-with", other("regulator", res.POINTER), probes_first=False),
    _schema("companion", res.USB_DEVICE, probes_first=False),
    _schema("bitclock-master", res.AUDIO_COMPONENT, probes_first=False),
    _schema("frame-master", res.AUDIO_COMPONENT, probes_first=False),
    _schema("cpus", res.CPU, probes_first=False),
    _schema("i2c-bus", res.I2C_BUS),
    _schema("fpga-mgr", other("FPGA manager", res.DRIVERS_DIFFER)),
    _schema("sfp", other("SFP cage", res.POINTER), probes_first=False),
    _schema("native-mode", other("display timing", res.POINTER), probes_first=False),
    _schema("pcs-handle", other("PCS", res.DRIVERS_DIFFER)),
    _schema("i2c-parent", res.I2C_BUS),
    _schema("msi-map", res.MSI_CONTROLLER, walk=Walk.ID_MAP),
    _schema("gpio-map", _GPIO_MAP, walk=Walk.NEXUS_MAP),
)

BINDINGS: tuple[SupplierBinding, ...] = (*KERNEL_BINDINGS, *OTHER_BINDINGS, *VENDOR_BINDINGS)
#: The properties by which a device, or the functions behind it, get an IOMMU.
IOMMU_NAMES = frozenset(row.name for row in BINDINGS if row.resource.is_iommu)
#: The properties that fw_devlink follows only with fw_devlink.strict=1.
STRICT_NAMES = frozenset(row.name for row in KERNEL_BINDINGS if row.optional is not None)

#: Properties that look like the ``*-gpios`` row and are counts (drivers/of/property.c).
_NOT_SUPPLIERS = (",nr-gpios",)

#: Upper bound on cached property names: 1,600 boards have 3,000.
_REMEMBERED = 10_000


class _Table(dict[str, SupplierBinding | None]):
    """The rows of one kernel version by property name, looked up once for each name."""

    def __init__(self, version: KernelVersion) -> None:
        super().__init__()
        self.version = version

    def __missing__(self, name: str) -> SupplierBinding | None:
        row = binding_of(name, self.version)
        if len(self) < _REMEMBERED:
            self[name] = row
        return row


@lru_cache(maxsize=16)
def bindings_for(version: KernelVersion) -> Mapping[str, SupplierBinding | None]:
    """Property name to row for one kernel; ``None`` for properties that name no suppliers."""
    return _Table(version)


def binding_of(name: str, version: KernelVersion = DEFAULT) -> SupplierBinding | None:
    """The row that reads a property on a kernel; ``None`` if the property names no suppliers."""
    rows = _by_name().get(name)
    if rows is None:
        starts, ends = _pieces()
        if not name.startswith(starts) and not name.endswith(ends):  # as most names
            return None
        alone = SUFFIX_ALONE.on(version)
        rows = [row for row in _patterns() if _fits(name, row.name, alone=alone)]
    return next((row for row in rows if row.in_kernel(version)), rows[-1] if rows else None)


def row_named(name: str) -> SupplierBinding | None:
    """The first row of a name, which is that of a property or of a pattern (``*-supply``)."""
    return next(iter(_by_name().get(name, ())), None)


@lru_cache(maxsize=16)
def on_powerpc(row: SupplierBinding) -> SupplierBinding:
    """A row that leads to interrupt controllers, as kernels of PowerPC read it.

    Nothing waits for the controllers: each platform starts its own, some by ``device_type`` alone.
    Source: Linux, drivers/of/property.c, parse_interrupts(), which returns nothing with CONFIG_PPC;
    arch/powerpc/platforms, the init_IRQ of each machine.
    """
    kernel = () if row.walk is Walk.INTERRUPTS else row.kernel
    return row._replace(kernel=kernel, probes_first=False)


def followed_since(name: str) -> KernelVersion:
    """The first version whose fw_devlink follows a property of :data:`KERNEL_BINDINGS`."""
    return min(each.first for row in _by_name()[name] for each in row.kernel)


def _fits(name: str, pattern: str, *, alone: bool) -> bool:
    """Whether a pattern reads a property; ``alone``: a suffix may be the whole name."""
    if pattern.endswith("*"):
        number = name.removeprefix(pattern[:-1])
        return number != name and number[:1].isdigit()
    suffix = pattern[1:]
    longer = alone or len(name) > len(suffix)
    return name.endswith(suffix) and longer and not name.endswith(_NOT_SUPPLIERS)


@lru_cache(maxsize=1)
def _by_name() -> dict[str, list[SupplierBinding]]:
    rows: dict[str, list[SupplierBinding]] = {}
    for row in BINDINGS:
        rows.setdefault(row.name, []).append(row)
    return rows


@lru_cache(maxsize=1)
def _patterns() -> tuple[SupplierBinding, ...]:
    return tuple(row for rows in _by_name().values() for row in rows if "*" in row.name)


@lru_cache(maxsize=1)
def _pieces() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What names begin or end with that one of the patterns may read."""
    names = [row.name for row in _patterns()]
    starts = tuple(name[:-1] for name in names if name.endswith("*"))
    return starts, tuple(name[1:] for name in names if not name.endswith("*"))
