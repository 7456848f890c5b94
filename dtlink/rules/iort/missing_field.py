"""A node lacks a field that its revision says it has.

What it finds: a root complex of revision 1 or later that ends, or whose mappings begin, before
the memory address limit; an SMMUv3 of revision 1 or later without proximity domain and DeviceID
mapping index; a PMCG of revision 1 or later without page 1.
Why it matters: Linux goes by the revision and never by the length. It reads the field where it
should be: from the mappings, or from the next node.
What to do: write all fields of the node's revision, with the mappings after them; or, for the
layout without the field, revision 0.
References: Arm DEN0049, root complex, SMMUv3 and PMCG nodes; Linux, drivers/acpi/arm64/iort.c,
rc_dma_get_range(), iort_get_id_mapping_index(), arm_smmu_v3_pmcg_init_resources().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import IortNode, Pmcg, RootComplex, SmmuV3, is_whole
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule

#: The last field of revision 1 that Linux reads, how it is called, and what it makes of it.
_READ: dict[type[IortNode], tuple[str, str, str]] = {
    RootComplex: (
        "address_limit",
        "memory address limit",
        (
            "Linux limits the DMA of the segment's devices to as many address bits as the byte "
            "there says"
        ),
    ),
    SmmuV3: (
        "device_id_index",
        "DeviceID mapping index",
        (
            "Linux takes the bytes there for the index of the SMMU's own mapping, and leaves "
            "that one out when it translates the IDs of others"
        ),
    ),
    Pmcg: (
        "page1",
        "page 1",
        "Linux takes the bytes there for an address, at which the driver looks for the counters",
    ),
}


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "the mappings may begin too early instead"),
    bad=Tables(
        """
        IORT table_revision=0
          its: its-group ids=0
          rc: root-complex node_revision=1 segment=0 size=32 length=32
        """,
        finds=("rc:address_limit",),
    ),
    good=Tables(
        """
        IORT table_revision=0
          its: its-group ids=0
          rc: root-complex node_revision=0 segment=0 size=32 length=32
        """
    ),
    needs=("IORT",),
)
def missing_field(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node."""
    for kind, (field, words, consequence) in _READ.items():
        for node in nodes(board, kind):
            if node.revision >= 1 and is_whole(node) and not node.has(field):
                room = node.fields_end - node.start
                behind = "its mappings begin" if node.fields_end < node.end else "it ends"
                at = kind.fields()[field].offset
                yield missing_field.finding(
                    node,
                    f"{node.name} has revision {node.revision}, which has a {words} at byte "
                    f"{at}, but {behind} at byte {room}",
                    property_name=field,
                    severity=Severity.WARNING if kind is Pmcg else None,
                    effect=consequence,
                    fix=_fix(node, words),
                )


def _fix(node: IortNode, words: str) -> Fix | str:
    """With edits where the node has no field and no bit of a later revision."""
    text = f"Add the {words} and the fields before it, or set node_revision to 0."
    if any(map(node.has, _later(node))) or _has_later_bits(node):
        return text
    return Fix.setting(text, (node, "node_revision", 0))


def _later(node: IortNode) -> Iterator[str]:
    """The names of the fields that revision 0 does not have."""
    return (name for name, field in type(node).fields().items() if field.since)


def _has_later_bits(node: IortNode) -> bool:
    if isinstance(node, RootComplex):
        return bool(node.ats & sum(RootComplex.ATS_SINCE))
    return isinstance(node, SmmuV3) and bool(node.node_flags & sum(SmmuV3.FLAGS_SINCE))
