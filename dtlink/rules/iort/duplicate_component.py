"""Two named components are of one name.

What it finds: named components whose path an earlier one has already.
Why it matters: Linux takes the first node of the name and never looks for a second: the mappings
and the address limit of the others have no effect. A device with several stream IDs has them as
several mappings of one node.
What to do: put the mappings of all of them into the first.
References: Arm DEN0049, named component node; Linux, drivers/acpi/arm64/iort.c, iort_scan_node().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import NamedComponent
from dtlink.rules.iort._nodes import MOST_RELATED, full_path, listed, nodes
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000
          named-component object_name="\\_SB_.GPU0"
            map flags=1 output_base=1 output=smmu
          second: named-component object_name="\\_SB_.GPU0"
            map flags=1 output_base=2 output=smmu
        """,
        finds=("second:object_name",),
    ),
    good=Tables(
        """
        IORT
          smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000
          named-component object_name="\\_SB_.GPU0"
            map flags=1 output_base=1 output=smmu
            map flags=1 output_base=2 output=smmu
        """
    ),
    needs=("IORT",),
)
def duplicate_component(board: TablesBoard) -> Iterator[Finding]:
    """One finding a name, at the second node that has it."""
    found: dict[str, list[NamedComponent]] = {}
    for node in nodes(board, NamedComponent):
        if path := full_path(node.object_name):
            found.setdefault(path, []).append(node)
    for first, *more in found.values():
        if more:
            places = listed([f"{each.start:#x}" for each in more])
            yield duplicate_component.finding(
                more[0],
                f'"{first.object_name}" is named by the node at {first.start:#x} and again at '
                f"{places}",
                property_name="object_name",
                related=(first, *more[1:MOST_RELATED]),
                consequence=f"Linux takes the node at {first.start:#x}: the mappings and the "
                "limit of the others have no effect",
                fix="all mappings of the device in one node",
            )
