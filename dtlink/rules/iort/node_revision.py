"""Unknown node revision.

What it finds: nodes whose revision is higher than any that their type has up to document E.f, in
a table of a revision that is known.
Why it matters: the revision says which fields a node has. Linux does not check it, but goes by
it: it reads the memory address limit of root complexes from revision 1 on, page 1 of a PMCG from
1 on, and an SMMUv3's DeviceID mapping index in one way up to revision 4 and in another from 5 on.
A revision that is a slip, such as the table's own in a node's place, changes what is read.
What to do: write the node's revision by the document that the table follows.
References: Arm DEN0049 E.f, revisions of the node types; Linux, drivers/acpi/arm64/iort.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import (
    LATEST_IORT_REVISION,
    Iort,
    IortNode,
    ItsGroup,
    NamedComponent,
    Pmcg,
    Rmr,
    RootComplex,
    Smmu,
    SmmuV3,
)
from dtlink.rules.iort._nodes import named, others
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule

#: The latest revision of each type. That of an IWB is not known here.
LATEST_OF: dict[type[IortNode], int] = {
    ItsGroup: 1,
    NamedComponent: 4,
    RootComplex: 4,
    Smmu: 3,
    SmmuV3: 5,
    Pmcg: 2,
    Rmr: 3,
}
#: The first table revision whose document (E.e) has these.
_HAS_LATEST = 6
#: Those whose fields end where the mappings begin.
_FIXED = (RootComplex, SmmuV3, Pmcg)


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    fix=Safety(False, "a later document may define the revision"),
    bad=Tables(
        """
        IORT table_revision=6
          its: its-group ids=0
          rc: root-complex node_revision=6 segment=0
            map count=0xffff output=its
        """,
        finds=("rc",),
    ),
    good=Tables(
        """
        IORT table_revision=6
          its: its-group ids=0
          rc: root-complex node_revision=4 segment=0
            map count=0xffff output=its
        """
    ),
    needs=("IORT",),
)
def node_revision(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each type and revision."""
    table = board.machine.iort
    found: dict[tuple[type[IortNode], int], list[IortNode]] = {}
    for node in table.nodes if table and table.revision <= LATEST_IORT_REVISION else ():
        kind = type(node)
        if node.revision > LATEST_OF.get(kind, node.revision):
            found.setdefault((kind, node.revision), []).append(node)
    for (kind, revision), those in found.items():
        yield node_revision.finding(
            those[0],
            f"{named(those)} {'has' if len(those) == 1 else 'have'} unknown node revision "
            f"{revision}; the latest of that type is {LATEST_OF[kind]}",
            property_name="node_revision",
            related=others(those),
            likely=True,
            effect="Linux reads the node as one of the latest revision that it knows",
            fix=_fix(table, kind, those),
        )


def _fix(table: Iort | None, kind: type[IortNode], those: list[IortNode]) -> Fix | str:
    """With edits where the document and the size of the nodes say which revision it is."""
    latest = LATEST_OF[kind]
    text = f"Set node_revision to that of the document that the table follows (at most {latest})."
    ends = {each.fields_end - each.start for each in those}
    if table is None or table.revision < _HAS_LATEST or kind not in _FIXED or ends != {kind.SIZE}:
        return text
    return Fix.setting(text, *((each, "node_revision", latest) for each in those))
