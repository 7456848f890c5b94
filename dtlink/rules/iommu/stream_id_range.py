"""A stream ID is larger than the IOMMU supports.

What it finds: stream IDs (and masks) in iommus, and output bases in iommu-map, that do not fit into
the 15 bits of an SMMUv1 or the 16 bits of an SMMUv2.
Why it matters: the driver refuses an ID that its SMMU does not have, and keeps only the low 16 bits
of what is larger: the device gets no IOMMU, or the stream ID of another.
What to do: write the ID as the SMMU sees it, without the bits that route to it.
References: Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_of_xlate(),
arm_smmu_probe_device(); Arm IHI 0062, SMMU_IDR0.NUMSIDB and EXIDS.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.iommus import IommuKind, kind_of
from dtlink.links.reference import Link
from dtlink.links.streams import Stream
from dtlink.rules.model import Dts, Finding, Severity, rule

_UNLIMITED = 32


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <1>; };
            dma@2000 { compatible = "vendor,dma"; iommus = <&smmu 0x10480>; };
        };
        """,
        finds=("/dma@2000:iommus",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <1>; };
            dma@2000 { compatible = "vendor,dma"; iommus = <&smmu 0x480>; };
        };
        """
    ),
    needs=("iommus", "iommu-map"),
    asks="checked_streams",
)
def stream_id_range(board: TreeBoard) -> Iterator[Finding]:
    """Every stream at an IOMMU whose kind has a limit."""
    for iommu, streams in board.checked_streams.items():
        kind = kind_of(board.tree[iommu].compatible)
        if kind and kind.id_bits < _UNLIMITED:
            for stream in streams:
                if (stream.first | stream.mask) >> kind.id_bits:
                    yield _finding(board, stream, kind)


def _finding(board: TreeBoard, stream: Stream, kind: IommuKind) -> Finding:
    link = Link(board.tree, stream.reference)
    what, value = (
        ("stream ID", stream.first) if stream.first >> kind.id_bits else ("mask", stream.mask)
    )
    cut = value >> 16
    return stream_id_range.finding(
        link,
        f"{link.entry} of {link.node.name} gives {what} {value:#x} to {link.supplier.name}, "
        f"which has at most {kind.id_bits} bits",
        supplier=link.supplier,
        effect=f"the driver keeps {value & 0xFFFF:#x} of it, another stream"
        if cut
        else "the device gets no IOMMU: "
        f'"{what.replace("mask", "SMR mask")} {value:#x} out of range for SMMU"',
        fix=f"Write the {what} as {link.supplier.name} sees it, "
        f"at most {(1 << kind.id_bits) - 1:#x}.",
    )
