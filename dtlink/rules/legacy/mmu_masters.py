"""An SMMU lists its masters in mmu-masters.

What it finds: arm-smmu nodes with mmu-masters, one finding each, with the masters as related nodes.
Why it matters: the old binding needs every SMMU to be there before the first master, which
only a built-in driver can promise. So kernels with ARM_SMMU as a module, or without
ARM_SMMU_LEGACY_DT_BINDINGS, ignore the list, and the SMMU, which they do set up, refuses the DMA of
its masters as that of unknown streams unless arm-smmu.disable_bypass=0 is given. With that option
masters bypass the SMMU; the DMA API never uses it.
What to do: turn the list round, as the fix shows: #iommu-cells in the SMMU, iommus with the stream
IDs in each master, iommu-map in a PCI host. For PCI the old binding took the requester ID for the
stream ID, whatever the list said.
References: Linux drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_device_dt_probe(),
arm_smmu_register_legacy_master(), arm_smmu_def_domain_type(); drivers/iommu/Kconfig,
ARM_SMMU_LEGACY_DT_BINDINGS (depends on ARM_SMMU=y); binding arm,smmu.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import Board
from dtlink.firmware.tree import Node
from dtlink.links.reference import Link
from dtlink.rules.legacy._smmu import smmus
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule

#: How many stream IDs of one master, and how many masters, a fix spells out.
_MOST = 32

#: How many masters a message names.
_NAMED = 3


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    covers=Covers.RELATED,
    needs=("mmu-masters",),
    bad=Dts(
        """
        / {
            smmu: iommu@1000 {
                compatible = "arm,mmu-401";
                #global-interrupts = <1>;
                mmu-masters = <&sata 0x10 0x11>, <&pcie 0x100>;
            };
            sata: sata@2000 { compatible = "snps,dwc-ahci"; #stream-id-cells = <2>; };
            pcie: pcie@3000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                bus-range = <0 0xf>;
                #stream-id-cells = <1>;
            };
        };
        """,
        finds=("/iommu@1000:mmu-masters",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 {
                compatible = "arm,mmu-401";
                #global-interrupts = <1>;
                #iommu-cells = <1>;
            };
            sata: sata@2000 { compatible = "snps,dwc-ahci"; iommus = <&smmu 0x10>, <&smmu 0x11>; };
            pcie: pcie@3000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                bus-range = <0 0xf>;
                iommu-map = <0 &smmu 0 0x1000>;
            };
        };
        """
    ),
)
def mmu_masters(board: Board) -> Iterator[Finding]:
    """Every enabled SMMU of the old kind; of a known kernel ``module/mmu-masters`` tells."""
    if board.facts is not None and board.facts.build.knows("config"):
        return
    links: dict[int, list[Link]] = {}
    for link in board.links("mmu-masters"):
        links.setdefault(link.supplier.index, []).append(link)
    for smmu in smmus(board.tree).legacy:
        mine = links.get(smmu.index, [])
        yield mmu_masters.finding(
            smmu,
            f"{smmu.name} lists its masters ({_names(mine)}) in mmu-masters, a binding that no "
            "modular arm-smmu can use",
            property_name="mmu-masters",
            consequence='"deprecated "mmu-masters" DT property in use; SMMU support unavailable" '
            "if arm-smmu is a module or lacks ARM_SMMU_LEGACY_DT_BINDINGS: the masters' DMA is "
            "refused as that of unknown streams, unless arm-smmu.disable_bypass=0; else "
            '"… DMA API support unavailable": it bypasses the SMMU',
            fix=_fix(board, smmu, mine),
            related=[link.consumer for link in mine],
        )


def _names(links: Sequence[Link]) -> str:
    names = list(dict.fromkeys(link.consumer.name for link in links))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more or "none that can be found"


def _fix(board: Board, smmu: Node, links: Sequence[Link]) -> str:
    """The same masters, in the generic binding."""
    lines = [f"in {smmu.path}:  #iommu-cells = <1>;  /delete-property/ mmu-masters;"]
    streams: dict[int, list[int]] = {}
    for link in links:
        streams.setdefault(link.consumer.index, []).extend(link.args)
    for index, ids in list(streams.items())[:_MOST]:
        lines.append(f"in {board.tree.path(index)}:  {_generic(board, smmu, index, ids)}")
    if len(streams) > _MOST:
        lines.append(f"and so on for {len(streams) - _MOST} more masters")
    return "\n".join(lines)


def _generic(board: Board, smmu: Node, master: int, ids: Sequence[int]) -> str:
    """``iommus``, or ``iommu-map`` for a PCI host, in DTS."""
    node, ref = board.tree[master], board.ref(smmu)
    if _is_pci_host(node):
        buses = node.cells("bus-range")
        first, last = (buses[0] & 0xFF, buses[1] & 0xFF) if len(buses) > 1 else (0, 0xFF)
        base, length = f"{first << 8:#x}", f"{(last - first + 1) << 8:#x}"
        return f"iommu-map = <{base} {ref} {base} {length}>;"
    entries = [f"<{ref} {stream:#x}>" for stream in ids[:_MOST]]
    more = " …" if len(ids) > _MOST else ""
    return f"iommus = {', '.join(entries) or f'<{ref} …>'}{more};"


def _is_pci_host(node: Node) -> bool:
    return "pci" in node.strings("device_type")
