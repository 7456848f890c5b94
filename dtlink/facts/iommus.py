"""IOMMUs by the names that devicetrees give them: the driver, and what is known of it.

Sources: Documentation/devicetree/bindings/iommu, …/memory-controllers for Tegra; the drivers'
tables of compatible values.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from dtlink.enums import Enum
from dtlink.facts.patterns import fits
from dtlink.records import NamedTuple


class Sharing(Enum):
    """What an IOMMU's driver does with two masters that have one stream ID."""

    GROUP = "they share a stream-match entry, and one translation"
    """SMMUv1 and v2 (Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_find_sme())."""
    REFUSED = "the second one is refused"
    """SMMUv3 (drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_insert_master())."""
    UNKNOWN = "not known here"


class Coherence(Enum):
    """Whether an IOMMU's driver says that DMA is coherent: VFIO gives out no other device.

    Source: Linux, the drivers' ``capable`` operations, IOMMU_CAP_CACHE_COHERENCY.
    """

    NEVER = "never"
    ALWAYS = "always"
    IOMMU = "where the IOMMU is"
    """SMMUv3: by the coherence of its table walks, which firmware declares."""
    IOMMU_OR_DEVICE = "where the IOMMU or the device is"
    """SMMUv1 and v2."""


class IommuKind(NamedTuple):
    """One row: IOMMUs that one driver serves."""

    names: tuple[str, ...]
    """Values of ``compatible``, or patterns of them."""
    cells: tuple[int, ...]
    """The values that the binding allows in ``#iommu-cells``."""
    driver: str
    """The driver, as a file below drivers/iommu (or another folder of drivers/)."""
    sharing: Sharing = Sharing.UNKNOWN
    id_bits: int = 32
    """The largest width of a stream ID."""
    kind: str = "IOMMU"
    """What it is called where the make does not matter."""
    matched: tuple[str, ...] = ()
    """The values in the driver's match table, where patterns are wider than it."""
    coherence: Coherence = Coherence.NEVER


#: What the driver of SMMUv3s binds to (arm_smmu_of_match[]).
SMMU_V3 = "arm,smmu-v3"
_ARM_SMMU = "arm/arm-smmu/arm-smmu.c"
IOMMUS = (
    IommuKind(
        ("arm,smmu-v1", "arm,mmu-400", "arm,mmu-401"),
        (1, 2),
        _ARM_SMMU,
        Sharing.GROUP,
        15,
        "SMMU",
        matched=("arm,smmu-v1", "arm,mmu-400", "arm,mmu-401"),
        coherence=Coherence.IOMMU_OR_DEVICE,
    ),
    IommuKind(
        (
            "arm,smmu-v2",
            "arm,mmu-500",
            "cavium,smmu-v2",
            "qcom,*-smmu-500",
            "qcom,*-smmu-v2",
            "qcom,smmu-500",
            "qcom,smmu-v2",
            "nvidia,smmu-500",
        ),
        (1, 2),
        _ARM_SMMU,
        Sharing.GROUP,
        16,
        "SMMU",
        matched=("arm,smmu-v2", "arm,mmu-500", "cavium,smmu-v2", "nvidia,smmu-500", "qcom,smmu-v2"),
        coherence=Coherence.IOMMU_OR_DEVICE,
    ),
    IommuKind(
        (SMMU_V3,),
        (1,),
        "arm/arm-smmu-v3/arm-smmu-v3.c",
        Sharing.REFUSED,
        kind="SMMUv3",
        coherence=Coherence.IOMMU,
    ),
    IommuKind(
        ("qcom,msm-iommu-v1", "qcom,msm-iommu-v2"),
        (1,),
        "arm/arm-smmu/qcom_iommu.c",
        coherence=Coherence.ALWAYS,
    ),
    IommuKind(("rockchip,iommu", "rockchip,rk3568-iommu"), (0,), "rockchip-iommu.c"),
    IommuKind(("mediatek,*-m4u", "mediatek,*-iommu-*"), (1,), "mtk_iommu.c"),
    IommuKind(("renesas,ipmmu-*",), (1,), "ipmmu-vmsa.c"),
    IommuKind(("samsung,exynos-sysmmu",), (0,), "exynos-iommu.c"),
    IommuKind(
        ("ti,omap2-iommu", "ti,omap4-iommu", "ti,dra7-iommu", "ti,dra7-dsp-iommu"),
        (0,),
        "omap-iommu.c",
    ),
    IommuKind(("allwinner,sun50i-*-iommu",), (1,), "sun50i-iommu.c"),
    IommuKind(("apple,*-dart",), (1,), "apple-dart.c"),
    IommuKind(
        tuple(f"nvidia,tegra{soc}-mc" for soc in (30, 114, 124, 132, 210)), (1,), "tegra-smmu.c"
    ),
    IommuKind(
        ("virtio,pci-iommu", "virtio,mmio", "pci1af4,1057"),
        (1,),
        "virtio-iommu.c",
        kind="virtio-iommu",
        coherence=Coherence.ALWAYS,
    ),
)

#: The Qualcomm platforms that the driver of SMMUv1 and v2 knows by their IORT: OEM ID, OEM table ID
#: (without the blanks at their ends) and OEM revision (drivers/iommu/arm/arm-smmu/arm-smmu-qcom.c,
#: qcom_acpi_platlist; the same in Linux 6.1, 6.12 and 7.2).
QUALCOMM_PLATFORMS = frozenset({("LENOVO", "CB-01", 0x8180), ("QCOM", "QCOMEDK2", 0x8180)})

#: Where Qualcomm's SoCs for notebooks have the SMMU of their devices, and that of their GPU: IDs in
#: the tables may be the vendor's (arch/arm64/boot/dts/qcom/: sc7180.dtsi, sc8180x.dtsi;
#: sc7280.dtsi, sc8280xp.dtsi and hamoa.dtsi have the last).
QUALCOMM_SMMUS = tuple(frozenset({0x15000000, gpu}) for gpu in (0x5040000, 0x2CA0000, 0x3DA0000))

#: What the driver of SMMUv1 and v2 binds to (arm_smmu_of_match[]).
ARM_SMMU = tuple(name for row in IOMMUS if row.driver == _ARM_SMMU for name in row.matched)


def kind_of(compatible: Sequence[str]) -> IommuKind | None:
    """The row of an IOMMU, by its most specific known name; ``None`` if there is none."""
    return next(filter(None, map(_kind, compatible)), None)


@lru_cache(maxsize=1024)
def _kind(name: str) -> IommuKind | None:
    return next((row for row in IOMMUS if fits((name,), row.names)), None)


#: PCI hosts whose driver reads iommu-map as entries of 4 cells, whatever #iommu-cells is, up to 7.2
#: (drivers/pci/controller/dwc/pcie-qcom.c, cfg_1_9_0, cfg_1_34_0, qcom_pcie_config_sid_1_9_0()).
READ_AS_FOUR_CELLS = (
    *("qcom,pcie-sa8775p", "qcom,pcie-sc7280", "qcom,pcie-sc8180x", "qcom,pcie-sdx55"),
    *("qcom,pcie-sm8150", "qcom,pcie-sm8250", "qcom,pcie-sm8350", "qcom,pcie-sm8450-pcie*"),
    "qcom,pcie-sm8550",
)
