"""Device IDs are not made from stream IDs or requester IDs by one offset.

What it finds: root complexes whose functions, at one ITS group, have device IDs that differ from
their stream IDs by more than one number (behind an SMMU); without an SMMU, root complexes whose
device IDs are not the low N bits of the requester ID plus one multiple of 2^N, for any N.
Why it matters: the standards ask for an identity or one offset. Linux follows any mapping.
What to do: if the hardware adds one constant, correct output_base of the mapping. Otherwise the
system does not comply.
References: BSA rules ITS_DEV_7 and ITS_DEV_8, of which the compliance suite takes the constant as
that of all functions of a segment at one SMMU and one ITS group; Arm DEN0049, ID mappings.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.bsa import DEVICE_ID_OF_REQUESTER_ID, DEVICE_ID_OF_STREAM_ID
from dtlink.firmware.acpi.iort import IortNode, ItsGroup, RootComplex
from dtlink.rules.bsa._reach import Way, ways
from dtlink.rules.bsa._words import breaks
from dtlink.rules.iort._mappings import span
from dtlink.rules.model import Finding, Severity, Tables, rule

#: A requester ID has 16 bits.
_WIDTHS = range(17)


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xff output=its
            map input_base=0x100 count=0xfeff output_base=0x8100 output=its
          rc: root-complex segment=0
            map count=0xffff output=smmu
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output_base=0x10000 output=its
          root-complex segment=0
            map count=0xffff output=smmu
          root-complex segment=1
            map count=0xffff output_base=0x20000 output=its
        """
    ),
    since="0.2",
    needs=("IORT",),
)
def device_id(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each root complex and ITS group, and for each SMMU between them."""
    for node, followed in ways(board):
        groups: dict[tuple[IortNode | None, ItsGroup], list[Way]] = {}
        for way in followed:
            if way.group and not way.single:
                groups.setdefault((way.smmu, way.group), []).append(way)
        for (smmu, group), found in groups.items():
            if smmu is not None:
                yield from _behind(node, smmu, group, found)
            elif not is_simple(found):
                yield _direct(node, group, found)


def _behind(
    node: RootComplex, smmu: IortNode, group: ItsGroup, found: list[Way]
) -> Iterator[Finding]:
    first = found[0]
    other = next((way for way in found if _offset(way) != _offset(first)), None)
    if other:
        yield device_id.finding(
            node,
            f"behind {smmu.name}, device IDs of {node.name} at {group.name} are stream ID "
            f"{_offset(first):+#x} for requester IDs {span(first.ids)}, but {_offset(other):+#x} "
            f"for {span(other.ids)}",
            property_name="mappings",
            supplier=group,
            related=(smmu,),
            effect=breaks(DEVICE_ID_OF_STREAM_ID),
            fix=f"Give all mappings of {smmu.name} to the group one difference of output_base and "
            "input_base, if the hardware adds one.",
        )


def _offset(way: Way) -> int:
    return (way.device_id or 0) - (way.stream_id or 0)


def is_simple(found: list[Way]) -> bool:
    """Whether one N and one constant give all device IDs."""
    return any(_fits(found, width) for width in _WIDTHS)


def _fits(found: list[Way], width: int) -> bool:
    size = 1 << width
    constants = set()
    for way in found:
        device = way.device_id or 0
        constants.add(device // size)
        whole = way.ids.first // size == way.ids.last // size
        if not whole or device % size != way.ids.first % size:
            return False
    return len(constants) == 1


def _direct(node: RootComplex, group: ItsGroup, found: list[Way]) -> Finding:
    told = ", ".join(f"{span(way.ids)} to {way.device_id or 0:#x}" for way in found[:3])
    more = ", …" if len(found) > 3 else ""
    return device_id.finding(
        node,
        f"{node.name} maps requester IDs {told}{more} at {group.name}: not the low bits of the "
        "requester ID plus one constant",
        property_name="mappings",
        supplier=group,
        effect=breaks(DEVICE_ID_OF_REQUESTER_ID),
        fix="Write the constant that the hardware adds to all requester IDs, a multiple of 2^N "
        "for IDs of N bits, in output_base.",
    )
