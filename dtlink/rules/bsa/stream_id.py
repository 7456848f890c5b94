"""Two requesters have one stream ID at an SMMU.

What it finds: stream IDs of an SMMU that two requesters have: functions of root complexes, on
buses of the MCFG, and devices that are named components. A single mapping of a root complex gives
one stream ID to all of its functions.
Why it matters: stream IDs are what an SMMU knows a device by. Devices that share one share their
translations, cannot be distinguished in faults, and can be given to a guest only together.
What to do: compare the ranges with the SoC's manual, and correct output_base.
References: BSA rule ITS_DEV_2; Arm DEN0049, ID mappings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.facts.bsa import UNIQUE_STREAM_ID
from dtlink.firmware.acpi.iort import RootComplex
from dtlink.links.id_ranges import IdRange
from dtlink.rules.bsa._words import breaks
from dtlink.rules.iort._mappings import span
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import and_more

if TYPE_CHECKING:
    from dtlink.links.streams import Stream

Pair = tuple["Stream", "Stream"]


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        r"""
        IORT
          smmu: smmu-v3 base=0x9050000
          root-complex segment=0
            map count=0xffff output=smmu
          dma: named-component object_name="\_SB_.DMA0"
            map output=smmu output_base=0x4a0 flags=1
        """,
        finds=("dma:mappings",),
    ),
    good=Tables(
        r"""
        IORT
          smmu: smmu-v3 base=0x9050000
          root-complex segment=0
            map count=0xffff output=smmu
          dma: named-component object_name="\_SB_.DMA0"
            map output=smmu output_base=0x10000 flags=1
        """
    ),
    since="0.2",
    needs=("IORT",),
)
def stream_id(board: TablesBoard) -> Iterator[Finding]:
    """One finding an SMMU, and one for each root complex of one stream ID."""
    for streams in board.streams.values():
        if pairs := list(_pairs(board, streams)):
            yield _finding(board, pairs)
        for stream in streams:
            node = board.machine.nodes[stream.master]
            if isinstance(node, RootComplex) and not stream.mapped:
                yield _one_for_all(board, node, stream)


def _pairs(board: TablesBoard, streams: Sequence[Stream]) -> Iterator[Pair]:
    """Streams that have an ID of an earlier one, each once."""
    furthest: Stream | None = None
    for stream in sorted(streams, key=lambda each: (each.first, each.last, each.reference)):
        if furthest and stream.first <= furthest.last and not _is_one(board, furthest, stream):
            yield furthest, stream
        if furthest is None or stream.last > furthest.last:
            furthest = stream


def _is_one(board: TablesBoard, one: Stream, other: Stream) -> bool:
    """Whether both are of one device: a named component may have two nodes, and an ID twice."""
    nodes = board.machine.nodes
    first, second = nodes[one.master], nodes[other.master]
    if isinstance(first, RootComplex) or isinstance(second, RootComplex):
        return False
    return first.identity == second.identity


def _one_for_all(board: TablesBoard, node: RootComplex, stream: Stream) -> Finding:
    link = board.graph.link(stream.reference)
    return stream_id.finding(
        link,
        f"at {link.supplier.name}, all functions of {node.name} have stream ID {stream.first:#x} "
        "(a single mapping)",
        supplier=link.supplier,
        likely=True,
        effect=f"if there are several, {breaks(UNIQUE_STREAM_ID)}",
        fix="If the hardware distinguishes the functions, map a range of requester IDs.",
    )


def _finding(board: TablesBoard, pairs: Sequence[Pair]) -> Finding:
    one, other = pairs[0]
    link = board.graph.link(other.reference)
    nodes = board.machine.nodes
    first, second = nodes[one.master], nodes[other.master]
    ids = IdRange(one.first, one.last) & IdRange(other.first, other.last)
    who = (
        f"two mappings of {second.name} give"
        if first is second
        else f"{first.name} and {second.name} have"
    )
    more = f"; {and_more(len(pairs) - 1, 'such pair')}" if len(pairs) > 1 else ""
    return stream_id.finding(
        link,
        f"at {link.supplier.name}, {who} stream IDs {span(ids)}{more}",
        supplier=link.supplier,
        related=[nodes[each.master] for pair in pairs[:16] for each in pair],
        effect=breaks(UNIQUE_STREAM_ID),
        fix="Check which IDs the hardware sends, and write those of each requester.",
    )
