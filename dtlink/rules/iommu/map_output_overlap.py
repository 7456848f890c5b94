"""Different requester IDs get the same stream IDs at one IOMMU.

What it finds: entries of iommu-map, or mappings of root complexes in an IORT, of one host or of
several, that give the same stream IDs of an SMMU to different requester IDs of existing buses.
Why it matters: an SMMUv3 accepts one device per stream ID: the second is refused. SMMUv1 and v2 let
both share a translation: neither is protected from the other, and they cannot be assigned apart.
What to do: give each requester ID its own stream ID, as the hardware sends it.
References: Linux, drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_insert_master() (since
5.13); drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_find_sme(), arm_smmu_device_group().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.facts.iommus import Sharing
from dtlink.links.streams import Stream
from dtlink.rules.iommu._rows import span
from dtlink.rules.model import Dts, Example, Finding, Severity, Tables, rule
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                iommu-map = <0x0 &smmu 0x0 0x10000>;
            };
            pcie@3000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                iommu-map = <0x0 &smmu 0x0 0x10000>;
            };
        };
        """,
        finds=("/pcie@3000:iommu-map",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                iommu-map = <0x0 &smmu 0x0 0x10000>;
            };
            pcie@3000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                iommu-map = <0x0 &smmu 0x10000 0x10000>;
            };
        };
        """
    ),
    tables=Example(
        bad=Tables(
            """
            IORT
              smmu: smmu-v3 base=0x9050000
              root-complex segment=0
                map count=0xffff output=smmu
              second: root-complex segment=1
                map count=0xffff output=smmu
            """,
            finds=("second:mappings",),
        ),
        good=Tables(
            """
            IORT
              smmu: smmu-v3 base=0x9050000
              root-complex segment=0
                map count=0xffff output=smmu
              root-complex segment=1
                map count=0xffff output_base=0x10000 output=smmu
            """
        ),
    ),
    needs=("iommu-map", "IORT"),
)
def map_output_overlap(board: AnyBoard) -> Iterator[Finding]:
    """Each map's entry that overlaps the one which reaches furthest among those before it."""
    for iommu, streams in board.streams.items():
        mapped = [stream for stream in streams if stream.mapped]
        kind = board.iommu_kind(iommu)
        if len(mapped) > 1 and kind and kind.sharing is not Sharing.UNKNOWN:
            for first, second in _overlaps(board, mapped):
                yield _finding(board, first, second, kind.sharing)
        if mapped and kind and kind.sharing is Sharing.REFUSED:
            for first, second in _shared(streams):
                yield _shared_finding(board, first, second)


def _overlaps(board: AnyBoard, streams: Sequence[Stream]) -> Iterator[tuple[Stream, Stream]]:
    widest: Stream | None = None
    for stream in sorted(streams, key=lambda stream: (stream.first, stream.reference.at)):
        if widest and stream.first <= widest.last and not _same(board, widest, stream):
            yield widest, stream
        if widest is None or stream.last > widest.last:
            widest = stream


def _shared(streams: Sequence[Stream]) -> Iterator[tuple[Stream, Stream]]:
    """The map's range that reaches furthest, with an ID in it that another device has; one for
    each two of them.
    """
    widest: Stream | None = None
    seen: set[tuple[int, int]] = set()
    for stream in sorted(streams, key=lambda each: (each.first, not each.mapped)):
        if stream.mapped:
            widest = stream if widest is None or stream.last > widest.last else widest
        elif widest and stream.first <= widest.last and stream.master != widest.master:
            pair = (widest.master, stream.master)
            if pair not in seen:
                yield widest, stream
            seen.add(pair)


def _shared_finding(board: AnyBoard, range_: Stream, alone: Stream) -> Finding:
    """A device with a stream ID that a map gives to a function, if there is that function."""
    one, other = board.graph.link(range_.reference), board.graph.link(alone.reference)
    row = board.iommu_maps[range_.reference.node].entries[range_.reference.entry]
    requester = alone.first - row.output[0] + row.input_base
    name = f"{requester >> 8:02x}:{requester >> 3 & 0x1F:02x}.{requester & 7}"
    return map_output_overlap.finding(
        other,
        f"{other.entry} of {other.node.name} is stream ID {alone.first:#x} of "
        f"{other.supplier.name}, which {one.entry} of {one.node.name} gives to requester ID "
        f"{requester:#x} ({name})",
        supplier=other.supplier,
        related=(one.node,),
        likely=True,
        effect=f"if there is a function {name}, the SMMUv3 accepts only the first of the two; the "
        "other runs without translation, and its DMA is refused or goes through the first one's "
        "tables",
        fix="Check which IDs the hardware sends; give both their own, or leave requester IDs that "
        "no function has out of the map.",
    )


def _same(board: AnyBoard, one: Stream, other: Stream) -> bool:
    """Whether two entries of a map give the same requester IDs the same stream IDs."""
    if one.master != other.master:
        return False
    rows = board.iommu_maps[one.master].entries
    return (
        len(
            {
                rows[stream.reference.entry].output[0] - rows[stream.reference.entry].input_base
                for stream in (one, other)
            }
        )
        == 1
    )


def _finding(board: AnyBoard, first: Stream, second: Stream, sharing: Sharing) -> Finding:
    one, other = board.graph.link(first.reference), board.graph.link(second.reference)
    refused = sharing is Sharing.REFUSED
    owner = "" if one.node == other.node else f" of {one.node.name}"
    return map_output_overlap.finding(
        other,
        f"{other.entry} of {other.node.name} gives stream IDs "
        f"{span(range(second.first, min(first.last, second.last) + 1))} of {other.supplier.name}, "
        f"as {one.entry}{owner} does for other requester IDs",
        supplier=other.supplier,
        related=(one.node,),
        severity=Severity.WARNING if refused else Severity.INFO,
        likely=refused,
        effect="of two devices with one stream ID the SMMUv3 accepts only the first; the second "
        "runs without translation, and its DMA is refused or goes through the first one's tables"
        if refused
        else "devices with one stream ID share a translation, and cannot be assigned to different "
        "owners",
        fix="Choose output bases that give every requester ID its own stream ID, as the hardware "
        "sends it.",
    )
