"""Two devices have the same stream ID at one IOMMU.

What it finds: entries of iommus in different devices that match the same stream IDs of an SMMU,
or single mappings of different named components of an IORT.
Devices of which one is part of the other, or uses it (a crypto engine and its DMA controller), are
not reported at an SMMUv1 or v2, where this is usual.
Why it matters: an SMMUv1 or v2 puts both into one IOMMU group: they share a translation, neither is
protected from the other, and they can only be assigned to a guest together. An SMMUv3 accepts
one device per stream ID, and refuses the second.
What to do: check the ID against the SoC's manual; if the hardware sends one ID for both, no
change is needed.
References: Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_find_sme(),
arm_smmu_device_group(); drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_insert_master(),
since 5.13.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.facts.iommus import Sharing
from dtlink.links.streams import Stream
from dtlink.records import NamedTuple
from dtlink.rules.model import Dts, Example, Finding, Severity, Tables, rule
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import and_more

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard

_SHOWN = 3


class Shared(NamedTuple):
    """Two devices that have one stream ID."""

    first: Stream
    second: Stream


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <1>; };
            mmc@2000 { compatible = "vendor,mmc"; iommus = <&smmu 0x4a0>; };
            crypto@3000 { compatible = "vendor,crypto"; iommus = <&smmu 0x4a0>; };
        };
        """,
        finds=("/crypto@3000:iommus",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <1>; };
            mmc@2000 { compatible = "vendor,mmc"; iommus = <&smmu 0x4a0>; };
            crypto@3000 { compatible = "vendor,crypto"; iommus = <&smmu 0x4b0>; };
        };
        """
    ),
    tables=Example(
        bad=Tables(
            r"""
            IORT
              smmu: smmu-v3 base=0x9050000
              named-component object_name="\_SB_.SATA"
                map output=smmu output_base=0x4a0 flags=1
              crypto: named-component object_name="\_SB_.CRYP"
                map output=smmu output_base=0x4a0 flags=1
            """,
            finds=("crypto:mappings",),
        ),
        good=Tables(
            r"""
            IORT
              smmu: smmu-v3 base=0x9050000
              named-component object_name="\_SB_.SATA"
                map output=smmu output_base=0x4a0 flags=1
              named-component object_name="\_SB_.CRYP"
                map output=smmu output_base=0x4b0 flags=1
            """
        ),
    ),
    needs=("iommus", "IORT"),
    asks="checked_streams",
)
def shared_stream_id(board: AnyBoard) -> Iterator[Finding]:
    """One finding for each SMMUv1 or v2, and one for each stream ID at an SMMUv3."""
    for iommu, streams in board.checked_streams.items():
        kind = board.iommu_kind(iommu)
        pairs = list(_pairs(streams)) if kind and kind.sharing is not Sharing.UNKNOWN else []
        if not pairs or not kind:
            continue
        if kind.sharing is Sharing.REFUSED:
            yield from (_refused(board, pair) for pair in pairs)
            continue
        related = _related(board, {pair.first.master for pair in pairs})
        pairs = [
            pair
            for pair in pairs
            if not related & {(p := (pair.first.master, pair.second.master)), p[::-1]}
        ]
        if pairs:
            yield _group(board, pairs)


def _pairs(streams: Sequence[Stream]) -> Iterator[Shared]:
    """Each stream that has the ID of an earlier one, of another device."""
    seen: dict[tuple[int, int], Stream] = {}
    for stream in streams:
        if not stream.mapped:
            first = seen.setdefault(stream.match, stream)
            if first.master != stream.master:
                yield Shared(first, stream)


def _related(board: AnyBoard, masters: set[int]) -> set[tuple[int, int]]:
    """Pairs of devices, one of them in ``masters``, of which one uses or contains the other."""
    parents = board.graph.firmware.parents
    linked = {
        (ref.consumer, ref.supplier)
        for ref in board.graph.references
        if ref.consumer in masters or ref.supplier in masters
    }
    return linked | {
        (other.master, above)
        for streams in board.streams.values()
        for other in streams
        for above in (parents[other.master], parents[parents[other.master]])
    }


def _group(board: AnyBoard, pairs: Sequence[Shared]) -> Finding:
    link = board.graph.link(pairs[0].second.reference)
    shown = "; ".join(_pair(board, pair) for pair in pairs[:_SHOWN])
    more = f"; {and_more(len(pairs) - _SHOWN)}" if len(pairs) > _SHOWN else ""
    return shared_stream_id.finding(
        link,
        f"at {link.supplier.name}, the same stream ID is given to {shown}{more}",
        supplier=link.supplier,
        related=[board.graph.firmware[stream.master] for pair in pairs for stream in pair],
        effect="they share one IOMMU group and one translation: neither is protected from the "
        "other, and they can be assigned to a guest together only",
        fix="Check which IDs the hardware sends; unless both send the same one, correct "
        "one device.",
    )


def _pair(board: AnyBoard, pair: Shared) -> str:
    nodes = board.graph.firmware
    one, other = nodes[pair.first.master], nodes[pair.second.master]
    ident, mask = pair.first.match
    masked = f", mask {mask:#x}" if mask else ""
    return f"{one.name} and {other.name} ({ident:#x}{masked})"


def _refused(board: AnyBoard, pair: Shared) -> Finding:
    link = board.graph.link(pair.second.reference)
    one = board.graph.firmware[pair.first.master]
    return shared_stream_id.finding(
        link,
        f"{link.entry} of {link.node.name} has stream ID {pair.second.first:#x} of "
        f"{link.supplier.name}, as {one.name} does; an SMMUv3 accepts one device per stream ID",
        supplier=link.supplier,
        related=(one,),
        severity=Severity.ERROR,
        effect="whichever of the two probes second gets no IOMMU "
        f'("stream {pair.second.first} already in tree"; in newer kernels "Aliasing StreamID '
        f"{pair.second.first:#x} …\"): its DMA goes through the other's tables",
        fix=f"Write {link.node.name}'s own stream ID in {link.property_name}.",
    )
