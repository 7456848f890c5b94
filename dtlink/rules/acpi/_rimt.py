"""What Linux does with a RIMT, which it reads from 6.18 on.

Source, unless a row has its own: Linux 6.18, drivers/acpi/riscv/rimt.c.
"""

from __future__ import annotations

from dtlink.firmware.acpi.rimt import KINDS
from dtlink.firmware.acpi.table import FrameFaultKind
from dtlink.rules.acpi._rows import Effect, FrameRows, ReservedRows, TableRows, UnknownRows, fault
from dtlink.rules.rimt._nodes import SINCE

_SCAN = "rimt_scan_node()"
_MAP = "rimt_node_map_id()"

FRAME = FrameRows(
    names_field=False,
    effects=(
        Effect(
            f'{SINCE} warns "RIMT node pointer overflows, bad table!" for each look-up',
            fault(FrameFaultKind.MISSING),
            source=_SCAN,
        ),
        Effect(
            f"{SINCE} looks at this node again and again, and finds none after it",
            fault(what="node", when=lambda case: not case.length),
            source=_SCAN,
        ),
        Effect(
            f"{SINCE} takes the bytes that follow for fields, nodes or mappings: a wrong IOMMU, or "
            "none",
            source=_MAP,
        ),
    ),
)

RESERVED = ReservedRows(
    effects=(
        Effect(
            f"none: {SINCE} does not read these bits; a later revision may give them a meaning",
            source=_SCAN,
        ),
    )
)

UNKNOWN = UnknownRows(
    known=f"0 to {max(KINDS)}",
    effects=(Effect(f"{SINCE} skips such nodes: what they describe has no effect", source=_SCAN),),
)

ROWS = TableRows(frame=FRAME, reserved=RESERVED, unknown=UNKNOWN)
