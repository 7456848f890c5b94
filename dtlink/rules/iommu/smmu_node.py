"""An SMMU's node lacks what its driver asks for.

What it finds: nodes with reg that the driver of SMMUv1 and v2 binds to and that have no
#global-interrupts, no interrupt after those, no nvidia,memory-controller on a Tegra; on Qualcomm's
SoCs those whose compatible Linux does not know as Qualcomm's, and SMMUs of GPUs without clocks or
power-domains; SMMUv3 nodes whose #iommu-cells is not 1, whose registers are too few, or whose
interrupts have other names.
Why it matters: the driver's probe fails, and no message names the devices behind the SMMU, which
wait and then run untranslated; or faults are never reported.
What to do: complete the node from the SoC's manual and the binding.
References: Documentation/devicetree/bindings/iommu/arm,smmu.yaml and arm,smmu-v3.yaml; Linux,
drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_device_probe(), arm_smmu_device_dt_probe();
arm-smmu-nvidia.c, nvidia_smmu_impl_init(); arm-smmu-qcom.c, qcom_smmu_impl_init();
drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_device_probe().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.rules.iommu._smmu_nodes import Lack, lacks
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "the SMMU is used then, which it was not"),
    bad=Dts(
        """
        / {
            #address-cells = <1>;
            #size-cells = <1>;
            interrupt-parent = <&gic>;
            gic: interrupt-controller@1000 {
                compatible = "arm,gic-v3";
                reg = <0x1000 0x1000>;
                interrupt-controller;
                #interrupt-cells = <3>;
            };
            smmu: iommu@20000 {
                compatible = "arm,mmu-500";
                reg = <0x20000 0x10000>;
                interrupts = <0 10 4>, <0 11 4>;
                #iommu-cells = <1>;
            };
            dma@2000 { compatible = "vendor,dma"; reg = <0x2000 0x100>; iommus = <&smmu 0x10>; };
        };
        """,
        finds=("/iommu@20000:#global-interrupts",),
    ),
    good=Dts(
        """
        / {
            #address-cells = <1>;
            #size-cells = <1>;
            interrupt-parent = <&gic>;
            gic: interrupt-controller@1000 {
                compatible = "arm,gic-v3";
                reg = <0x1000 0x1000>;
                interrupt-controller;
                #interrupt-cells = <3>;
            };
            smmu: iommu@20000 {
                compatible = "arm,mmu-500";
                reg = <0x20000 0x10000>;
                #global-interrupts = <1>;
                interrupts = <0 10 4>, <0 11 4>;
                #iommu-cells = <1>;
            };
            dma@2000 { compatible = "vendor,dma"; reg = <0x2000 0x100>; iommus = <&smmu 0x10>; };
        };
        """
    ),
    since="0.2",
    needs=("#iommu-cells", "#global-interrupts", "iommu-map"),
    asks="smmus",
    yields=True,
)
def smmu_node(board: TreeBoard) -> Iterator[Finding]:
    """One finding for each thing that a node lacks; of SMMUv1 and v2 for the first only."""
    for index in board.smmus:
        node = board.tree[index]
        for lack in lacks(board, node):
            yield _finding(board, node, lack)


def _finding(board: TreeBoard, node: Node, lack: Lack) -> Finding:
    masters = board.masters.get(node.index, ())
    used = bool(masters)
    tail = (
        ": the devices behind it wait for it until deferred_probe_timeout, then run untranslated"
        if used
        else ": it does not probe"
    )
    return smmu_node.finding(
        node,
        f"{node.name} {lack.message}",
        property_name=lack.property_name,
        severity=None if lack.fails and used else Severity.WARNING,
        likely=lack.likely,
        effect=lack.effect + (tail if lack.fails else ""),
        fix=_fix(node, lack),
    )


def _fix(node: Node, lack: Lack) -> Fix:
    from dtlink.firmware.edits import SetProperty, ref

    if lack.cells is None:
        return Fix(lack.fix)
    edit = SetProperty(ref(node), lack.property_name, ((lack.cells,),))
    return Fix(f"Set {lack.property_name} = <{lack.cells}>; in {ref(node)}.", (edit,))
