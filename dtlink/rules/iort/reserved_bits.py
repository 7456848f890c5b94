"""A field has bits set that must be 0.

What it finds: reserved fields and reserved bits that are not 0, in the header, the nodes, their
mappings, interrupts and RMR descriptors; only in fields that the node has, by its length, the
offset of its mappings and its revision. Also the identifier of nodes in tables before revision 3,
flags that came with a later revision of the node, and memory attributes of an RMR that have no
meaning.
Why it matters: later documents give such bits a meaning. Where something other than 0 lies in
them, a later kernel does what nobody asked for. Linux takes an SMMUv1 or v2 interrupt as an edge
only if its flags are exactly 1.
What to do: write 0, or the revision that has the bit.
References: Arm DEN0049 E.f; Linux, include/acpi/actbl2.h and drivers/acpi/arm64/iort.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import (
    ContextInterrupt,
    GlobalInterrupts,
    Iort,
    IortNode,
    Rmr,
    Smmu,
    SmmuV3,
)
from dtlink.firmware.acpi.layout import Struct
from dtlink.rules.iort._nodes import listed, others
from dtlink.rules.model import Finding, Severity, Tables, rule

#: The table revision from which on nodes have an identifier.
IDENTIFIER_SINCE = 3
#: Flags of an SMMUv3 that came with a later revision of the node.
_SINCE = {SmmuV3.PROXIMITY_VALID: 1, SmmuV3.DEVICE_ID_VALID: 5}
#: The memory attributes of an RMR: bits, and the last value that has a meaning.
_ATTRIBUTES = 0xFF << 2
_LAST_ATTRIBUTE = 5


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000 node_flags=0x100
            map count=0xffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
        """,
        finds=("smmu:node_flags",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000 node_flags=1
            map count=0xffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
        """
    ),
    needs=("IORT",),
)
def reserved_bits(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each field of each kind of structure, by what comes of it."""
    table = board.machine.iort
    found: dict[tuple[str, str, str], list[tuple[Struct, int]]] = {}
    for each, field, bits in _all(table) if table else ():
        key = each.WORD, field, _consequence(each, field, bits)
        found.setdefault(key, []).append((each, bits))
    for (_, field, consequence), those in found.items():
        yield _finding([each for each, _ in those], field, those, consequence)


def _finding(
    those: list[Struct], field: str, told: list[tuple[Struct, int]], consequence: str
) -> Finding:
    bits = 0
    for _, more in told:
        bits |= more
    return reserved_bits.finding(
        those[0],
        f"reserved bits {bits:#x} in {field} of {listed([_place(each) for each in those])} are "
        + ("set" if len(those) == 1 else "set, or some of them"),
        property_name=field,
        related=others(those),
        consequence=consequence,
        fix="0 in these bits, or the revision that defines them",
    )


def _consequence(each: Struct, field: str, bits: int) -> str:
    if isinstance(each, ContextInterrupt) or (
        isinstance(each, GlobalInterrupts) and field == "flags"
    ):
        return "Linux takes the interrupt as level-triggered, whatever bit 0 says"
    if isinstance(each, SmmuV3) and bits == SmmuV3.PROXIMITY_VALID:
        return "Linux reads the proximity domain whatever the node's revision"
    if isinstance(each, Rmr) and field == "node_flags" and not bits & ~_ATTRIBUTES:
        return "Linux maps the range as normal memory that is not cached"
    return "Linux 6.12 does not read these bits; a later system may give them a meaning"


def _place(each: Struct) -> str:
    """A structure's name; that of an entry, by its owner."""
    if each.MEMBER and each.owner is not None:
        return f"{each.MEMBER}[{each.entry}] of {each.owner.name}"
    return each.name


def _all(table: Iort) -> Iterator[tuple[Struct, str, int]]:
    """Every structure that has reserved bits set, the field, and the bits."""
    for field, bits in table.nonzero_reserved():
        yield table, field, bits
    for node in table.nodes:
        for each in (node, *_entries(node)):
            for field, bits in each.nonzero_reserved():
                yield each, field, bits
        yield from ((node, field, bits) for field, bits in _more(table, node))


def _entries(node: IortNode) -> Iterator[Struct]:
    """What a node holds."""
    yield from node.mappings
    if isinstance(node, Smmu):
        if node.global_interrupts is not None:
            yield node.global_interrupts
        yield from node.context_interrupts
        yield from node.pmu_interrupts
    elif isinstance(node, Rmr):
        yield from node.descriptors


def _more(table: Iort, node: IortNode) -> Iterator[tuple[str, int]]:
    """Bits that are reserved by what the table or the node says elsewhere."""
    if table.revision < IDENTIFIER_SINCE and node.identifier:
        yield "identifier", node.identifier
    if isinstance(node, SmmuV3):
        for flag, since in _SINCE.items():
            if node.node_flags & flag and node.revision < since:
                yield "node_flags", flag
    if isinstance(node, Rmr) and (node.node_flags & _ATTRIBUTES) >> 2 > _LAST_ATTRIBUTE:
        yield "node_flags", node.node_flags & _ATTRIBUTES
