"""What Linux does with an IORT.

Source, unless a row has its own: Linux, drivers/acpi/arm64/iort.c.
"""

from __future__ import annotations

from dtlink.firmware.acpi.iort import (
    KINDS,
    LATEST_IORT_REVISION,
    RMR_ATTRIBUTES,
    ContextInterrupt,
    GlobalInterrupts,
    Iort,
    Rmr,
    SmmuV3,
)
from dtlink.firmware.acpi.table import FrameFaultKind
from dtlink.rules.acpi._effects import Effect, fault, table_of
from dtlink.rules.acpi._iort_devices import NAMES, SEGMENTS, UNIQUE
from dtlink.rules.acpi._iort_references import REFERENCES
from dtlink.rules.acpi._rows import FrameRows, ReservedBits, ReservedRows, TableRows, UnknownRows
from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.acpi.table import FrameFault

_OVERFLOW = '"ACPI: IORT: iort node pointer overflows, bad table"'
_SCAN = "iort_scan_node()"
_MAP = "iort_node_map_id()"
_DEVICES = "iort_init_platform_devices()"
_V2 = "arm_smmu_init_resources()"


def _has_no_offset(case: FrameFault) -> bool:
    return not getattr(case.where, "mapping_offset", 1)


FRAME = FrameRows(
    effects=(
        # iort/null-mapping reports an offset of 0: Linux does not read from there.
        Effect("", fault(FrameFaultKind.BEYOND, what="mapping array", when=_has_no_offset)),
        Effect(
            "Linux takes the bytes that follow the node for mappings: IDs get a wrong SMMU or ITS, "
            "or the kernel crashes at boot",
            fault(FrameFaultKind.BEYOND, what="mapping array"),
            source=_MAP,
        ),
        Effect(
            "Linux takes the first ID only, wherever it is",
            fault(FrameFaultKind.BEYOND, what="ITS ids", when=lambda case: case.room >= 4),
            Severity.WARNING,
            "iort_dev_find_its_id()",
        ),
        Effect(
            "Linux takes the first ID only, wherever it is",
            fault(FrameFaultKind.BEYOND, what="ITS ids"),
            source="iort_dev_find_its_id()",
        ),
        Effect(
            "Linux takes the bytes there for the SMMU's global interrupt",
            fault(FrameFaultKind.BEYOND, what="global interrupts"),
            source=_V2,
        ),
        Effect(
            "Linux takes the bytes that follow for context interrupts, and registers whatever "
            "numbers they are",
            fault(FrameFaultKind.BEYOND, what="context interrupts"),
            source=_V2,
        ),
        Effect(
            "Linux does not read them; other readers take the bytes that follow for them",
            fault(FrameFaultKind.BEYOND, what="PMU interrupts"),
            Severity.WARNING,
            _V2,
        ),
        Effect(
            "Linux takes the bytes that follow for reserved ranges, and maps them",
            fault(FrameFaultKind.BEYOND, what="descriptors"),
            source="iort_get_rmrs()",
        ),
        Effect(
            f"{_OVERFLOW} at boot, and a warning that taints the kernel at each search that finds "
            "no node; the nodes that are there are used",
            fault(FrameFaultKind.MISSING),
            Severity.WARNING,
            _SCAN,
        ),
        Effect(
            f"Linux reads the node to its end, beyond the table; {_OVERFLOW} if more nodes are "
            "announced",
            fault(FrameFaultKind.BEYOND),
            source=_SCAN,
        ),
        Effect(
            "Linux reads the number of nodes and the offset of the first beyond the table",
            fault(FrameFaultKind.SHORT, what="table"),
            source=_DEVICES,
        ),
        Effect(
            "Linux takes bytes of the header for a node, and continues from there by a wrong "
            "length",
            fault(FrameFaultKind.SHORT, what="first node"),
            source=_SCAN,
        ),
        Effect(
            "Linux visits the same node again for every node that the header announces, and never "
            "those after it",
            fault(FrameFaultKind.SHORT, when=lambda case: not case.length),
            source=_SCAN,
        ),
        Effect(
            "Linux reads the missing fields from the bytes that follow, which it then takes for "
            "the next node",
            fault(FrameFaultKind.SHORT),
            source=_SCAN,
        ),
        Effect(
            "Linux reads the same bytes as both",
            fault(
                FrameFaultKind.OVERLAP,
                when=lambda case: "mapping array" in case.what or "descriptors" in case.what,
            ),
        ),
        Effect(
            "Linux reads the same bytes as both",
            fault(FrameFaultKind.OVERLAP),
            Severity.WARNING,
        ),
    )
)


def _is_read_as_level(case: ReservedBits) -> bool:
    return isinstance(case.where, ContextInterrupt) or (
        isinstance(case.where, GlobalInterrupts) and case.field == "flags"
    )


RESERVED = ReservedRows(
    effects=(
        Effect(
            "Linux takes the interrupt as level-triggered, whatever bit 0 is",
            _is_read_as_level,
            source="acpi_iort_register_irq()",
        ),
        Effect(
            "Linux reads the proximity domain whatever the node's revision",
            lambda case: isinstance(case.where, SmmuV3) and case.bits == SmmuV3.PROXIMITY_VALID,
            source="arm_smmu_v3_set_proximity()",
        ),
        Effect(
            "Linux maps the range as normal memory that is not cached",
            lambda case: (
                isinstance(case.where, Rmr)
                and case.field == "node_flags"
                and not case.bits & ~RMR_ATTRIBUTES
            ),
            source="iort_get_rmrs()",
        ),
    )
)


def _is_later(nodes: Sequence[Struct]) -> bool:
    table = table_of(nodes[0])
    return isinstance(table, Iort) and table.revision > LATEST_IORT_REVISION


_SKIPPED = "Linux skips such nodes silently: what they describe has no effect"
UNKNOWN = UnknownRows(
    key=lambda _node: None,
    known=f"0 to {max(KINDS)}",
    effects=(
        Effect(_SKIPPED, _is_later, Severity.INFO, _SCAN),
        Effect(_SKIPPED, source=_SCAN),
    ),
)

ROWS = TableRows(
    frame=FRAME,
    reserved=RESERVED,
    unknown=UNKNOWN,
    references=REFERENCES,
    segments=SEGMENTS,
    names=NAMES,
    unique=UNIQUE,
)
