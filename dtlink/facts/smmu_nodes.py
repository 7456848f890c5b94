"""What the drivers of Arm's SMMUs ask of their devicetree nodes, beyond the suppliers.

Read in Linux 5.10, 6.1, 6.12 and 7.2; where the versions differ, ``…_SINCE`` is the oldest of
these that has it.
"""

from __future__ import annotations

from dtlink.facts.kernels import KernelVersion
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: Least size of the first region of an SMMUv3's reg: two pages of 64 KiB.
#: Source: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_resource_size().
SMMU_V3_SIZE: Final = 0x20000
#: The property of SMMUv3s that have one page only (the same file, arm_smmu_options[]).
SMMU_V3_ONE_PAGE: Final = "cavium,cn9900-broken-page1-regspace"
#: By these names the driver of SMMUv3 finds interrupts; either the one or the others. Source: the
#: same file, arm_smmu_device_probe().
SMMU_V3_COMBINED: Final = "combined"
SMMU_V3_INTERRUPTS: Final = ("eventq", "gerror", "priq")

#: NVIDIA's SMMUs, which ask for the memory controller that they are part of. Source:
#: drivers/iommu/arm/arm-smmu/arm-smmu-impl.c, arm_smmu_impl_init(); arm-smmu-nvidia.c,
#: nvidia_smmu_impl_init(): not in 5.10.
TEGRA_SMMUS: Final = ("nvidia,tegra186-smmu", "nvidia,tegra194-smmu", "nvidia,tegra234-smmu")
TEGRA_SMMU_SINCE: Final = KernelVersion(6, 1)

#: The SMMU of a Qualcomm GPU.
ADRENO_SMMU: Final = "qcom,adreno-smmu"
#: What all of the 222 such nodes have that boards of 5.10, 6.12 and 7.2 enable: the driver uses
#: whatever it finds of them, and none is left on for it.
ADRENO_SUPPLIERS: Final = ("clocks", "power-domains")
#: The SMMUs for which Linux has what Qualcomm's need. Source:
#: drivers/iommu/arm/arm-smmu/arm-smmu-qcom.c, qcom_smmu_impl_of_match[]: the same in 6.12 and 7.2.
QCOM_SMMUS: Final = frozenset(
    (
        "qcom,smmu-500",
        *(
            f"qcom,{soc}-smmu-v2"
            for soc in (
                *("msm8996", "msm8998", "sc7180", "sdm630", "sdm670", "sdm845"),
                *("sm6350", "sm6375", "sm7150"),
            )
        ),
        *(
            f"qcom,{soc}-smmu-500"
            for soc in (
                *("qcm2290", "qdu1000", "sc7180", "sc7280", "sc8180x", "sc8280xp", "sdm845"),
                *("sm6115", "sm6125", "sm6350", "sm6375", "sm8150", "sm8250", "sm8350", "sm8450"),
            )
        ),
    )
)
QCOM_SMMUS_SINCE: Final = KernelVersion(6, 12)
