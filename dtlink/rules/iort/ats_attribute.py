"""A root complex' ATS attribute has a value that its node cannot have.

What it finds: the bits for PRI (1) and for forwarding of PASIDs (2) in nodes of a revision that
does not define them; either of them without ATS (bit 0); and ATS of a root complex none of whose
IDs go to an SMMU.
Why it matters: Linux reads bit 0 alone, and switches ATS on for the functions that have it. If the
value was meant for another field (the memory access flags, for one, where 3 is CPM and DACS), a
root complex without ATS gets translation requests, which it answers with errors.
What to do: write 1 if the root complex supports ATS, 0 if not; the other bits in nodes of the
revision that defines them.
References: Arm DEN0049 E and E.b, root complex node, ATS attribute; Linux,
drivers/acpi/arm64/iort.c, iort_pci_rc_supports_ats(); cloud-hypervisor, pull request 7586.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import Iort, RootComplex, is_whole
from dtlink.links.acpi.iort_pieces import pieces
from dtlink.links.acpi.iort_walk import SMMUS, supplier
from dtlink.rules.iort._nodes import named, nodes, others
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule
from dtlink.wording import noun

_NO_SMMU = "ATS is set, but no ID goes to an SMMU"


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    fix=Safety(True, "Linux reads bit 0 of root complexes behind an SMMU only, and that bit stays"),
    bad=Tables(
        """
        IORT table_revision=0
          smmu: smmu-v3 base=0x9050000
          rc: root-complex segment=0 node_revision=1 ats=3
            map count=0xffff output=smmu
        """,
        finds=("rc:ats",),
    ),
    good=Tables(
        """
        IORT table_revision=0
          smmu: smmu-v3 base=0x9050000
          rc: root-complex segment=0 node_revision=1 ats=1
            map count=0xffff output=smmu
        """
    ),
    needs=("IORT",),
)
def ats_attribute(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each kind of fault."""
    table = board.machine.iort
    if table is None:
        return
    found: dict[str, list[RootComplex]] = {}
    for node in nodes(board, RootComplex):
        if is_whole(node) and (fault := _fault(table, node)):
            found.setdefault(fault, []).append(node)
    for fault, those in found.items():
        yield _finding(table, fault, those)


def _fault(table: Iort, node: RootComplex) -> str:
    for bit, (name, since) in RootComplex.ATS_SINCE.items():
        if node.ats & bit and node.node_revision < since:
            return (
                f"{name} (bit {bit.bit_length() - 1}) is not defined before node revision {since}"
            )
    if node.ats & ~RootComplex.ATS & sum(RootComplex.ATS_SINCE) and not node.ats & RootComplex.ATS:
        return "PRI or PASIDs on translated requests, but no ATS (bit 0)"
    if node.ats & RootComplex.ATS and node.mappings and not _is_translated(table, node):
        return _NO_SMMU
    return ""


def _is_translated(table: Iort, node: RootComplex) -> bool:
    return any(isinstance(supplier(table, each.value), SMMUS) for each in pieces(node))


def _finding(table: Iort, fault: str, those: list[RootComplex]) -> Finding:
    untranslated = fault == _NO_SMMU
    values = ", ".join(dict.fromkeys(f"{each.ats:#x}" for each in those))
    return ats_attribute.finding(
        those[0],
        f"{named(those)} {noun(len(those), 'has', 'have')} ATS attribute {values}: {fault}",
        property_name="ats",
        severity=Severity.INFO if untranslated else None,
        related=others(those),
        effect="none in Linux: without an SMMU there is no translation to ask for"
        if untranslated
        else "Linux reads bit 0 alone, and switches ATS on for functions that have it",
        fix=_fix(table, those, untranslated=untranslated),
    )


def _fix(table: Iort, those: list[RootComplex], *, untranslated: bool) -> Fix | str:
    if any(each.is_memory_flags_in_ats for each in those):
        return "Set memory_flags to 0x3 (CPM and DACS), and ats to 0 or 1, if they were mixed up."
    if untranslated:
        return Fix.setting("Set ats to 0.", *((each, "ats", 0) for each in those))
    values = [(each, "ats", _known(table, each)) for each in those]
    first = values[0][2]
    return Fix.setting(f"Set ats to {first:#x}, or write a newer node_revision.", *values)


def _known(table: Iort, node: RootComplex) -> int:
    """The attribute with the bits that its node can have."""
    if node.mappings and not _is_translated(table, node):
        return 0
    bits = (bit for bit, (_, since) in RootComplex.ATS_SINCE.items() if node.node_revision < since)
    value = node.ats & ~sum(bits)
    return value if value & RootComplex.ATS else value & ~sum(RootComplex.ATS_SINCE)
