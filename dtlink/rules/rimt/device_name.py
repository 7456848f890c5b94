r"""The path of a platform device is not written as Linux compares it.

What it finds: platform device nodes whose name is no full path of segments with four characters, or
no device of the namespace where that has been read.
Why it matters: Linux compares the name with the device's full path, character by character.
Segments of fewer characters are filled up with underscores there: \_SB_.GPU0, not \_SB.GPU0. A
device that no node names has no IOMMU.
What to do: write the full path from the root, each segment with four characters.
References: RISC-V IO Mapping Table specification, platform device node; Linux,
drivers/acpi/riscv/rimt.c, rimt_match_node_callback().
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.rimt import PlatformDevice
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.rimt._nodes import SINCE, nodes

_PATH = re.compile(r"\\[A-Z_][A-Z0-9_]{3}(\.[A-Z_][A-Z0-9_]{3})*")


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        RIMT
          iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
          gpu: platform-device id=1 object_name="\\_SB.GPU0"
            map count=1 output=iommu
        """,
        finds=("gpu:object_name",),
    ),
    good=Tables(
        """
        RIMT
          iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
          gpu: platform-device id=1 object_name="\\_SB_.GPU0"
            map count=1 output=iommu
        """
    ),
    needs=("RIMT",),
)
def device_name(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node."""
    known = board.machine.device_paths
    for node in nodes(board, PlatformDevice):
        name = node.object_name
        is_path = bool(_PATH.fullmatch(name))
        if is_path and (known is None or name in known):
            continue
        wrong = "no device of the namespace" if is_path else "no full path in segments of four"
        yield device_name.finding(
            node,
            f'{node.name} has the name "{name}", {wrong}',
            property_name="object_name",
            consequence=f"{SINCE} finds the node for no device: the device has no IOMMU",
            fix="the device's full path, as \\_SB_.DEV0",
            severity=Severity.WARNING if is_path else None,
        )
