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
    DRIVERS_DIFFER,
    ECC_ENGINE,
    GRAPH,
    I2C_BUS,
    NOT_LOOKED_UP,
    POINTER,
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
    _vendor("qcom,tcsr-reg", SYSCON, fixed=1, probes_first=False),
    _vendor("samsung,pmu-syscon", SYSCON, fixed=-1, probes_first=False),
    _vendor("cci-control-port", other("cache interconnect", POINTER), probes_first=False),
    _vendor("ti,elm-id", ECC_ENGINE),
    _vendor("ti,ringacc", other("ring accelerator", DRIVERS_DIFFER)),
    _vendor("renesas,fcp", other("frame compression processor", DRIVERS_DIFFER)),
    _vendor("buffer-manager", other("buffer manager", DRIVERS_DIFFER)),
)
