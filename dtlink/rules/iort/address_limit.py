"""A memory address limit is 0, or more than 64 bits.

What it finds: named components, and root complexes of revision 1 and later that have the field,
whose memory address limit is 0 or above 64.
Why it matters: the limit is the number of address bits that the device can put out. Linux reports
0 as a firmware bug and continues without a limit: a device that cannot reach all memory then writes
to other addresses than its driver means. From a limit above 64 Linux computes a limit of the whole
machine's DMA memory by a shift that has no defined result.
What to do: set the number of address bits, 64 if there is no limit.
References: Arm DEN0049, named component and root complex nodes; Linux, drivers/acpi/arm64/iort.c,
nc_dma_get_range(), rc_dma_get_range(), acpi_iort_dma_get_max_cpu_address().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import NamedComponent, RootComplex
from dtlink.rules.iort._nodes import listed, named, nodes, others
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule

_MOST = 64
#: The two kinds of node, as Linux calls them.
_KINDS: tuple[tuple[type[NamedComponent | RootComplex], str], ...] = (
    (NamedComponent, "Named component"),
    (RootComplex, "Root complex"),
)


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "how many address bits the device has is known to the firmware only"),
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          rc: root-complex node_revision=1 segment=0 address_limit=0
            map count=0xffff output=its
        """,
        finds=("rc:address_limit",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          rc: root-complex node_revision=1 segment=0 address_limit=48
            map count=0xffff output=its
        """
    ),
    needs=("IORT",),
)
def address_limit(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each type of node and each of the two faults."""
    for kind, words in _KINDS:
        having = [node for node in nodes(board, kind) if node.has("address_limit")]
        zero = [node for node in having if node.address_limit == 0]
        wide = [node for node in having if node.address_limit > _MOST]
        if zero:
            yield _zero(zero, words)
        if wide:
            yield _wide(wide)


def _zero(those: Sequence[NamedComponent | RootComplex], words: str) -> Finding:
    return address_limit.finding(
        those[0],
        f"{named(those)} {'has' if len(those) == 1 else 'have'} a memory address limit of 0 bits",
        property_name="address_limit",
        related=others(those),
        effect=f'"[Firmware Bug]: {words} missing memory address limit" for each device, which '
        "has no limit then",
        fix=_fix(
            "Set address_limit to the number of address bits of the device, 64 if it reaches "
            "all memory.",
            those,
        ),
    )


def _wide(those: Sequence[NamedComponent | RootComplex]) -> Finding:
    limits = listed([str(node.address_limit) for node in those])
    return address_limit.finding(
        those[0],
        f"{named(those)} {'has' if len(those) == 1 else 'have'} a memory address limit of {limits} "
        "bits; an address has 64",
        property_name="address_limit",
        related=others(those),
        likely=True,
        effect="Linux computes the limit of DMA memory (ZONE_DMA) by a shift of more than 64 "
        "bits: the zone may come out too small to boot with",
        fix=_fix(
            "Set address_limit to the number of address bits of the device, at most 64.", those
        ),
    )


def _fix(text: str, those: Sequence[NamedComponent | RootComplex]) -> Fix:
    """64 bits: a limit that limits nothing, as Linux takes the node now."""
    return Fix.setting(text, *((each, "address_limit", _MOST) for each in those))
