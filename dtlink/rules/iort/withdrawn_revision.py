"""The table, or a node, is of a revision that was withdrawn, or that is not known.

What it finds: an IORT of revision 1 or 2 (drafts of document E), of revision 4 (document E.c), or
an RMR node of revision 2, which belongs to it. A revision later than any that is known here is
reported as worth knowing.
Why it matters: the withdrawn documents must not be used, as RMR nodes look different in each:
readers that go by the document refuse such a table, or take one layout for another. Linux reads
the table all the same, but the RMR nodes of tables from revision 5 on only.
What to do: write the table by document E.d or later: revision 5, with RMR nodes of revision 3.
References: Arm DEN0049 E.d, change history; edk2, AcpiView, IortParser.c; Linux,
drivers/acpi/arm64/iort.c, iort_find_rmrs().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import LATEST_IORT_REVISION, WITHDRAWN, Iort, Rmr
from dtlink.rules.iort._nodes import named, nodes, others
from dtlink.rules.model import Finding, Severity, Tables, rule

_WITHDRAWN_RMR = 2


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT table_revision=4
          its: its-group ids=0
          root-complex segment=0
            map count=0xffff output=its
        """,
        finds=("IORT",),
    ),
    good=Tables(
        """
        IORT table_revision=5
          its: its-group ids=0
          root-complex segment=0
            map count=0xffff output=its
        """
    ),
    needs=("IORT",),
)
def withdrawn_revision(board: TablesBoard) -> Iterator[Finding]:
    """One finding for the table, or for its RMR nodes."""
    table = board.machine.iort
    if table is None:
        return
    rmrs = [node for node in nodes(board, Rmr) if node.revision == _WITHDRAWN_RMR]
    if table.revision in WITHDRAWN:
        yield _withdrawn(table)
    elif table.revision > LATEST_IORT_REVISION:
        yield _unknown(table)
    elif rmrs:
        yield withdrawn_revision.finding(
            rmrs[0],
            f"{named(rmrs)} {'has' if len(rmrs) == 1 else 'have'} node revision 2, which was "
            f"withdrawn with table revision 4",
            property_name="node_revision",
            related=others(rmrs),
            effect="readers that go by the document refuse the reservation; Linux reads the "
            "node as one of revision 3",
            fix="Write node revision 3, in a table of revision 5 or later.",
        )


def _withdrawn(table: Iort) -> Finding:
    draft = "a draft of document E" if table.revision < WITHDRAWN[-1] else "document E.c"
    return withdrawn_revision.finding(
        table,
        f"the table has revision {table.revision}, {draft}, which was withdrawn",
        property_name="table_revision",
        effect="readers that go by the document refuse the table; Linux reads it, but no RMR "
        "node in it",
        fix="Write revision 5 (document E.d) or later, with each node as that document defines it.",
    )


def _unknown(table: Iort) -> Finding:
    return withdrawn_revision.finding(
        table,
        f"the table has revision {table.revision}; the latest known is {LATEST_IORT_REVISION}",
        property_name="table_revision",
        severity=Severity.INFO,
        likely=True,
        effect="Linux reads it as the latest revision that it knows: what is new in it has "
        "no effect, and these findings may be incomplete",
        fix=f"Set the revision of the document that the table follows (0, 3, 5 to "
        f"{LATEST_IORT_REVISION}), if it is a slip.",
    )
