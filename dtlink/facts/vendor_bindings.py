"""Supplier bindings of single vendors or drivers: one row each.

Their names are not reserved: an entry that does not resolve is not a fault, since another driver
may read the same name as numbers. rockchip,pins has no row: its phandles are references to nodes of
constants, in every fourth cell.
"""

from __future__ import annotations

from dtlink.facts.binding import Origin, SupplierBinding
from dtlink.facts.resource import Resource, other
from dtlink.facts.resources import (
    AUDIO_COMPONENT,
    AUDIO_INTERFACE,
    BY_FRAMEWORK,
    DEFERS,
    DRIVERS_DIFFER,
    ECC_ENGINE,
    GPIO,
    GRAPH,
    I2C_BUS,
    NOT_IN_LOGS,
    NOT_LOOKED_UP,
    POINTER,
    REQUESTED,
    SOUND_WORDS,
    SRAM,
    SYSCON,
    USB_PHY,
)

_REGISTERS = other("registers", POINTER)
_CONFIGURATION = other("configuration", POINTER)
_MEMORY = other("memory", POINTER)
_DMA_CONTROLLER = other("DMA controller", POINTER)
_CPU_POWER = other("CPU power controller", POINTER)
_FIRMWARE = other("firmware", DRIVERS_DIFFER)
_SMI = other("SMI", DRIVERS_DIFFER)
_REMOTE_PROCESSOR = other("remote processor", DRIVERS_DIFFER)
_SOUNDWIRE = other("SoundWire master", DRIVERS_DIFFER)
_PREFETCHER = other("prefetch engine", DRIVERS_DIFFER)


def _waited_for(kind: str, source: str, cells: str | None = None) -> Resource:
    """A row of a resource that is asked for by one function, which returns -EPROBE_DEFER."""
    return other(kind, NOT_IN_LOGS, cells, if_disabled=DEFERS)._replace(
        request=REQUESTED, source=source
    )


MEMORY_CONTROLLER = _waited_for(
    "memory controller", "drivers/memory/tegra/mc.c, devm_tegra_memory_controller_get()"
)
BPMP = _waited_for("BPMP firmware", "drivers/firmware/tegra/bpmp.c, tegra_bpmp_get()")
USB_PAD_CONTROLLER = _waited_for(
    "USB pad controller", "drivers/phy/tegra/xusb.c, tegra_xusb_padctl_get()"
)
MIPI_CALIBRATION = _waited_for(
    "MIPI calibration",
    "drivers/gpu/host1x/mipi.c, tegra_mipi_request()",
    "#nvidia,mipi-calibrate-cells",
)
SYSTEM_SRAM = _waited_for("SRAM section", "drivers/soc/sunxi/sunxi_sram.c, sunxi_sram_claim()")
REMOTE_PROCESSOR_OF_IPA = _waited_for(
    "remote processor", "drivers/net/ipa/ipa_main.c, ipa_probe(), rproc_get_by_phandle()"
)
PBS_CLIENT = _waited_for("PBS client", "drivers/soc/qcom/qcom-pbs.c, get_pbs_client_device()")
ETHERNET_TIMER = _waited_for(
    "industrial Ethernet timer", "drivers/net/ethernet/ti/icssg/icss_iep.c, icss_iep_get()"
)
PRU = _waited_for("real-time unit", "drivers/remoteproc/pru_rproc.c, pru_rproc_get()")
ROOT_IPMMU = _waited_for("main IPMMU", "drivers/iommu/ipmmu-vmsa.c, ipmmu_probe()")
COLOUR_MANAGEMENT = _waited_for(
    "colour management", "drivers/gpu/drm/renesas/rcar-du/rcar_cmm.c, rcar_cmm_init()"
)
VSP = _waited_for(
    "video signal processor", "drivers/media/platform/renesas/vsp1/vsp1_drm.c, vsp1_du_init()"
)
VPU = _waited_for(
    "video processor", "drivers/media/platform/mediatek/vpu/mtk_vpu.c, vpu_get_plat_device()"
)
_DISPLAY_PART = other("display", POINTER)


def _vendor(
    name: str, resource: Resource, *, fixed: int = 0, probes_first: bool = True
) -> SupplierBinding:
    """A row of one vendor's, or one driver's, own property."""
    return SupplierBinding(
        name=name,
        resource=resource,
        fixed=fixed,
        origin=Origin.VENDOR,
        probes_first=probes_first,
    )


#: Registers of another device, with an offset in some drivers.
_WITH_REGISTERS = (
    "acc-syscon",
    "adc-syscon",
    "altr,sdr-syscon",
    "amlogic,hhi-sysctrl",
    "amlogic,secbus2",
    "aspeed,ahbc",
    "aspeed,global-regs",
    "atmel,matrix",
    "axis,syscon-pcie",
    "brcm,sr-cdru",
    "brcm,sr-mhb",
    "brcm,syscon-clkset",
    "cpu-syscon",
    "fsl,cpucfg",
    "fsl,mipi-phy-gpr",
    "fsl,pcie-scfg",
    "google,pmu-intr-gen-syscon",
    "gpio,syscon-dev",
    "hisi,rst-syscon",
    "hisilicon,noc-syscon",
    "hisilicon,pctrl-syscon",
    "hisilicon,pericrg-syscon",
    "hisilicon,peripheral-syscon",
    "hisilicon,power-syscon",
    "hisilicon,sas-syscon",
    "hisilicon,sysctrl-syscon",
    "infracfg",
    "marvell,usb-misc-reg",
    "mediatek,ethsys",
    "mediatek,hifsys",
    "mediatek,infracfg-nao",
    "mediatek,pcie-mirror",
    "mediatek,pctl",
    "mediatek,pericfg",
    "mediatek,phy-mode",
    "mediatek,pio",
    "mediatek,syscon-hdmi",
    "mediatek,syscon-type",
    "nuvoton,shm",
    "nuvoton,sys",
    "nuvoton,sysgcr",
    "phy-select",
    "qcom,4ln-config-sel",
    "qcom,ext-bhs-reg",
    "qcom,ext-regs",
    "qcom,ipc",
    "qcom,nss-common",
    "qcom,perst-regs",
    "qcom,qaccept-regs",
    "qcom,qsgmii-csr",
    "qcom,saw-reg",
    "qcom,tcsr-syscon",
    "regmap-csw",
    "regmap-efuse",
    "regmap-mcba",
    "regmap-mcbb",
    "regmap-rb",
    "renesas,clonech",
    "renesas,icu",
    "renesas,sysc",
    "renesas,sysc-pwrrdy",
    "renesas,tsu-trim",
    "samsung,cam0-sysreg",
    "samsung,cam1-sysreg",
    "samsung,disp-syscon",
    "samsung,disp-sysreg",
    "samsung,fsys-sysreg",
    "samsung,syscon-clk",
    "socionext,syscon",
    "socionext,syscon-phy-mode",
    "socionext,syscon-uhs-mode",
    "spacemit,apbc",
    "spacemit,apmu",
    "spacemit,mpmu",
    "st,gcan",
    "st,syscfg-amcr",
    "starfive,stg-syscon",
    "starfive,sys-syscon",
    "starfive,syscon",
    "syscon-chipselects",
    "syscon-pcs",
    "syscon-pll-ctrl",
    "syscon-pllreset",
    "syscon-pol",
    "syscon-sfpb",
    "syscon-tcsr",
    "ti,am65x-oldi-io-ctrl",
    "ti,camerrx-control",
    "ti,mii-g-rt",
    "ti,mii-rt",
    "ti,oldi-io-ctrl",
    "ti,pa-stats",
    "ti,serdes-clk",
    "ti,syscon-acspcie-proxy-ctrl",
    "ti,syscon-dev",
    "ti,syscon-lane-sel",
    "ti,syscon-mmuconfig",
    "ti,syscon-pcie-ctrl",
    "ti,syscon-pcie-id",
    "ti,syscon-pcie-mode",
    "ti,syscon-phy-pll-refclk",
    "ti,syscon-pll",
    "ti,syscon-rgmii-delay",
    "ti,syscon-sa-cfg",
    "ti,syscon-unaligned-access",
    "ts_syscon",
    "usb3-dmp-syscon",
)

#: Interfaces and codecs of boards' own sound cards (sound/soc, of_parse_phandle() in the drivers).
_OF_SOUND_CARDS = (
    "atmel,audio-codec",
    "atmel,ssc-controller",
    "axentia,audio-codec",
    "axentia,cpu-dai",
    "mediatek,audio-codec-bt-mrg",
    "nokia,audio-codec",
    "nokia,cpu-dai",
    "nokia,headphone-amplifier",
    "nvidia,ac97-controller",
    "nvidia,audio-codec",
    "nvidia,i2s-controller",
    "rockchip,audio-codec",
    "rockchip,hdmi-codec",
    "rockchip,headset-codec",
    "rockchip,i2s-controller",
    "saif-controllers",
    "samsung,audio-codec",
    "samsung,i2s-controller",
    "stericsson,audio-codec",
    "stericsson,cpu-dai",
    "ti,audio-codec",
    "ti,dmic",
    "ti,mcasp-controller",
    "ti,mcpdm",
)

VENDOR_BINDINGS: tuple[SupplierBinding, ...] = (
    _vendor("fsl,usbmisc", other("USB miscellany", DRIVERS_DIFFER, "#index-cells")),
    _vendor("fsl,stop-mode", SYSCON, fixed=2, probes_first=False),
    _vendor("ports", GRAPH, probes_first=False),
    _vendor("fsl,usbphy", USB_PHY._replace(if_disabled=None, unknown=NOT_LOOKED_UP)),
    _vendor("fsl,tempmon", SYSCON, probes_first=False),
    _vendor("fsl,anatop", SYSCON, probes_first=False),
    _vendor("fsl,weim-cs-gpr", SYSCON, probes_first=False),
    _vendor("iram", SRAM),
    _vendor("gpr", SYSCON, probes_first=False),
    _vendor("qcom,smem-states", other("SMEM state", DRIVERS_DIFFER, "#qcom,smem-state-cells")),
    _vendor("rockchip,grf", SYSCON, probes_first=False),
    _vendor("allwinner,pipelines", GRAPH, probes_first=False),
    _vendor("pm_qos", SYSCON, probes_first=False),
    _vendor("qcom,halt-regs", SYSCON, fixed=-1, probes_first=False),
    _vendor("rockchip,pmu", SYSCON, probes_first=False),
    _vendor("qcom,bcm-voters", other("interconnect voter", DRIVERS_DIFFER)),
    _vendor("qcom,gmu", other("GPU management unit", POINTER), probes_first=False),
    _vendor(
        "qcom,freq-domain",
        other("frequency domain", POINTER, "#freq-domain-cells"),
        probes_first=False,
    ),
    _vendor("qcom,qmp", other("QMP mailbox", DRIVERS_DIFFER)),
    _vendor("audio-codec", AUDIO_COMPONENT._replace(log_words=SOUND_WORDS)),
    _vendor("snps,axi-config", _CONFIGURATION, probes_first=False),
    _vendor("qcom,dload-mode", SYSCON, fixed=1, probes_first=False),
    _vendor("qcom,rpm-msg-ram", _MEMORY, probes_first=False),
    _vendor("ssi-controller", AUDIO_COMPONENT._replace(log_words=SOUND_WORDS)),
    _vendor("snps,mtl-rx-config", _CONFIGURATION, probes_first=False),
    _vendor("snps,mtl-tx-config", _CONFIGURATION, probes_first=False),
    _vendor("phy", other("PHY", DRIVERS_DIFFER)),
    _vendor("amlogic,ao-sysctrl", SYSCON, probes_first=False),
    _vendor("dma-masters", _DMA_CONTROLLER, probes_first=False),
    _vendor("qcom,ice", other("crypto engine", DRIVERS_DIFFER)),
    _vendor("secure-monitor", _FIRMWARE),
    _vendor("amlogic,canvas", other("canvas", DRIVERS_DIFFER)),
    _vendor("rockchip,pipe-grf", SYSCON, probes_first=False),
    _vendor("rockchip,pipe-phy-grf", SYSCON, probes_first=False),
    _vendor("mediatek,infracfg", SYSCON, probes_first=False),
    _vendor("mediatek,larbs", _SMI),
    _vendor("mediatek,smi", _SMI),
    _vendor("mediatek,gce-client-reg", other("mailbox", POINTER), fixed=3, probes_first=False),
    _vendor("mediatek,syscon-wakeup", SYSCON, fixed=2, probes_first=False),
    _vendor("audio-aux-devs", AUDIO_COMPONENT),
    _vendor("controller", other("bus controller", POINTER), probes_first=False),
    _vendor("mediatek,apmixedsys", _REGISTERS, probes_first=False),
    _vendor("qcom,mmio", _REGISTERS, probes_first=False),
    _vendor("mediatek,platform", AUDIO_COMPONENT),
    _vendor("mediatek,scp", _REMOTE_PROCESSOR),
    _vendor("ti,tptcs", _DMA_CONTROLLER, fixed=1, probes_first=False),
    _vendor("allwinner,codec-analog-controls", AUDIO_COMPONENT),
    _vendor(
        "fsl,rcpm-wakeup",
        other("wake-up controller", POINTER, "#fsl,rcpm-wakeup-cells"),
        probes_first=False,
    ),
    _vendor("syscon-raminit", SYSCON, fixed=2, probes_first=False),
    _vendor("aspeed,scu", SYSCON, probes_first=False),
    _vendor("fsl,blk-ctrl", SYSCON, fixed=-1, probes_first=False),
    _vendor("audio-cpu", AUDIO_COMPONENT),
    _vendor("marvell,crypto-srams", SRAM),
    _vendor("qcom,spare-regs", SYSCON, fixed=1, probes_first=False),
    _vendor("rockchip,usbgrf", SYSCON, probes_first=False),
    _vendor("ddc", I2C_BUS),
    _vendor("qcom,acc", _CPU_POWER, probes_first=False),
    _vendor("qcom,saw", _CPU_POWER, probes_first=False),
    _vendor("ti,sci", _FIRMWARE),
    _vendor("ti,syscon-efuse", SYSCON, fixed=1, probes_first=False),
    _vendor("arm,cs-dev-assoc", other("CoreSight device", POINTER), probes_first=False),
    _vendor("intf_mode", SYSCON, fixed=1, probes_first=False),
    _vendor("ti,mcbsp", AUDIO_COMPONENT),
    _vendor("mediatek,cci", other("cache interconnect", DRIVERS_DIFFER)),
    _vendor("arasan,soc-ctl-syscon", SYSCON, probes_first=False),
    _vendor("spdif-controller", AUDIO_COMPONENT),
    _vendor("ti,ctrl_mod", other("USB control", DRIVERS_DIFFER)),
    _vendor("amlogic,ao-secure", SYSCON, probes_first=False),
    _vendor("mediatek,auxadc", _REGISTERS, probes_first=False),
    _vendor("samsung,syscon-phandle", SYSCON, probes_first=False),
    _vendor("qcom,stream-id-range", other("IOMMU", POINTER), fixed=2, probes_first=False),
    _vendor("samsung,sysreg", SYSCON, fixed=-1, probes_first=False),
    _vendor("pm-sram", SRAM),
    _vendor("st,syscfg", SYSCON, fixed=-1, probes_first=False),
    _vendor("ti,rproc", _REMOTE_PROCESSOR),
    _vendor("aspeed,external-nodes", SYSCON, probes_first=False),
    _vendor("samsung,pmureg-phandle", SYSCON, probes_first=False),
    _vendor("mediatek,vdecsys", SYSCON, probes_first=False),
    _vendor("rockchip,phy-grf", SYSCON, probes_first=False),
    _vendor("st,syscon", SYSCON, fixed=1, probes_first=False),
    _vendor("fsl,input-sel", _REGISTERS, probes_first=False),
    _vendor("samsung,sysreg-phandle", SYSCON, probes_first=False),
    _vendor("marvell,system-controller", SYSCON, probes_first=False),
    _vendor("syscon-phy-power", SYSCON, fixed=1, probes_first=False),
    _vendor("ti,unmapped-event-sources", _DMA_CONTROLLER, probes_first=False),
    _vendor("internal-mem", SRAM),
    _vendor("ti,bootreg", SYSCON, fixed=2, probes_first=False),
    _vendor("st,syscfg-fmp", SYSCON, fixed=2, probes_first=False),
    _vendor("ti,timers", other("timer", DRIVERS_DIFFER)),
    _vendor("mediatek,topckgen", SYSCON, probes_first=False),
    _vendor("rockchip,php-grf", SYSCON, probes_first=False),
    _vendor("rockchip,u2phy-grf", SYSCON, probes_first=False),
    _vendor("rockchip,usb-grf", SYSCON, probes_first=False),
    _vendor("rockchip,usbdpphy-grf", SYSCON, probes_first=False),
    _vendor("rockchip,vo-grf", SYSCON, probes_first=False),
    _vendor("rockchip,vo1-grf", SYSCON, probes_first=False),
    _vendor("rockchip,vop-grf", SYSCON, probes_first=False),
    _vendor("st,syscfg-holdboot", SYSCON, fixed=2, probes_first=False),
    _vendor("st,syscfg-m4-state", SYSCON, fixed=2, probes_first=False),
    _vendor("st,syscfg-pdds", SYSCON, fixed=2, probes_first=False),
    _vendor("st,syscfg-rsc-tbl", SYSCON, fixed=2, probes_first=False),
    _vendor("st,syscfg-tz", SYSCON, fixed=2, probes_first=False),
    _vendor("audio-asrc", AUDIO_COMPONENT),
    _vendor("fsl,imx7d-pcie-phy", _REGISTERS, probes_first=False),
    _vendor("qcom,rx-device", _SOUNDWIRE),
    _vendor("qcom,tx-device", _SOUNDWIRE),
    _vendor("firmware", _FIRMWARE),
    _vendor("mediatek,headset-codec", AUDIO_COMPONENT),
    _vendor("qcom,tcsr-reg", SYSCON, fixed=-1, probes_first=False),
    _vendor("samsung,pmu-syscon", SYSCON, fixed=-1, probes_first=False),
    _vendor("cci-control-port", other("cache interconnect", POINTER), probes_first=False),
    _vendor("ti,elm-id", ECC_ENGINE),
    _vendor("ti,ringacc", other("ring accelerator", DRIVERS_DIFFER)),
    _vendor("renesas,fcp", other("frame compression processor", DRIVERS_DIFFER)),
    _vendor("buffer-manager", other("buffer manager", DRIVERS_DIFFER)),
    # What a driver waits for.
    _vendor("nvidia,memory-controller", MEMORY_CONTROLLER),
    _vendor("nvidia,bpmp", BPMP, fixed=-1),
    _vendor("nvidia,xusb-padctl", USB_PAD_CONTROLLER),
    _vendor("nvidia,mipi-calibrate", MIPI_CALIBRATION),
    _vendor("nvidia,ddc-i2c-bus", I2C_BUS),
    _vendor("nvidia,dpaux", other("DisplayPort AUX channel", DRIVERS_DIFFER)),
    _vendor("nvidia,panel", other("panel", DRIVERS_DIFFER)),
    _vendor("renesas,ipmmu-main", ROOT_IPMMU, fixed=-1),
    _vendor("renesas,cmms", COLOUR_MANAGEMENT),
    _vendor("renesas,vsps", VSP, fixed=1),
    _vendor("allwinner,sram", SYSTEM_SRAM, fixed=1),
    _vendor("qcom,rproc", REMOTE_PROCESSOR_OF_IPA),
    _vendor("qcom,pbs", PBS_CLIENT),
    _vendor("slim-ifc-dev", other("SLIMbus interface device", DRIVERS_DIFFER)),
    _vendor("ti,iep", ETHERNET_TIMER),
    _vendor("ti,prus", PRU),
    _vendor("mediatek,vpu", VPU),
    _vendor("wlf,reset", GPIO),
    _vendor("wlf,ldoena", GPIO),
    _vendor("i2s-controller", AUDIO_INTERFACE),
    _vendor("rockchip,cpu", AUDIO_COMPONENT),
    _vendor("rockchip,codec", AUDIO_COMPONENT),
    _vendor("ti,cpb-mcasp", AUDIO_COMPONENT),
    _vendor("ti,cpb-codec", AUDIO_COMPONENT),
    _vendor("mediatek,audio-codec", AUDIO_COMPONENT),
    _vendor("aux-devs", AUDIO_COMPONENT),
    _vendor("audio-amplifier", AUDIO_COMPONENT),
    _vendor("mediatek,adsp", other("audio processor", DRIVERS_DIFFER)),
    _vendor("arm,vexpress,config-bridge", other("configuration bridge", DRIVERS_DIFFER)),
    _vendor("pcsphy-handle", other("PCS", DRIVERS_DIFFER)),
    _vendor("ecc-engine", ECC_ENGINE),
    _vendor("devfreq", other("devfreq device", DRIVERS_DIFFER)),
    _vendor("lens-focus", other("lens", BY_FRAMEWORK), probes_first=False),
    _vendor("apple,sart", other("SART", DRIVERS_DIFFER)),
    _vendor("altr,sysmgr-syscon", other("system manager", DRIVERS_DIFFER), fixed=-1),
    _vendor("intel,npe-handle", other("network processor", DRIVERS_DIFFER), fixed=1),
    _vendor("fsl,iram", SRAM),
    _vendor("fsl,pres", _PREFETCHER),
    _vendor("fsl,prg", _PREFETCHER),
    *(_vendor(name, AUDIO_COMPONENT) for name in _OF_SOUND_CARDS),
    # What a driver reads of the node, or finds by itself.
    _vendor("renesas,vspx", _DISPLAY_PART, probes_first=False),
    _vendor("renesas,bonding", other("bonded tuner", POINTER), probes_first=False),
    _vendor("renesas,companion", _DISPLAY_PART, probes_first=False),
    _vendor("nvidia,outputs", _DISPLAY_PART, probes_first=False),
    _vendor("nvidia,ganged-mode", _DISPLAY_PART, probes_first=False),
    _vendor("nvidia,gpio-controller", other("GPIO controller", POINTER), probes_first=False),
    _vendor("nvidia,external-memory-controller", _MEMORY, probes_first=False),
    _vendor("nvidia,phy", USB_PHY._replace(if_disabled=None, unknown=NOT_LOOKED_UP)),
    _vendor("nvidia,pmc", _REGISTERS, fixed=-1, probes_first=False),
    _vendor("nvidia,apbmisc", _REGISTERS, probes_first=False),
    _vendor("nvidia,axi2apb", _REGISTERS, probes_first=False),
    _vendor("nvidia,cmdqv", other("command queue", POINTER), probes_first=False),
    _vendor("playback", AUDIO_COMPONENT, probes_first=False),
    _vendor("capture", AUDIO_COMPONENT, probes_first=False),
    _vendor("links", GRAPH, probes_first=False),
    _vendor("link", other("USB partner", POINTER), probes_first=False),
    _vendor("richtek,usb-connector", other("connector", POINTER), probes_first=False),
    _vendor("fsl,ddrc", _MEMORY, probes_first=False),
    _vendor("fsl,fman-ports", other("Ethernet port", POINTER), probes_first=False),
    _vendor("ptp-timer", other("PTP timer", POINTER), probes_first=False),
    _vendor("ptimer-handle", other("PTP timer", POINTER), probes_first=False),
    _vendor("mediatek,wed", other("Ethernet dispatcher", POINTER), probes_first=False),
    _vendor("mediatek,wed-pcie", _REGISTERS, probes_first=False),
    _vendor("mediatek,wo-ccif", _REGISTERS, probes_first=False),
    _vendor("l2-cache", other("cache", POINTER), probes_first=False),
    _vendor(
        "pinctrl-single,gpio-range",
        other("pin range", POINTER, "#pinctrl-single,gpio-range-cells"),
        probes_first=False,
    ),
    *(_vendor(name, SYSCON, fixed=-1, probes_first=False) for name in _WITH_REGISTERS),
)
