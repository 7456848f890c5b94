"""The table of supplier bindings: one row each.

The kernel's rows and their version ranges are those of ``of_supplier_bindings`` in Linux,
drivers/of/property.c (5.10 to 6.18); the order of the rows does not matter here, since no two of
them read one property. A property with several rows is read differently by different kernels: the
row of the kernel asked about is taken, else the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from dtlink.facts.binding import Origin, Owner, Since, SupplierBinding, Version, Walk

#: The kernel that is meant where nobody says one.
DEFAULT_KERNEL: Version = (6, 12)

_ALL = (Since((5, 10)),)
_5_15 = (Since((5, 15)),)
_6_1 = (Since((6, 1)),)
_6_11 = (Since((6, 11)),)
_STRICT_ONLY = Since((5, 15))


def _kernel(name: str, kind: str, cells: str | None = None, **row: object) -> SupplierBinding:
    """A row that fw_devlink follows, since 5.10 unless ``kernel`` says otherwise."""
    fields: dict[str, object] = {"origin": Origin.KERNEL, "kernel": _ALL, **row}
    return SupplierBinding(name=name, kind=kind, cells=cells, **fields)  # type: ignore[arg-type]


def _dtc(name: str, kind: str, cells: str | None = None, **row: object) -> SupplierBinding:
    """A row that dtc checks and fw_devlink does not follow."""
    return SupplierBinding(name=name, kind=kind, cells=cells, origin=Origin.DTC, **row)  # type: ignore[arg-type]


def _schema(name: str, kind: str, cells: str | None = None, **row: object) -> SupplierBinding:
    """A row that only a binding's schema knows."""
    return SupplierBinding(name=name, kind=kind, cells=cells, **row)  # type: ignore[arg-type]


def _vendor(name: str, kind: str, cells: str | None = None, **row: object) -> SupplierBinding:
    """A row of one vendor's, or one driver's, own property."""
    fields: dict[str, object] = {"origin": Origin.VENDOR, **row}
    return SupplierBinding(name=name, kind=kind, cells=cells, **fields)  # type: ignore[arg-type]


KERNEL_BINDINGS = (
    _kernel("clocks", "clock", "#clock-cells"),
    _kernel("interconnects", "interconnect", "#interconnect-cells"),
    _kernel("iommus", "IOMMU", "#iommu-cells", optional=_STRICT_ONLY),
    _kernel("iommu-map", "IOMMU", "#iommu-cells", walk=Walk.ID_MAP, optional=_STRICT_ONLY),
    _kernel("mboxes", "mailbox", "#mbox-cells"),
    _kernel("io-channels", "ADC channel", "#io-channel-cells"),
    _kernel("io-backends", "IIO backend", "#io-backend-cells", kernel=_6_11),
    _kernel(
        "interrupt-parent",
        "interrupt controller",
        kernel=(Since((5, 10), (6, 12)),),
        probes_first=False,  # it only says where interrupts go that the node may not have
    ),
    _kernel("dmas", "DMA channel", "#dma-cells", optional=_STRICT_ONLY),
    _kernel("power-domains", "power domain", "#power-domain-cells"),
    _kernel("hwlocks", "hardware lock", "#hwlock-cells"),
    _kernel("extcon", "external connector"),
    _kernel(
        "nvmem-cells",
        "NVMEM cell",
        kernel=(Since((5, 10), (5, 15)), Since((6, 1), (6, 6))),
    ),
    _kernel(
        "nvmem-cells",
        "NVMEM cell",
        "#nvmem-cell-cells",
        missing_cells=0,
        kernel=(Since((5, 15), (6, 1)), Since((6, 6))),
    ),
    _kernel("phys", "PHY", "#phy-cells"),
    _kernel("wakeup-parent", "wake-up controller"),
    *(_kernel(f"pinctrl-{state}", "pin configuration") for state in range(9)),
    _kernel(
        "remote-endpoint",
        "graph endpoint",
        walk=Walk.ENDPOINT,  # read as a list there, but an endpoint has one remote end
        kernel=(Since((5, 15), (6, 1)),),
        consumer=Owner.COMPATIBLE,
    ),
    _kernel(
        "remote-endpoint",
        "graph endpoint",
        walk=Walk.ENDPOINT,
        kernel=(Since((6, 1), (6, 6)),),
        consumer=Owner.COMPATIBLE,
        supplier=Owner.PORT,
    ),
    _kernel(
        "remote-endpoint",
        "graph endpoint",
        walk=Walk.ENDPOINT,
        kernel=(Since((6, 6)),),
        consumer=Owner.PORT,
        supplier=Owner.PORT,
    ),
    _kernel("pwms", "PWM", "#pwm-cells", kernel=_5_15),
    _kernel("resets", "reset line", "#reset-cells", kernel=_5_15),
    _kernel("leds", "LED", kernel=_5_15),
    _kernel("backlight", "backlight", kernel=_5_15),
    _kernel("panel", "panel", kernel=_6_1),
    _kernel("msi-parent", "MSI controller", "#msi-cells", missing_cells=0, kernel=_6_11),
    _kernel("pses", "PSE controller", "#pse-cells", kernel=_6_11),
    _kernel("power-supplies", "power supply", kernel=_6_11),
    _kernel("gpio", "GPIO", "#gpio-cells", kernel=_5_15, strict_cells=True, unless="gpio-hog"),
    _kernel("gpios", "GPIO", "#gpio-cells", kernel=_5_15, strict_cells=True, unless="gpio-hog"),
    _kernel("interrupts", "interrupt controller", walk=Walk.INTERRUPTS, kernel=_5_15),
    _kernel(
        "interrupts-extended",
        "interrupt controller",
        "#interrupt-cells",
        kernel=(Since((5, 10), (5, 15)),),
    ),
    _kernel("interrupts-extended", "interrupt controller", walk=Walk.INTERRUPTS, kernel=_5_15),
    _kernel(
        "interrupt-map",
        "interrupt controller",
        "#interrupt-cells",
        walk=Walk.INTERRUPT_MAP,
        kernel=_6_11,
    ),
    _kernel("access-controllers", "access controller", "#access-controller-cells", kernel=_6_11),
    _kernel("*-supply", "regulator"),
    _kernel("*-gpio", "GPIO", "#gpio-cells", strict_cells=True),
    _kernel("*-gpios", "GPIO", "#gpio-cells", strict_cells=True),
    _kernel("post-init-providers", "post-init provider", kernel=_6_11, orders_probe=False),
)

OTHER_BINDINGS: tuple[SupplierBinding, ...] = (
    _schema("mmu-masters", "IOMMU", "#stream-id-cells", missing_cells=0, walk=Walk.MASTERS),
    _dtc("cooling-device", "cooling device", "#cooling-cells", probes_first=False),
    _dtc("thermal-sensors", "thermal sensor", "#thermal-sensor-cells"),
    _dtc("mux-controls", "multiplexer", "#mux-control-cells"),
    _dtc("sound-dai", "audio interface", "#sound-dai-cells"),
    _dtc("assigned-clocks", "clock", "#clock-cells"),
    _dtc("assigned-clock-parents", "clock", "#clock-cells"),
    _schema("pinctrl-*", "pin configuration"),
    _schema("nvmem", "NVMEM device"),
    _schema("performance-domains", "performance domain", "#performance-domain-cells"),
    _schema("nand-ecc-engine", "ECC engine"),
    _schema("next-level-cache", "cache", probes_first=False),
    _schema("gpio-ranges", "pin controller", fixed=3),
    _schema("trip", "thermal trip", probes_first=False),
    _schema("operating-points-v2", "OPP table", probes_first=False),
    _schema("phy-handle", "Ethernet PHY"),
    _schema("cpu", "CPU", probes_first=False),
    _schema("memory-region", "memory", probes_first=False),
    _schema("cpu-idle-states", "idle state", probes_first=False),
    _schema("regmap", "syscon registers", probes_first=False),
    _schema("interrupt-affinity", "CPU", probes_first=False),
    _schema("mmc-pwrseq", "power sequence"),
    _schema("syscon", "syscon registers", fixed=-1, probes_first=False),
    _schema("required-opps", "OPP table", probes_first=False),
    _schema("ddc-i2c-bus", "I2C bus"),
    _schema("simple-audio-card,bitclock-master", "audio component", probes_first=False),
    _schema("simple-audio-card,frame-master", "audio component", probes_first=False),
    _schema("domain-idle-states", "idle state", probes_first=False),
    _schema("shmem", "memory", probes_first=False),
    _schema("mdio-parent-bus", "MDIO bus"),
    _schema("affinity", "CPU", probes_first=False),
    _schema("hdmi-phandle", "HDMI encoder", probes_first=False),
    _schema("ethernet", "Ethernet port"),
    _schema("usb-phy", "USB PHY"),
    _schema("peer-hub", "USB device", probes_first=False),
    _schema("sram", "SRAM"),
    _schema("dais", "graph", probes_first=False),
    _schema("devfreq-events", "devfreq event"),
    _schema("simple-audio-card,aux-devs", "audio component"),
    _schema("monitored-battery", "battery", probes_first=False),
    _schema("regulator-coupled-with", "regulator", probes_first=False),
    _schema("companion", "USB device", probes_first=False),
    _schema("bitclock-master", "audio component", probes_first=False),
    _schema("frame-master", "audio component", probes_first=False),
    _schema("cpus", "CPU", probes_first=False),
    _schema("i2c-bus", "I2C bus"),
    _schema("fpga-mgr", "FPGA manager"),
    _schema("sfp", "SFP cage", probes_first=False),
    _schema("native-mode", "display timing", probes_first=False),
    _schema("pcs-handle", "PCS"),
    _schema("i2c-parent", "I2C bus"),
    _schema("msi-map", "MSI controller", "#msi-cells", missing_cells=0, walk=Walk.ID_MAP),
    _schema("gpio-map", "GPIO", "#gpio-cells", walk=Walk.NEXUS_MAP),
)

# Properties of single vendors or drivers. Their names are not reserved: an entry that does not
# resolve is no fault, since another driver may read the same name as numbers.
# rockchip,pins has no row: its phandles name nodes of constants, in every fourth cell.
VENDOR_BINDINGS: tuple[SupplierBinding, ...] = (
    _vendor("fsl,usbmisc", "USB miscellany", "#index-cells"),
    _vendor("fsl,stop-mode", "syscon registers", fixed=2, probes_first=False),
    _vendor("ports", "graph", probes_first=False),
    _vendor("fsl,usbphy", "USB PHY"),
    _vendor("fsl,tempmon", "syscon registers", probes_first=False),
    _vendor("fsl,anatop", "syscon registers", probes_first=False),
    _vendor("fsl,weim-cs-gpr", "syscon registers", probes_first=False),
    _vendor("iram", "SRAM"),
    _vendor("gpr", "syscon registers", probes_first=False),
    _vendor("qcom,smem-states", "SMEM state", "#qcom,smem-state-cells"),
    _vendor("rockchip,grf", "syscon registers", probes_first=False),
    _vendor("allwinner,pipelines", "graph", probes_first=False),
    _vendor("pm_qos", "syscon registers", probes_first=False),
    _vendor("qcom,halt-regs", "syscon registers", fixed=-1, probes_first=False),
    _vendor("rockchip,pmu", "syscon registers", probes_first=False),
    _vendor("qcom,bcm-voters", "interconnect voter"),
    _vendor("qcom,gmu", "GPU management unit", probes_first=False),
    _vendor("qcom,freq-domain", "frequency domain", "#freq-domain-cells", probes_first=False),
    _vendor("qcom,qmp", "QMP mailbox"),
    _vendor("audio-codec", "audio component"),
    _vendor("snps,axi-config", "configuration", probes_first=False),
    _vendor("qcom,dload-mode", "syscon registers", fixed=1, probes_first=False),
    _vendor("qcom,rpm-msg-ram", "memory", probes_first=False),
    _vendor("ssi-controller", "audio component"),
    _vendor("snps,mtl-rx-config", "configuration", probes_first=False),
    _vendor("snps,mtl-tx-config", "configuration", probes_first=False),
    _vendor("phy", "PHY"),
    _vendor("amlogic,ao-sysctrl", "syscon registers", probes_first=False),
    _vendor("dma-masters", "DMA controller", probes_first=False),
    _vendor("qcom,ice", "crypto engine"),
    _vendor("secure-monitor", "firmware"),
    _vendor("amlogic,canvas", "canvas"),
    _vendor("rockchip,pipe-grf", "syscon registers", probes_first=False),
    _vendor("rockchip,pipe-phy-grf", "syscon registers", probes_first=False),
    _vendor("mediatek,infracfg", "syscon registers", probes_first=False),
    _vendor("mediatek,larbs", "SMI"),
    _vendor("mediatek,smi", "SMI"),
    _vendor("mediatek,gce-client-reg", "mailbox", fixed=3, probes_first=False),
    _vendor("mediatek,syscon-wakeup", "syscon registers", fixed=2, probes_first=False),
    _vendor("audio-aux-devs", "audio component"),
    _vendor("controller", "bus controller", probes_first=False),
    _vendor("mediatek,apmixedsys", "registers", probes_first=False),
    _vendor("qcom,mmio", "registers", probes_first=False),
    _vendor("mediatek,platform", "audio component"),
    _vendor("mediatek,scp", "remote processor"),
    _vendor("ti,tptcs", "DMA controller", fixed=1, probes_first=False),
    _vendor("allwinner,codec-analog-controls", "audio component"),
    _vendor("fsl,rcpm-wakeup", "wake-up controller", "#fsl,rcpm-wakeup-cells", probes_first=False),
    _vendor("syscon-raminit", "syscon registers", fixed=2, probes_first=False),
    _vendor("aspeed,scu", "syscon registers", probes_first=False),
    _vendor("fsl,blk-ctrl", "syscon registers", fixed=-1, probes_first=False),
    _vendor("audio-cpu", "audio component"),
    _vendor("marvell,crypto-srams", "SRAM"),
    _vendor("qcom,spare-regs", "syscon registers", fixed=1, probes_first=False),
    _vendor("rockchip,usbgrf", "syscon registers", probes_first=False),
    _vendor("ddc", "I2C bus"),
    _vendor("qcom,acc", "CPU power controller", probes_first=False),
    _vendor("qcom,saw", "CPU power controller", probes_first=False),
    _vendor("ti,sci", "firmware"),
    _vendor("ti,syscon-efuse", "syscon registers", fixed=1, probes_first=False),
    _vendor("arm,cs-dev-assoc", "CoreSight device", probes_first=False),
    _vendor("intf_mode", "syscon registers", fixed=1, probes_first=False),
    _vendor("ti,mcbsp", "audio component"),
    _vendor("mediatek,cci", "cache interconnect"),
    _vendor("arasan,soc-ctl-syscon", "syscon registers", probes_first=False),
    _vendor("spdif-controller", "audio component"),
    _vendor("ti,ctrl_mod", "USB control"),
    _vendor("amlogic,ao-secure", "syscon registers", probes_first=False),
    _vendor("mediatek,auxadc", "registers", probes_first=False),
    _vendor("samsung,syscon-phandle", "syscon registers", probes_first=False),
    _vendor("qcom,stream-id-range", "IOMMU", fixed=2, probes_first=False),
    _vendor("samsung,sysreg", "syscon registers", fixed=-1, probes_first=False),
    _vendor("pm-sram", "SRAM"),
    _vendor("st,syscfg", "syscon registers", fixed=-1, probes_first=False),
    _vendor("ti,rproc", "remote processor"),
    _vendor("aspeed,external-nodes", "syscon registers", probes_first=False),
    _vendor("samsung,pmureg-phandle", "syscon registers", probes_first=False),
    _vendor("mediatek,vdecsys", "syscon registers", probes_first=False),
    _vendor("rockchip,phy-grf", "syscon registers", probes_first=False),
    _vendor("st,syscon", "syscon registers", fixed=1, probes_first=False),
    _vendor("fsl,input-sel", "registers", probes_first=False),
    _vendor("samsung,sysreg-phandle", "syscon registers", probes_first=False),
    _vendor("marvell,system-controller", "syscon registers", probes_first=False),
    _vendor("syscon-phy-power", "syscon registers", fixed=1, probes_first=False),
    _vendor("ti,unmapped-event-sources", "DMA controller", probes_first=False),
    _vendor("internal-mem", "SRAM"),
    _vendor("ti,bootreg", "syscon registers", fixed=2, probes_first=False),
    _vendor("st,syscfg-fmp", "syscon registers", fixed=2, probes_first=False),
    _vendor("ti,timers", "timer"),
    _vendor("mediatek,topckgen", "syscon registers", probes_first=False),
    _vendor("rockchip,php-grf", "syscon registers", probes_first=False),
    _vendor("rockchip,u2phy-grf", "syscon registers", probes_first=False),
    _vendor("rockchip,usb-grf", "syscon registers", probes_first=False),
    _vendor("rockchip,usbdpphy-grf", "syscon registers", probes_first=False),
    _vendor("rockchip,vo-grf", "syscon registers", probes_first=False),
    _vendor("rockchip,vo1-grf", "syscon registers", probes_first=False),
    _vendor("rockchip,vop-grf", "syscon registers", probes_first=False),
    _vendor("st,syscfg-holdboot", "syscon registers", fixed=2, probes_first=False),
    _vendor("st,syscfg-m4-state", "syscon registers", fixed=2, probes_first=False),
    _vendor("st,syscfg-pdds", "syscon registers", fixed=2, probes_first=False),
    _vendor("st,syscfg-rsc-tbl", "syscon registers", fixed=2, probes_first=False),
    _vendor("st,syscfg-tz", "syscon registers", fixed=2, probes_first=False),
    _vendor("audio-asrc", "audio component"),
    _vendor("fsl,imx7d-pcie-phy", "registers", probes_first=False),
    _vendor("qcom,rx-device", "SoundWire master"),
    _vendor("qcom,tx-device", "SoundWire master"),
    _vendor("firmware", "firmware"),
    _vendor("mediatek,headset-codec", "audio component"),
    _vendor("qcom,tcsr-reg", "syscon registers", fixed=1, probes_first=False),
    _vendor("samsung,pmu-syscon", "syscon registers", fixed=-1, probes_first=False),
    _vendor("cci-control-port", "cache interconnect", probes_first=False),
    _vendor("ti,elm-id", "ECC engine"),
    _vendor("ti,ringacc", "ring accelerator"),
    _vendor("buffer-manager", "buffer manager"),
)


#: Properties that look like the ``*-gpios`` row and are counts (drivers/of/property.c).
_NOT_SUPPLIERS = (",nr-gpios",)

#: So many property names are remembered: the whole corpus has 3,000.
_REMEMBERED = 10_000


class _Table(dict[str, SupplierBinding | None]):
    """The rows of one kernel version by property name, looked up once for each name."""

    def __init__(self, version: Version) -> None:
        super().__init__()
        self.version = version

    def __missing__(self, name: str) -> SupplierBinding | None:
        row = binding_of(name, self.version)
        if len(self) < _REMEMBERED:
            self[name] = row
        return row


@lru_cache(maxsize=16)
def bindings_for(version: Version) -> Mapping[str, SupplierBinding | None]:
    """Property name to row for one kernel; ``None`` for properties that name no suppliers."""
    return _Table(version)


def binding_of(name: str, version: Version = DEFAULT_KERNEL) -> SupplierBinding | None:
    """The row that reads a property on a kernel; ``None`` if the property names no suppliers."""
    rows = _by_name().get(name) or [row for row in _patterns() if _fits(name, row.name)]
    return next((row for row in rows if row.in_kernel(version)), rows[-1] if rows else None)


def _fits(name: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return name.removeprefix(pattern[:-1]).isdigit()
    suffix = pattern[1:]
    return name.endswith(suffix) and len(name) > len(suffix) and not name.endswith(_NOT_SUPPLIERS)


@lru_cache(maxsize=1)
def _by_name() -> dict[str, list[SupplierBinding]]:
    rows: dict[str, list[SupplierBinding]] = {}
    for row in (*KERNEL_BINDINGS, *OTHER_BINDINGS, *VENDOR_BINDINGS):
        rows.setdefault(row.name, []).append(row)
    return rows


@lru_cache(maxsize=1)
def _patterns() -> tuple[SupplierBinding, ...]:
    return tuple(row for rows in _by_name().values() for row in rows if "*" in row.name)
